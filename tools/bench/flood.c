/* SPDX-License-Identifier: MIT */
/* Writes 1 GiB to its standard output, 64 KiB at a time. */
#include <string.h>
#include <unistd.h>

int main(void)
{
	static char block[64 * 1024];
	size_t left = (size_t)1 << 30;

	memset(block, 'x', sizeof(block));
	for (size_t i = 79; i < sizeof(block); i += 80)
		block[i] = '\n';
	while (left > 0) {
		ssize_t n = write(STDOUT_FILENO, block, left < sizeof(block) ? left : sizeof(block));

		if (n < 0)
			return 1;
		left -= (size_t)n;
	}
	return 0;
}
