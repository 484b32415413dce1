/* SPDX-License-Identifier: MIT */
/*
 * A look at a host that works: how far it is, and whether it has had its time. Where it has, it is
 * marked as stopped, so that its worker waits for its end; the supervisor then stops it.
 */
#ifndef RUN_LOOK_H
#define RUN_LOOK_H

#include "run/run.h"

struct look {
	struct host_work work;
	struct progress progress;
	uint64_t age_us;	/* of the present phase, without pauses */
	uint64_t due_us;	/* when it is overdue */
	bool overdue;
};

/*
 * `stopped_us`: since when the run is being ended; 0: it goes on. False: the host is idle, and its
 * worker may be filling the page for the next task: nothing of it can be read.
 */
bool look_at(struct watch *h, uint64_t now_us, uint64_t stopped_us, struct look *look);

#endif
