/* SPDX-License-Identifier: MIT */
#include "host/standard_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIDE_BELOW 1024		/* FD_SETSIZE: select() cannot handle higher numbers */
#define HIDE_ROOM 16		/* numbers kept for what is hidden */

int descriptor_hide(int fd)
{
	struct rlimit limit;
	rlim_t top = HIDE_BELOW;
	int hidden;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < top)
		top = limit.rlim_cur;
	hidden = fcntl(fd, F_DUPFD_CLOEXEC, top > 2 * HIDE_ROOM ? (int)top - HIDE_ROOM : 3);
	/* All high numbers are taken: a test has opened as many files as it may. */
	if (hidden < 0 && (errno == EMFILE || errno == EINVAL))
		hidden = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return hidden;
}

int stdio_open(struct stdio *io)
{
	struct stat st;
	int i;

	for (i = 0; i < 3; i++) {
		struct stdio_file *f = &io->files[i];

		if (fstat(i, &st) < 0)
			return -1;
		f->dev = st.st_dev;
		f->ino = st.st_ino;
		f->flags = fcntl(i, F_GETFL);
		f->fd = descriptor_hide(i);
		if (f->fd < 0)
			return -1;
	}
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	return 0;
}

static bool file_is(const struct stdio_file *f, int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino;
}

bool stdio_mend(struct stdio *io, bool *changed)
{
	bool whole = true;
	int i;

	*changed = false;
	for (i = 0; i < 3; i++) {
		struct stdio_file *f = &io->files[i];
		bool public = file_is(f, i);
		/* The copy of 0 is needed only to put 0 back: not worth a system call while 0 is
		 * right. */
		bool private = (i == 0 && public) || file_is(f, f->fd);

		if (!private) {
			/* The test closed it, and may have opened a file of its own under that
			 * number: it is not closed here. */
			f->fd = public ? descriptor_hide(i) : -1;
			*changed = true;
		} else if (!public) {
			*changed = true;
			public = dup2(f->fd, i) == i;
		}
		if (!public || f->fd < 0) {
			whole = false;
			continue;
		}
		/* Flags such as O_NONBLOCK are the open file's: the private copy has got them,
		 * too. */
		if (i > 0 && fcntl(i, F_GETFL) != f->flags) {
			*changed = true;
			whole = fcntl(i, F_SETFL, f->flags) == 0 && whole;
		}
	}
	return whole;
}

static bool stream_flush(FILE *stream, int fd)
{
	bool whole;

	/* A thread that a test left may have locked it and never unlock it. */
	if (ftrylockfile(stream) != 0)
		return true;
	whole = fileno_unlocked(stream) == fd;
	if (whole && __fpending(stream) > 0) {
		clearerr_unlocked(stream);
		fflush_unlocked(stream);
	}
	funlockfile(stream);
	return whole;
}

bool stdio_flush(void)
{
	bool whole = stream_flush(stdout, STDOUT_FILENO);

	if (whole && !__flbf(stdout))
		setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	return stream_flush(stderr, STDERR_FILENO) && whole;
}
