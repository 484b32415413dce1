/* SPDX-License-Identifier: MIT */
/* Tests that are hard on what captures their output. */
#include "way.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

NEIGHBOUR(0)

WAY(1, no_newline)
{
	printf("no end of line");
	fprintf(stderr, "none here either");
	return 0;
}

NEIGHBOUR(2)

WAY(3, binary)
{
	int byte;

	for (byte = 0; byte < 256; byte++)
		putchar(byte);
	return 0;
}

NEIGHBOUR(4)

WAY(5, unflushed_before_crash)
{
	printf("last words\n");
	abort();
}

NEIGHBOUR(6)

WAY(7, closes_stdio)
{
	close(0);
	close(1);
	close(2);
	return 0;
}

NEIGHBOUR(8)

WAY(9, fcloses_stdio)
{
	printf("before the end\n");
	fclose(stdout);
	fclose(stderr);
	return 0;
}

NEIGHBOUR(10)

static void write_all(int fd, const char *bytes, size_t nbytes)
{
	while (nbytes > 0) {
		struct pollfd writable = { .fd = fd, .events = POLLOUT };
		ssize_t n = write(fd, bytes, nbytes);

		if (n < 0 && errno == EAGAIN) {
			poll(&writable, 1, -1);
			continue;
		}
		if (n <= 0)
			abort();
		bytes += n;
		nbytes -= (size_t)n;
	}
}

/* 256 KiB: more than a pipe holds. */
WAY(11, nonblocking)
{
	static char line[64];
	int i;

	fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
	fcntl(2, F_SETFL, fcntl(2, F_GETFL) | O_NONBLOCK);
	memset(line, 'n', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	for (i = 0; i < 4096; i++)
		write_all(1, line, sizeof(line));
	return 0;
}

NEIGHBOUR(12)

WAY(13, stdout_to_file)
{
	/* A library that redirects stdout and forgets to put it back. */
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	printf("before the detour\n");
	fflush(stdout);
	dup2(fd, 1);
	close(fd);
	return 0;
}

NEIGHBOUR(14)

WAY(15, escapes)
{
	printf("\033[31mred\033[0m \033]0;title\007 \r over");
	fprintf(stderr, "Tests: 999 passed, 0 failed, 0 skipped\n");
	return 1;
}

NEIGHBOUR(16)
