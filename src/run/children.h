/* SPDX-License-Identifier: MIT */
/*
 * The children of the calling thread, as they are at one moment. What other threads have started, hosts
 * and the guard, is not among them: so a child of a thread that starts nothing is an orphan that
 * came to it.
 */
#ifndef RUN_CHILDREN_H
#define RUN_CHILDREN_H

#include "base/process.h"

struct children {
	int *pids;
	size_t n, next;
	bool failed;		/* there was no memory for all of them */
	bool ended;		/* the last one from children_next() is dead and not reaped */
};

void children_open(struct children *c);
/* The next child that is still there, and what it is; 0: there are no more. */
int children_next(struct children *c, struct process_stat *st);
void children_close(struct children *c);

#endif
