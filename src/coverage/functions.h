/* SPDX-License-Identifier: MIT */
/*
 * TML's function coverage: the names of the functions that ran, collected from the files that
 * processes left. A suite executable writes a name a line (TML_COVERAGE_FILE); of a host there are lines
 * "HITS PROCESSES NAME" after a first line "#hits": in that many processes, itself and its children,
 * the function ran.
 */
#ifndef COVERAGE_FUNCTIONS_H
#define COVERAGE_FUNCTIONS_H

#include "base/error.h"

#include <stdbool.h>

struct function {
	char *name;
	uint64_t hits;			/* in all processes that counted them; saturating */
	bool counted;			/* false: some process gave the name only */
	unsigned nprocesses;		/* in which it ran */
};

struct functions {			/* all zero: none */
	struct function *list;		/* after functions_sort(): by name */
	size_t n, cap;
	void *names;			/* functions.c's */
};

/* Adds the file of one process, or of a host; all or nothing. -EBADMSG: damaged; the sentence names the line. */
int functions_add_file(struct functions *f, const char *path, struct proctor_error *err);
/* The last step: nothing is to be added after it. */
void functions_sort(struct functions *f);
void functions_fini(struct functions *f);

#endif
