/* SPDX-License-Identifier: MIT */
#include "base/file_content.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int stream_content(struct bytes *b, int fd, const char *name, struct proctor_error *err)
{
	char part[32768];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0)
		if (n > 0)
			bytes_append(b, part, (size_t)n);
		else if (errno != EINTR)
			return error_sys(err, errno, "cannot read %s", name);
	return b->failed ? error_set(err, -ENOMEM, "no memory to read %s", name) : 0;
}

int file_open(const char *path, struct stat *st, struct proctor_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return error_sys(err, errno, "cannot open %s", path);
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	return error_set(err, -EBADMSG, "%s is damaged: it is not a file", path);
}

int file_content(struct bytes *b, const char *path, struct proctor_error *err)
{
	struct stat st;
	int fd = file_open(path, &st, err), ret;

	if (fd < 0)
		return fd;
	ret = stream_content(b, fd, path, err);
	close(fd);
	return ret;
}
