/* SPDX-License-Identifier: MIT */
/*
 * What the processes of a run have counted so far, all of them together: for each object the sum of its
 * counters, and TML's functions. Processes add to it as they end. Any thread.
 */
#ifndef COVERAGE_SUMS_H
#define COVERAGE_SUMS_H

#include "coverage/objects.h"
#include "coverage/tml_functions.h"

#include <pthread.h>

struct sums {
	pthread_mutex_t lock;
	const struct objects *objects;
	uint64_t **counters;		/* by object; NULL: nothing was counted in it */
	struct functions *functions;
};

/* -ENOMEM: sums_fini() has nothing to do. */
int sums_init(struct sums *s, const struct objects *objects, struct functions *functions);
void sums_fini(struct sums *s);

/* Adds an image of an object's counters; saturates, as LLVM does when it merges. -ENOMEM. */
int sums_add(struct sums *s, size_t object, const uint64_t *image);
/* functions_add_area(). */
int sums_add_functions(struct sums *s, const void *index);

#endif
