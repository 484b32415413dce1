/* SPDX-License-Identifier: MIT */
/* Looks into a suite's file, without loading it: what it is and which tests it has. */
#ifndef PLAN_INSPECT_H
#define PLAN_INSPECT_H

#include "plan/model.h"

/* What a file turned out to be. All but the first come with a sentence that says why it is none. */
enum finding {
	FOUND_SUITE,
	FOUND_MANIFEST,
	FOUND_NO_TESTS,		/* a sound library without tests */
	FOUND_OTHER,		/* text, or no file at all: no suite that was damaged */
	FOUND_BROKEN,		/* a suite that cannot be run, or may be one */
};

/*
 * Reads the file of a suite of which name, group and path are known, and perhaps tests: these keep
 * what they have and get their symbols; where there are none, those of the library are added. A
 * missing or broken file is suite->error, and one placeholder test if there are no tests. -ENOMEM.
 */
int suite_inspect(struct suite *suite, struct proctor_error *err);

/* The first half of it: reads the file, and leaves to the caller what becomes of a suite that is none.
 * Fails with -ENOMEM only; what else is wrong with the file is `*finding`, and `err` its sentence. */
int suite_look(struct suite *suite, enum finding *finding, struct proctor_error *err);
/* The second half: gives the suite its error, and a placeholder if it has no tests. -ENOMEM. */
int suite_break(struct suite *suite, const char *cause, struct proctor_error *err);

#endif
