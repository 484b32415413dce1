/* SPDX-License-Identifier: MIT */
/*
 * TML's function coverage: the functions that ran. Hosts and their children leave them in their counter
 * areas, with hits; a suite executable writes a file (TML_COVERAGE_FILE) with a name a line.
 */
#ifndef COVERAGE_TML_FUNCTIONS_H
#define COVERAGE_TML_FUNCTIONS_H

#include "base/error.h"
#include "base/hash_table.h"

struct function {
	char *name;
	uint64_t hits;			/* in all processes that counted them; saturating */
	bool counted;			/* false: some process gave the name only */
	unsigned nprocesses;		/* in which it ran */
	uint64_t file;			/* number of the last file that it was in: one file counts as one process */
};

struct functions {			/* all zero: none */
	struct function *list;		/* after functions_sort(): by name */
	size_t n, cap;
	struct hash_table by_name;
	uint64_t nfiles;
};

/* Notes that `nprocesses` processes have called it, `hits` times all together. -ENOMEM. */
int functions_add(struct functions *f, const char *name, uint64_t hits, unsigned nprocesses);
/*
 * Adds what a process and its children left in their area. `index`: where it begins there, which tests
 * may have written over: -EBADMSG, and nothing is added. -ENOMEM.
 */
int functions_add_area(struct functions *f, const void *index);
/* Adds the file of one process; all or nothing. -EBADMSG: damaged; the sentence names the line. */
int functions_add_file(struct functions *f, const char *path, struct proctor_error *err);
/* The last step: nothing is to be added after it. */
void functions_sort(struct functions *f);
void functions_fini(struct functions *f);

#endif
