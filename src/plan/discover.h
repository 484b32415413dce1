/* SPDX-License-Identifier: MIT */
/* Finds out what a file is and which tests it has, without loading it. */
#ifndef PLAN_DISCOVER_H
#define PLAN_DISCOVER_H

#include "plan/plan.h"

/* The index of a handed-in test that is known by its name only, until its suite is inspected. */
#define TEST_INDEX_BY_NAME UINT32_MAX

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

/* Adds suites found below the directory `path`, sorted; an unreadable one becomes a broken suite.
 * Links to directories are followed, each directory is searched once. -ENOMEM. */
int discover_directory(struct proctor_plan *plan, const char *path, const char *exe_glob,
		       struct proctor_error *err);

/*
 * Reads the file of a suite of which name, group and path are known, and perhaps tests: these keep
 * what they have and get their symbols; where there are none, those of the library are added. A
 * missing or broken file is suite->error, and one placeholder test if there are no tests. -ENOMEM.
 */
int suite_inspect(struct suite *suite, struct proctor_error *err);

/* Adds a broken suite: `cause` is its error. -ENOMEM. */
int discover_broken(struct proctor_plan *plan, const char *path, const char *cause,
		    struct proctor_error *err);

#endif
