/* SPDX-License-Identifier: MIT */
/*
 * The times at which the run itself stood still (Ctrl-Z, a frozen machine): they count for no test.
 * The supervisor says when it looks at the clock, and by when it will again: nobody tells a process
 * that it was frozen (docker pause, a debugger, a virtual machine that was moved), only that the time
 * for which it had asked is long gone. Any thread asks; a standstill that is over, and that the
 * supervisor has not come to notice yet, is in the answer.
 */
#ifndef RUN_PAUSES_H
#define RUN_PAUSES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct pauses {
	pthread_mutex_t lock;
	/* Under the lock, written by the supervisor. */
	struct pause { uint64_t from_us, to_us; } *list;
	size_t n;
	uint64_t seen_us;	/* the last look at the clock; 0: none yet */
	uint64_t due_us;	/* when the next look was due, as the last one had it */
};

void pauses_init(struct pauses *p);
void pauses_fini(struct pauses *p);

/* A look at the clock: if it comes much too late, the run stood still since the last one. -ENOMEM: the
 * tests have less time then, as if nobody had noticed the pause. */
int pauses_look(struct pauses *p, uint64_t now_us);
/* The next look will be no later than this. */
void pauses_expect(struct pauses *p, uint64_t due_us);
/* The run stood still, as whoever stopped it knows. The end of it is a look at the clock. -ENOMEM. */
int pauses_add(struct pauses *p, uint64_t from_us, uint64_t to_us);

/* How much of the time between two points the run stood still. */
uint64_t pauses_within(struct pauses *p, uint64_t from_us, uint64_t to_us);

#endif
