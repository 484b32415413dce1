/* SPDX-License-Identifier: MIT */
/* Opening files that the user asked to be written: only one proctor writes a file at a time, and
 * none is emptied by mistake. */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/error.h"

#include <stdbool.h>

/*
 * Opens `path`, which may be a file, a link, a device or a pipe, for writing; close-on-exec. A file
 * that is not there is made; one that is there keeps its contents. It is locked until it is closed:
 * -EBUSY if another process has it locked. If stdout or stderr goes to the same file, `*shared` is
 * set, and the descriptor is a copy of that one: with a position of its own each would write over
 * what the other has written.
 */
int output_open(const char *path, bool *shared, struct proctor_error *err);

/* Locks an open file; -EBUSY: another process has it locked. Does nothing where files cannot be
 * locked. */
int output_lock(int fd, const char *path, struct proctor_error *err);

/* Do both paths lead to one file, through whatever links, whether or not it is there yet? False for
 * a character device such as a terminal, to which two may write. */
bool output_same(const char *a, const char *b);

#endif
