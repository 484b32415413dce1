/* SPDX-License-Identifier: MIT */
/* The least a test executable can be. */
int main(void)
{
	return 0;
}
