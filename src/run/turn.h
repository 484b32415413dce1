/* SPDX-License-Identifier: MIT */
/*
 * The times in the supervisor's loop: when it looks at all hosts, when it hands events on, and whether
 * it may let a moment pass, so that much that is not urgent is taken together. Supervisor's thread.
 */
#ifndef RUN_TURN_H
#define RUN_TURN_H

#include "run/watch.h"

/* How often everything is looked at where no event says that something happened. */
#define TICK_US 100000u

struct turn {			/* all zero: all is due */
	uint64_t look_us;	/* when the next look at everything is due */
	uint64_t ticked_us;	/* when the last PROCTOR_TICK was sent */
	uint64_t flushed_us;	/* when events were last handed to the writer */
	size_t nread_bytes;	/* of output, since the last nap */
};

/* Brings the next look forward to `us`, if it would be later. */
void turn_look_by(struct turn *t, uint64_t us);
/* Is a look due? If so, the next one is set to the next tick; turn_look_by() may bring it
 * forward. */
bool turn_look_due(struct turn *t, uint64_t now_us);
/* Is a PROCTOR_TICK due? If so, the caller sends it: the next one is counted from now. */
bool turn_tick_due(struct turn *t, uint64_t now_us);
/* Are events to be handed on? They are kept back so long that the writer's thread is woken for many. */
bool turn_flush_due(const struct turn *t, uint64_t now_us);
/* When the loop is to come back: for a look or, if some are `kept`, to hand events on. */
uint64_t turn_due_us(const struct turn *t, bool kept);

/*
 * While hosts run one small test after the other, each of them would wake this thread three times,
 * and be preempted by it; a program that writes a line at a time would for each of them. None of that is
 * urgent: it is taken together, a moment later. Not where there is much to be read, or a worker waits for the end
 * of a process of which nothing was heard just now.
 */
bool turn_may_nap(const struct turn *t, const struct watch *hosts);
/*
 * Lets that moment pass. `signal_fd`: a signal ends it, as the sooner it is read, the surer is which test
 * has sent it; -1: none comes. So does the death of a process that a worker waits for.
 */
void turn_nap(int signal_fd, const struct watch *hosts);

#endif
