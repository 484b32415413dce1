/* SPDX-License-Identifier: MIT */
/*
 * All that hears of a run of the command line: the reporters that the options ask for, and people who read
 * stderr. Used by the writer's thread while the run goes on, by the main thread before and after.
 */
#ifndef CLI_AUDIENCE_H
#define CLI_AUDIENCE_H

#include "cli/options.h"

#define AUDIENCE_MAX 8		/* kinds of reporters there may be */

struct audience;

struct channel {
	struct audience *audience;
	struct reporter *reporter;
	bool is_stdout;		/* its reader may go away, and the run with it */
	bool failed;		/* it was said once; it still gets events, as it may recover */
};

struct audience {
	struct channel channels[AUDIENCE_MAX];
	size_t nchannels;
	struct proctor_reporter reporters[AUDIENCE_MAX + 1];	/* for proctor_run() */
	size_t nreporters;
	bool broken;		/* some output is not complete */
	size_t nproblems;	/* of the coverage */
};

/* `a` stays where it is until audience_close(). On failure nothing is open. */
int audience_open(struct audience *a, const struct options *o, struct proctor_error *err);
/* Writes what is left; what could not be written is said, and makes the audience `broken`. */
void audience_close(struct audience *a);

#endif
