/* SPDX-License-Identifier: MIT */
#include "host/marker.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* A marker is shorter than PIPE_BUF: the kernel writes it as a whole or not at all. */
static bool pipe_write(int fd, const uint8_t *marker)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	while (write(fd, marker, MARKER_BYTES) != MARKER_BYTES) {
		if (errno == EINTR)
			continue;
		/* Somebody who shares the pipe, such as a process that a test left, may make it
		 * non-blocking at any time: then wait here until it takes more. */
		if (errno != EAGAIN || (poll(&pfd, 1, -1) < 0 && errno != EINTR))
			return false;
	}
	return true;
}

bool marker_write(const struct stdio *io, const uint8_t key[MARKER_KEY_BYTES], uint32_t serial)
{
	uint8_t marker[MARKER_BYTES];
	bool out, err;
	int i;

	memcpy(marker, key, MARKER_KEY_BYTES);
	for (i = 0; i < 4; i++)
		marker[MARKER_KEY_BYTES + i] = (uint8_t)(serial >> (8 * i));
	out = io->files[STDOUT_FILENO].fd >= 0 && pipe_write(io->files[STDOUT_FILENO].fd, marker);
	err = io->files[STDERR_FILENO].fd >= 0 && pipe_write(io->files[STDERR_FILENO].fd, marker);
	return out && err;
}
