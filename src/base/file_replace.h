/* SPDX-License-Identifier: MIT */
/*
 * A file that is written under a temporary name and, when it is complete, takes the place of the
 * old file at its path, if there is one: readers find the old or the new one, and after a failure
 * the old one is still there. The new one gets the permissions of the old one.
 *
 * While it is open, another proctor that wants to write to the same path is refused.
 *
 * Only regular files are replaced. Others are written to: a pipe, a terminal, /dev/null, and links,
 * such as /dev/stdout.
 */
#ifndef BASE_FILE_REPLACE_H
#define BASE_FILE_REPLACE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct replacement {
	FILE *file;
	const char *path;		/* the caller's, until it is closed */
	char *temporary;		/* the temporary name; NULL: `path` itself is written to */
	bool overwrites;		/* it is, from its beginning on */
	int old_fd;			/* the old file, locked; -1: there is none */
};

/* Is there something at `path` that would be written to instead of being replaced? */
bool replacement_in_place(const char *path);

/* Opens r->file. On failure there is nothing to close, and the sentence names the path. -EBUSY:
 * another proctor is writing there. */
int replacement_open(struct replacement *r, const char *path, struct proctor_error *err);

/*
 * Closes it, and replaces the old file. `ret` below 0 says that the writing has failed: then
 * nothing is replaced, and `ret` is returned. Errors of r->file are looked for here; callers need
 * not do that.
 */
int replacement_close(struct replacement *r, int ret, struct proctor_error *err);

#endif
