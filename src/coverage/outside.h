/* SPDX-License-Identifier: MIT */
/* Counters read from outside, by process_vm_readv(2), of a process that is about to be killed. */
#ifndef COVERAGE_OUTSIDE_H
#define COVERAGE_OUTSIDE_H

#include "coverage/process.h"

/* The counters of one object in one process, MC/DC bitmaps behind them. */
struct outside {
	struct outside *next;
	pid_t pid;
	bool child;		/* forked from the process */
	size_t object;
	unsigned char bytes[];
};

/* Before it is killed: copies the counters of process `pid` and of its forked children, or notes that
 * there are none yet; and what else it has loaded. What an earlier call found is forgotten, unless it
 * can no longer be read. The supervisor's thread. */
void outside_read(struct process *p, pid_t pid);
void outside_forget(struct process *p);

#endif
