/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>

static int random_from_device(void *bytes, size_t nbytes)
{
	int ret, fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, bytes, nbytes);
	while (n < 0 && errno == EINTR);
	ret = n < 0 ? -errno : n == (ssize_t)nbytes ? 0 : -EIO;
	close(fd);
	return ret;
}

int random_draw(void *bytes, size_t nbytes)
{
	ssize_t n;

	do
		n = getrandom(bytes, nbytes, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)nbytes ? 0 : random_from_device(bytes, nbytes);
}
