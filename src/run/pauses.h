/* SPDX-License-Identifier: MIT */
/*
 * The times at which the run itself stood still (Ctrl-Z, a frozen machine): they count for no test.
 * The supervisor adds, any thread asks.
 */
#ifndef RUN_PAUSES_H
#define RUN_PAUSES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct pauses {
	pthread_mutex_t lock;
	struct pause { uint64_t from_us, to_us; } *list;
	size_t n;
};

void pauses_init(struct pauses *p);
void pauses_fini(struct pauses *p);

/* -ENOMEM: the tests have less time then, as if nobody had noticed the pause. */
int pauses_add(struct pauses *p, uint64_t from_us, uint64_t to_us);
/* How much of the time between two points the run stood still. */
uint64_t pauses_within(struct pauses *p, uint64_t from_us, uint64_t to_us);

#endif
