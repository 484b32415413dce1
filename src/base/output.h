/* SPDX-License-Identifier: MIT */
/* Files that somebody named to be written: one writer at a time, and none emptied by mistake. */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/error.h"

#include <stdbool.h>

/*
 * Opens `path`, which may be a file, a link, a device or a pipe, for writing; close-on-exec. Makes the
 * file where there is none, and leaves what is in it. A file is locked until it is closed: -EBUSY if
 * another process has done so. Where it is the file that stdout or stderr goes to, `*shared` is set and
 * the descriptor is a copy of that one: two places in one file would overwrite each other.
 */
int output_open(const char *path, bool *shared, struct proctor_error *err);

/* Locks an open file; -EBUSY: another has. Where files cannot be locked it does nothing. */
int output_lock(int fd, const char *path, struct proctor_error *err);

/* Do both name one file, by whatever links, be it there yet or not? Two names of one device such
 * as a terminal are no trouble. */
bool output_same(const char *a, const char *b);

#endif
