/* SPDX-License-Identifier: MIT */
/* Adds a file to the plan: as a suite, or as the manifest that it is. */
#ifndef PLAN_DISCOVER_H
#define PLAN_DISCOVER_H

#include "plan/model.h"

/* How a file came to be looked at. */
enum discover_as {
	DISCOVER_NAMED,		/* by an argument: whatever is wrong with it must be told */
	/* Found in a directory. No error if it is a library without tests, or plain text, but one if
	 * it is damaged, for another machine, or not there (a dangling link). */
	DISCOVER_LIBRARY,
	/* Found so, but its name fits the glob: an executable will do, and what cannot run is told. */
	DISCOVER_PROGRAM,
};

/*
 * Adds the suite in the file `path`; a manifest's suites, if it is DISCOVER_NAMED and one. A file
 * that is in the plan already, be it by another path to its directory, is left out. -ENOMEM; -EINVAL: a manifest is wrong.
 */
int discover_file(struct proctor_plan *plan, const char *path, enum discover_as as,
		  struct proctor_error *err);

/* Adds a broken suite: `cause` is its error. -ENOMEM. */
int discover_broken(struct proctor_plan *plan, const char *path, const char *cause,
		    struct proctor_error *err);

#endif
