/* SPDX-License-Identifier: MIT */
/*
 * All that hears of a run of `proctor run`: the reporters that the options ask for, and who reads
 * stderr. While the run goes on it is used by the writer's thread, before and after that by the
 * main thread.
 */
#ifndef CLI_AUDIENCE_H
#define CLI_AUDIENCE_H

#include "cli/options.h"

#define AUDIENCE_MAX 8		/* kinds of reporters there may be */

struct audience;

struct channel {
	struct audience *audience;
	struct reporter *reporter;
	bool is_stdout;		/* if the reader of stdout goes away, the run ends */
	bool failed;		/* that was said; it still gets events, as it may work again */
};

struct audience {
	struct channel channels[AUDIENCE_MAX];
	size_t nchannels;
	struct proctor_reporter reporters[AUDIENCE_MAX + 1];	/* for proctor_run() */
	size_t nreporters;
	bool broken;		/* some output is not complete */
	size_t nproblems;	/* of the coverage */
};

/* `a` must not be moved until audience_close(). On failure nothing is open. */
int audience_open(struct audience *a, const struct options *o, struct proctor_error *err);
/* Has the reporters write what is left, and frees them. Says what could not be written, and sets
 * `broken`. */
void audience_close(struct audience *a);

#endif
