/* SPDX-License-Identifier: MIT */
#include "base/fds.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fd_close(int fd)
{
	close(fd);
}

static void fd_hide(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* The descriptor that an entry of /proc/self/fd is named for; -1: not a number. */
static int entry_fd(const char *name)
{
	int fd = 0;

	if (*name < '0' || *name > '9')
		return -1;
	for (; *name >= '0' && *name <= '9'; name++)
		fd = fd * 10 + (*name - '0');
	return fd;
}

/* With getdents64(), as readdir() allocates memory, which is not allowed between vfork and exec. */
static void fds_each(unsigned first, unsigned last, void (*what)(int fd))
{
	char entries[2048] __attribute__((aligned(8)));
	int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t nbytes;

	while (dir >= 0 && (nbytes = getdents64(dir, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < nbytes;) {
			const struct dirent64 *entry = (const void *)(entries + at);
			int fd = entry_fd(entry->d_name);

			if (fd >= 0 && fd != dir && (unsigned)fd >= first && (unsigned)fd <= last)
				what(fd);
			at += entry->d_reclen;
		}
	if (dir >= 0)
		close(dir);
}

static void fds_range(unsigned first, unsigned last, unsigned flags, void (*what)(int fd))
{
	if (first <= last && syscall(SYS_close_range, first, last, flags) < 0)
		fds_each(first, last, what);
}

void fds_close(unsigned first, unsigned last)
{
	fds_range(first, last, 0, fd_close);
}

void fds_hide(unsigned first, unsigned last)
{
	fds_range(first, last, CLOSE_RANGE_CLOEXEC, fd_hide);
}
