/* SPDX-License-Identifier: MIT */
/*
 * A file that takes the place of another, or of none, once all of it is written: readers see the old
 * one or the new one, and after a failure the old one is still there. The new one has the mode of the
 * old one.
 *
 * While it is open no other proctor makes the same report: that is refused.
 *
 * What is no regular file itself is not replaced but written to: a pipe, a terminal, /dev/null, and
 * links, such as /dev/stdout.
 */
#ifndef BASE_REPLACEMENT_H
#define BASE_REPLACEMENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct replacement {
	FILE *file;
	const char *path;		/* the caller's, until it is closed */
	char *temporary;		/* NULL: written in place */
	bool overwrites;		/* in place, from the beginning of the file on */
	int old_fd;			/* what is there now, locked; -1: nothing */
};

/* Is something at `path` that is written to instead of being replaced? */
bool replacement_in_place(const char *path);

/* Opens r->file. On failure there is nothing to close, and the sentence names the path; -EBUSY: another
 * proctor is about to write there. */
int replacement_open(struct replacement *r, const char *path, struct proctor_error *err);

/*
 * Ends it. `ret` is what came of the writing: below 0, nothing is replaced, and `ret` is returned.
 * Errors that r->file has met count too; they need not be looked for before.
 */
int replacement_close(struct replacement *r, int ret, struct proctor_error *err);

#endif
