/* SPDX-License-Identifier: MIT */
/* Preloaded: proctor's first thread cannot read from pipes. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t read(int fd, void *buf, size_t n)
{
	struct stat st;

	if (getpid() == gettid() && strcmp(program_invocation_short_name, "proctor") == 0 &&
	    fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_read, fd, buf, n);
}
