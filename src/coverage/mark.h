/* SPDX-License-Identifier: MIT */
/*
 * What tells a coverage directory from any other: a file in it whose content says that what a run
 * leaves there may be removed. A name says nothing, as anybody may have a file of that name. It is
 * also the lock of the directory.
 */
#ifndef COVERAGE_MARK_H
#define COVERAGE_MARK_H

#include "base/error.h"

#include <stdbool.h>

#define MARK_NAME ".proctor-coverage"

enum mark {
	MARK_NONE,		/* there was no such file, or it is empty: a run began to make it */
	MARK_OWN,
	MARK_FOREIGN,		/* it has another content, or is no file */
};

/*
 * Opens the mark at `path` and locks it; returns the descriptor, or -ENOENT without a sentence if it is
 * not there and not to be made. -EBUSY without a sentence: somebody has locked it.
 */
int mark_open(const char *path, bool make, enum mark *mark, struct proctor_error *err);
/* Writes the mark into the empty file behind `fd`. */
int mark_write(int fd, const char *path, struct proctor_error *err);

#endif
