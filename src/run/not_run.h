/* SPDX-License-Identifier: MIT */
/*
 * What was never begun when the run ended early: each test that is short of a repetition is told
 * with the reason. Supervisor's thread, after the last worker.
 */
#ifndef RUN_NOT_RUN_H
#define RUN_NOT_RUN_H

#include "run/results.h"

struct not_run {
	struct results *results;
	const char *why;		/* the run ended early; lent */
	struct missing *missing;	/* by test; NULL: no memory */
	size_t next;			/* the test that is told next */
	size_t nretries;		/* that were not begun */
};

/* Counts what is still in the queue, and tells at once of tests that had begun or failed before. */
void not_run_open(struct not_run *n, struct results *results, const char *why);
/* Tells of the next tests that were not run, `ntests` at most; false: there are no more. */
bool not_run_tell(struct not_run *n, size_t ntests);
void not_run_close(struct not_run *n);

/* Adds to the reason of the run's end how many failed tests were not tried again: else a run that
 * ended after two failures would have seven, and nobody knew why. After all else is told. */
void not_run_explain(const struct not_run *n, char *why, size_t nwhy);

#endif
