/* SPDX-License-Identifier: MIT */
/*
 * Who sent proctor a signal: a test, or somebody who may. A test's processes are known by their
 * ancestors, by their session (nobody joins a session) and by the mark in their environment.
 * Supervisor's thread, only where the run owns the process.
 */
#ifndef RUN_SENDER_H
#define RUN_SENDER_H

#include "base/process.h"
#include "run/orphans.h"
#include "run/watch.h"

enum sender_kind {
	SENDER_STRANGER,	/* to be obeyed */
	SENDER_TEST,		/* `host`, or `number` of a host that is gone, or neither is known */
	SENDER_EARLY,		/* a test whose host has not been posted yet: `number` is its pid */
	SENDER_UNKNOWN,		/* of a test or from before the run: nothing about it says which */
};

struct sender {
	enum sender_kind kind;
	struct watch *host;
	uint64_t number;
};

/* `st` is what `pid` was when the signal came. While a sender is not reaped it can be told who it
 * was. `hosts`: those that are known. */
struct sender sender_find(int pid, const struct process_stat *st, struct watch *hosts,
			  const struct orphans *orphans, const char *run_id);

#endif
