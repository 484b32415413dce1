/* SPDX-License-Identifier: MIT */
/* Which frameworks there are, and of which one each suite of a plan is, as its file shows it. Starts no program. */
#ifndef LIB_KINDS_H
#define LIB_KINDS_H

#include "proctor/proctor.h"

#include <stddef.h>

/* The name of framework `i`, and what its files are known by. NULL: there are no more. */
const char *kinds_framework(size_t i, const char **known_by);

/* Looks at those files of the plan's suites that were not looked at yet, and gives all suites their names. -ENOMEM. */
int kinds_look(struct proctor_plan *plan, struct proctor_error *err);

struct suite_kind {		/* texts are the plan's */
	const char *suite, *path;
	const char *broken;	/* why it cannot be run; NULL: it can */
	const char *framework;	/* NULL: broken, and whose it is may not be known */
};

/* Of suite `i`, after kinds_look(). False: there are no more. */
bool kinds_suite(const struct proctor_plan *plan, size_t i, struct suite_kind *kind);
/* The version of its framework; reads the file. False: it does not show one. */
bool kinds_version(const struct proctor_plan *plan, size_t i, char *text, size_t ntext);

#endif
