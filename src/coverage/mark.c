/* SPDX-License-Identifier: MIT */
#include "coverage/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mark_text[] =
	"proctor coverage directory 1\n"
	"The next `proctor run --coverage` that works here removes what the last one left.\n";

static enum mark mark_read(int fd)
{
	char found[sizeof(mark_text)];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return MARK_FOREIGN;
	n = pread(fd, found, sizeof(found), 0);
	if (n == 0)
		return MARK_NONE;
	return n == (ssize_t)strlen(mark_text) && memcmp(found, mark_text, (size_t)n) == 0 ?
	       MARK_OWN : MARK_FOREIGN;
}

int mark_open(const char *path, bool make, enum mark *mark, struct proctor_error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT) {
		if (!make)
			return -ENOENT;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		/* Another run was faster: the lock tells them apart. */
		if (fd < 0 && errno == EEXIST)
			fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	}
	if (fd < 0)
		return error_sys(err, errno, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int ret = errno == EWOULDBLOCK ? -EBUSY : error_sys(err, errno, "cannot lock %s", path);

		close(fd);
		return ret;
	}
	*mark = mark_read(fd);
	return fd;
}

int mark_write(int fd, const char *path, struct proctor_error *err)
{
	ssize_t n = pwrite(fd, mark_text, strlen(mark_text), 0);

	if (n == (ssize_t)strlen(mark_text))
		return 0;
	error_sys(err, n < 0 ? errno : ENOSPC, "cannot write %s", path);
	/* Half of it would be somebody else's. */
	if (ftruncate(fd, 0) < 0)
		unlink(path);
	return err ? err->code : -EIO;
}
