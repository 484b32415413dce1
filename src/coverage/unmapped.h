/* SPDX-License-Identifier: MIT */
/*
 * Binaries that count and have no map from their counters to source: TML's, which count the entries
 * of functions, or what was compiled without -fcoverage-mapping. llvm-cov cannot show them; names
 * and counts of their functions are read from the sum of their profiles itself.
 */
#ifndef COVERAGE_UNMAPPED_H
#define COVERAGE_UNMAPPED_H

#include "base/texts.h"
#include "coverage/tml_functions.h"
#include "coverage/merge.h"

/* One binary, or several whose profiles are of the same shape: their counts are one sum. */
struct unmapped {
	struct texts paths;		/* one at least */
	/* `hits` is how often one was entered, `nprocesses` only tells whether it ran. */
	struct functions functions;
	size_t nran;			/* unmapped_sort() counts them */
};

struct unmapped_list {			/* all zero: none */
	struct unmapped *list;
	size_t n, cap;
	/* After unmapped_sort(), of all of them. */
	size_t nbinaries;		/* their paths */
	uint64_t nfunctions, nran;
};

/*
 * Adds the functions of this sum; `paths` is taken over, or ended. -EBADMSG: its names are damaged, the
 * sentence names the first path; -ENOMEM.
 */
int unmapped_add(struct unmapped_list *u, const struct merge_sum *sum, struct texts *paths,
		 struct proctor_error *err);
/* The last step: by their first paths, whatever the order of their processes was; and counts. */
void unmapped_sort(struct unmapped_list *u);
void unmapped_fini(struct unmapped_list *u);

#endif
