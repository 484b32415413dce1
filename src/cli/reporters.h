/* SPDX-License-Identifier: MIT */
/*
 * All that hears of a run of `proctor run`: the reporters that the options ask for, and who reads
 * stderr. While the run goes on it is used by the writer's thread, before and after that by the
 * main thread.
 */
#ifndef CLI_REPORTERS_H
#define CLI_REPORTERS_H

#include "cli/options.h"

#define REPORTERS_MAX 8		/* kinds of reporters there may be */

struct reporters;

struct channel {
	struct reporters *all;
	struct reporter *reporter;
	bool is_stdout;		/* if the reader of stdout goes away, the run ends */
	bool failed;		/* that was said; it still gets events, as it may work again */
};

struct reporters {
	struct channel channels[REPORTERS_MAX];
	size_t nchannels;
	struct proctor_reporter list[REPORTERS_MAX + 1];	/* for proctor_run_reporters() */
	size_t nlist;
	bool broken;		/* some output is not complete */
	size_t nproblems;	/* of the coverage */
};

/* `all` must not be moved until reporters_close(). On failure nothing is open. */
int reporters_open(struct reporters *all, const struct options *o, struct proctor_error *err);
/* Has the reporters write what is left, and frees them. Says what could not be written, and sets
 * `broken`. */
void reporters_close(struct reporters *all);

#endif
