/* SPDX-License-Identifier: MIT */
/* A program that prints TAP, in the way by which it is called. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int end(const char *way)
{
	fflush(stdout);
	if (strstr(way, "crashes"))
		*(volatile int *)NULL = 1;
	if (strstr(way, "exits"))
		_exit(0);
	while (strstr(way, "hangs"))
		pause();
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *way = slash ? slash + 1 : argv[0];

	(void)argc;
	puts("1..2\nok 1 - first");
	if (strcmp(way, "fails") == 0) {
		puts("not ok 2 - sums\n  ---\n  got: 5\n  ...");
		return 1;
	}
	end(way);
	for (int i = 0; i < 200000 && strcmp(way, "floods") == 0; i++)
		puts("# a line of the flood");
	puts("ok 2 - second");
	fflush(stdout);
	if (strcmp(way, "closes") == 0)
		close(STDOUT_FILENO);
	return 0;
}
