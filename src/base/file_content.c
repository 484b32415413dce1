/* SPDX-License-Identifier: MIT */
#include "base/file_content.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int file_content(struct bytes *b, const char *path, struct proctor_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), ret = 0;
	char part[32768];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return error_sys(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		ret = error_set(err, -EBADMSG, "%s is damaged: it is not a file", path);
	while (ret == 0 && (n = read(fd, part, sizeof(part))) != 0)
		if (n > 0)
			bytes_append(b, part, (size_t)n);
		else if (errno != EINTR)
			ret = error_sys(err, errno, "cannot read %s", path);
	if (ret == 0 && b->failed)
		ret = error_set(err, -ENOMEM, "no memory to read %s", path);
	close(fd);
	return ret;
}
