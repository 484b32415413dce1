/* SPDX-License-Identifier: MIT */
/*
 * Who sent proctor a signal: a process of a test, or somebody else, who is obeyed. The processes of
 * tests are known by their ancestors, by their session (no process can join another's session) and
 * by the marks in their environment.
 * Supervisor's thread, only where the run owns the process.
 */
#ifndef RUN_SENDER_H
#define RUN_SENDER_H

#include "base/process.h"
#include "run/orphans.h"
#include "run/watch.h"

enum sender_kind {
	SENDER_STRANGER,	/* to be obeyed */
	SENDER_TEST,		/* of `host`; NULL: of host `number`, which is gone; 0: not known */
	SENDER_EARLY,		/* a test whose host has not been posted yet: `number` is its pid */
	SENDER_UNKNOWN,		/* it may be a test's, or have been there before the run */
};

struct sender {
	enum sender_kind kind;
	struct watch *host;
	uint64_t number;
};

/* `st`: what /proc said of `pid` when the signal came. The sender may have ended, but must not be
 * reaped yet. `hosts`: all that the supervisor knows. */
struct sender sender_find(int pid, const struct process_stat *st, struct watch *hosts,
			  const struct orphans *orphans, const char *run_id);

#endif
