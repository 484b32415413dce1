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

/* It is to be stopped for `why`, whatever its time: it is marked the same way. The first mark counts. */
void look_stop(struct watch *h, enum host_stop why, uint64_t now_us);
/* Was it handed a task, and is it not at its exit? From `run->stopping` on, either this sees a task, or
 * none is handed out. */
bool look_works(struct watch *h);

/* When the next step against it is due, as watch_wait() had it, and as it seems now; CLOCK_NEVER: none
 * is. */
uint64_t look_step_due_us(const struct watch *h, uint64_t now_us);

#endif
