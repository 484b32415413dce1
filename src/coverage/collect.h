/* SPDX-License-Identifier: MIT */
/*
 * From what all processes of a run have left to one profile for each binary, and to what must be
 * said of it: each process is known, and each is expected to have left the counters of all it
 * loaded, once. Called once every worker has reported done; nothing is merged before.
 */
#ifndef COVERAGE_COLLECT_H
#define COVERAGE_COLLECT_H

#include "coverage/process.h"
#include "coverage/store.h"

struct collection {
	struct store *store;		/* profiles, sentences and functions go here */
	struct objects *objects;	/* their identities are filled in */
	struct process *processes;	/* ended, all of them */
	bool llvm, functions;		/* what is collected */
};

/*
 * Merges, and writes the merged profiles into the store's directory. What is missing, damaged or
 * foreign becomes a problem of the store; an error is returned where the result could not be kept.
 */
int collect(const struct collection *c, struct proctor_error *err);

#endif
