/* SPDX-License-Identifier: MIT */
/*
 * Descriptors 0, 1 and 2 as the host was started with, private copies of them where tests do not
 * look, and the C library's stdout and stderr on top.
 */
#ifndef HOST_STANDARD_FILES_H
#define HOST_STANDARD_FILES_H

#include <stdbool.h>
#include <sys/types.h>

struct stdio_file {
	int fd;			/* the private copy, close-on-exec; -1: harmed and not to be had back */
	dev_t dev;		/* which file it has to be */
	ino_t ino;
	int flags;		/* of the open file, as fcntl(F_GETFL) told */
};

struct stdio {
	struct stdio_file files[3];
};

/*
 * A close-on-exec copy of `fd`, as high as the limit allows, up to about 1000: tests that count
 * descriptors, exhaust them or close "all" up to some number meet it late. -1 and errno.
 */
int descriptor_hide(int fd);

/* Makes the private copies and sets stdout line-buffered. -1 and errno. */
int stdio_open(struct stdio *io);

/*
 * Puts descriptors 0 to 2 and their flags back, and the private copies where a test closed them.
 * False if something stayed lost. Says in `*changed` whether anything had to be done.
 */
bool stdio_mend(struct stdio *io, bool *changed);

/*
 * Writes out what stdout and stderr hold, and makes stdout line-buffered again. A stream that
 * another thread holds locked is left alone. False if a stream is closed or moved to another
 * descriptor, which cannot be put back.
 */
bool stdio_flush(void);

#endif
