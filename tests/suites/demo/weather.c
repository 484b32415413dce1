/* SPDX-License-Identifier: MIT */
/* Any executable is a test, judged by its exit status. */
#include <stdio.h>

int main(void)
{
	puts("mild, light wind");
	return 0;
}
