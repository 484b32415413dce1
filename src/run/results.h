/* SPDX-License-Identifier: MIT */
/*
 * From outcomes to results: an outcome is complete when its worker has judged it and its output has
 * arrived, in whichever order; then it is counted and told. What follows from it for the run is
 * returned to the supervisor, which does it in between. Supervisor's thread.
 *
 *	if (results_add(r, host, &o))			 each outcome that a worker has posted
 *		conclude(&o);
 *	while (results_next(host, &o))			 after output has arrived
 *		conclude(&o);
 *
 *	conclude: follow = results_follow(r, &o, ...);	 decide; queue the retry, if it is one
 *		  results_tell(r, host, &o, final);	 then tell; last, end the run if that follows
 */
#ifndef RUN_RESULTS_H
#define RUN_RESULTS_H

#include "run/begun.h"
#include "run/follow.h"
#include "run/run.h"

/* A test that is none: the exit of a host, judged. Lives as long as the run. */
struct exit_test {
	struct exit_test *next;
	struct proctor_test pub;
	char *id;
	unsigned nresults;		/* each of another host, and a repetition of its own */
};

/* An outcome whose output has not all arrived, kept with its host. */
struct waiting {
	struct waiting *next;
	struct outcome outcome;
};

/* Written by results.c and, for what was never begun, not_run.c. */
struct results {
	struct run *run;
	struct begun begun;
	size_t nunfinished;		/* items without a final result */
	bool failed;			/* some test did */
	bool doubts_lists;		/* a test could not be run, and that it is there is known from an earlier run */
	struct proctor_counts counts;
	struct exit_test *exit_tests;
};

/* How many have a final result. */
static inline size_t results_ndone(const struct results *r)
{
	return r->run->plan->ntests * r->run->options.repeat - r->nunfinished;
}

/* The plan's tests are counted as unfinished. -ENOMEM. */
int results_open(struct results *r, struct run *run);
/* After the writer has ended: its events point to the tests made here. */
void results_close(struct results *r);

/*
 * Takes a judged outcome of `host` (NULL: of none) and tells that its test has begun. True: it is
 * complete, and the caller's to conclude; false: it is kept until its output has arrived.
 */
bool results_add(struct results *r, struct watch *host, struct outcome *o);
/* Takes the next of those that were kept and are complete by now; false: there is none. */
bool results_next(struct watch *host, struct outcome *o);

/* What follows from a complete outcome. `may_retry`: the run goes on. */
enum follow results_follow(const struct results *r, const struct outcome *o, bool may_retry);
/*
 * Counts and tells a complete outcome with its output; its texts are taken over. `final`: it is not
 * tried again. Returns its test, which lives as long as the run; NULL: there was no memory for it.
 */
const struct proctor_test *results_tell(struct results *r, struct watch *host, struct outcome *o,
					bool final);
/* Tells what was found out about a failure: suspect_tell() has said that there is something. */
void results_tell_confirmed(struct results *r, const struct suspect *s);

#endif
