/* SPDX-License-Identifier: MIT */
#ifndef BASE_FILE_CONTENT_H
#define BASE_FILE_CONTENT_H

#include "base/bytes.h"

/*
 * Reads the whole of a file that anybody may have put there: a FIFO is not waited for. `b` is empty before,
 * and the caller's to end, also after a failure. What open(2) and read(2) say; -EBADMSG: it is not a
 * regular file; -ENOMEM.
 */
int file_content(struct bytes *b, const char *path, struct proctor_error *err);

/* The same of whatever is behind `fd`, to its end; a pipe is waited for. */
int stream_content(struct bytes *b, int fd, const char *name, struct proctor_error *err);

#endif
