/* SPDX-License-Identifier: MIT */
/*
 * At the end of a run: makes of what its processes have counted one profile for each binary, and sentences about
 * what is missing. Every process that was started is known here, and is expected to have left the counts of all it
 * loaded. Called when all workers have ended.
 */
#ifndef COVERAGE_COLLECT_H
#define COVERAGE_COLLECT_H

#include "coverage/process_counts.h"
#include "coverage/store.h"

struct collection {
	const struct collected *what;
	struct store *store;		/* profiles, sentences and functions go here */
	struct process_counts *processes;	/* ended, all of them */
};

/*
 * Writes the summed profiles into the store's directory. What is missing, damaged or foreign becomes
 * a problem of the store; an error is returned where the result could not be kept.
 */
int collect(const struct collection *c, struct proctor_error *err);

#endif
