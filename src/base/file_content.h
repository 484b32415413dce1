/* SPDX-License-Identifier: MIT */
#ifndef BASE_FILE_CONTENT_H
#define BASE_FILE_CONTENT_H

#include "base/bytes.h"

#include <sys/stat.h>

/*
 * Opens a file to be read that anybody may have put there: a FIFO is not waited for. What open(2) says;
 * -EBADMSG: it is not a regular file.
 */
int file_open(const char *path, struct stat *st, struct proctor_error *err);
/* Reads the whole of such a file. `b` is empty before, and the caller's to end, also after a failure.
 * What file_open() and read(2) say; -ENOMEM. */
int file_content(struct bytes *b, const char *path, struct proctor_error *err);

/* The same of whatever is behind `fd`, to its end; a pipe is waited for. */
int stream_content(struct bytes *b, int fd, const char *name, struct proctor_error *err);

#endif
