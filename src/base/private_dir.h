/* SPDX-License-Identifier: MIT */
/* A directory for one process, with whatever it leaves there. */
#ifndef BASE_PRIVATE_DIR_H
#define BASE_PRIVATE_DIR_H

#include "base/bytes.h"

/* Where such directories are made: TMPDIR, else /tmp, absolute and without links, on the heap. */
int private_dir_place(char **path, struct proctor_error *err);
/* Makes it under TMPDIR, else /tmp, and tells its absolute path, on the heap. */
int private_dir_make(char **path, struct proctor_error *err);
/* Removes it with all that is in it; links are removed, not followed. The error names what is left. */
int private_dir_remove(const char *path, struct proctor_error *err);
/* Opens the regular file `name` in it to be read: a descriptor. -ENOENT: it is not there; -EBADMSG: it is no
 * regular file. */
int private_dir_open(const char *path, const char *name, struct proctor_error *err);
/*
 * Reads the regular file `name` in it, `max_bytes` at most. -ENOENT: it is not there; -EFBIG; -EBADMSG: it
 * is no regular file. `b` is empty before, and the caller's to end, also after a failure.
 */
int private_dir_read(const char *path, const char *name, size_t max_bytes, struct bytes *b,
		     struct proctor_error *err);

#endif
