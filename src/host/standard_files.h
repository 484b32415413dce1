/* SPDX-License-Identifier: MIT */
/*
 * Standard input, output and error as the host was started with, and putting them back when a test
 * has changed them: the descriptors 0, 1 and 2, from private copies under numbers that tests rarely
 * touch, and the C library's streams stdout and stderr.
 */
#ifndef HOST_STANDARD_FILES_H
#define HOST_STANDARD_FILES_H

#include <stdbool.h>
#include <sys/types.h>

struct stdio_file {
	int fd;			/* the private copy, close-on-exec; -1: lost for good */
	dev_t dev;		/* device and inode of the file, to know it again */
	ino_t ino;
	int flags;		/* of the open file, as fcntl(F_GETFL) gave them at the start */
};

struct stdio {
	struct stdio_file files[3];
};

/*
 * A close-on-exec copy of `fd` with a high number, up to about 1000: tests that count descriptors,
 * use all of them up, or close all up to some number will hardly meet it. -1 and errno.
 */
int descriptor_hide(int fd);

/* Makes the private copies and sets stdout line-buffered. -1 and errno. */
int stdio_open(struct stdio *io);

/*
 * Puts descriptors 0 to 2 and their flags back, and makes new private copies if a test closed
 * those. False if something is lost for good. `*changed`: something had to be put back.
 */
bool stdio_mend(struct stdio *io, bool *changed);

/*
 * Writes out what stdout and stderr still hold, and makes stdout line-buffered again. A stream that
 * another thread has locked is left alone. False if a test closed a stream or gave it another
 * descriptor: that cannot be put back.
 */
bool stdio_flush(void);

#endif
