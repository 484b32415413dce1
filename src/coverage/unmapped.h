/* SPDX-License-Identifier: MIT */
/*
 * Binaries that count and have no map from their counters to source: TML's, which count the entries
 * of functions, or what was compiled without -fcoverage-mapping. llvm-cov cannot show them; names
 * and counts of their functions are read from the profile itself.
 */
#ifndef COVERAGE_UNMAPPED_H
#define COVERAGE_UNMAPPED_H

#include "base/error.h"

#include <stdbool.h>

struct unmapped_function {
	char *name;
	uint64_t hits;			/* how often it was entered */
	bool counted;			/* false: it is only known whether it ran (`ran`) */
	bool ran;
};

/* One binary, or several whose profiles are of the same shape: their counts are one sum. */
struct unmapped {
	char **paths;
	size_t npaths;
	struct unmapped_function *list;	/* by name */
	size_t n, nran;
};

struct unmapped_list {
	struct unmapped *list;
	size_t n;
	size_t nbinaries;		/* all their paths */
	uint64_t nfunctions, nran;
};

/*
 * Reads the functions of the summed profile `profile` (a path) and adds them; `paths` are copied.
 * -EBADMSG, -EIO, and what open(2) says; the sentence names the first binary.
 */
int unmapped_add(struct unmapped_list *u, const char *profile, char *const *paths, size_t npaths,
		 struct proctor_error *err);
/* The last step: by their first paths, whatever the order of their processes was. */
void unmapped_sort(struct unmapped_list *u);
void unmapped_fini(struct unmapped_list *u);

#endif
