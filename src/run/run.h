/* SPDX-License-Identifier: MIT */
/* What the threads of one run share. */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "base/child_environment.h"
#include "base/spawn.h"
#include "base/vector.h"
#include "run/cores.h"
#include "run/mailbox.h"
#include "run/pauses.h"
#include "run/suspects.h"
#include "run/symbolizer.h"
#include "run/watch.h"
#include "run/writer.h"

struct coverage;
struct run;

struct worker {
	/* Written by lib/run_prepare.c, constant after. */
	struct run *run;
	unsigned slot;
	int core;		/* -1: not pinned */
	/* Written by worker_start(), on the supervisor's thread. */
	pthread_t thread;
	bool started;		/* the thread exists */
	/* Written by worker.c, on its own thread. */
	struct post end;
	struct watch *watch;	/* of the host it has; NULL: none */
	struct fork_server server;	/* of the program that it forked last */
	struct post *room;	/* with room for the outcomes of the task that it has; NULL: none yet */
	VECTOR(item_t) again;	/* of its task, whose verdict is in doubt */
	VECTOR(item_t) ran;	/* in the host with suites that it has, in order */
	uint64_t ran_from_us;	/* when the first of them began */
	struct queue_measure measured;	/* what the last program told of its times */
	/* Numbers of the host with suites and of the program that it has or is starting; 0: none. Set
	 * by the worker, 0 again by the supervisor when the host is over. */
	_Atomic uint64_t live_hosts[2];
};

struct run {
	/* Written by lib/run_prepare.c and, options and mask, lib/run.c; constant while workers run. */
	const struct proctor_plan *plan;
	struct proctor_options options;		/* defaults filled in; each test has its settings */
	sigset_t mask;				/* the caller's */
	struct inherited inherited;
	struct child_environment environment;
	struct launch launch;			/* lent to all hosts */
	char run_id[RUN_ID_BYTES];
	char *host_path;
	struct coverage *coverage;	/* NULL: none is collected; has a lock of its own */
	char *preload_path;		/* of proctor-preload.so; NULL without coverage */
	char *inject_path;		/* of proctor-inject.so; NULL: nothing is put into programs */
	struct crash_pool crash_pool;	/* of programs */
	struct fork_refusals fork_refusals;
	struct temp_dirs temp_dirs;	/* has a lock of its own */
	struct proctor_error no_inject;	/* why not, where nobody wanted that */
	struct cores cores;
	unsigned nworkers;
	/* Written as its own groups say. */
	struct worker workers[PROCTOR_THREADS_MAX];
	/* Each written by the file of its name alone, through its functions, which take its lock. */
	struct queue queue;
	struct mailbox mailbox;
	struct writer writer;
	struct pauses pauses;
	struct symbolizers symbolizers;
	struct suspects suspects;
	/* Opened by lib/run.c, closed by the supervisor; without a lock, as its list of groups is atomic. */
	struct guard *guard;			/* NULL: none */
	/* Written by the workers (worker.c). */
	_Atomic uint64_t nhosts;		/* numbers given out */
	_Atomic(char *) *broken;		/* by lane: why its suite cannot be opened; NULL: it can */
	/* Written by supervisor.c: nothing more is to be started (the task list's "done"). */
	_Atomic bool stopping;
};

static inline const struct test *run_test(const struct run *run, item_t item)
{
	return item_test(run->plan, item);
}

/* Which repetition of its test it is, from 1. */
static inline unsigned run_repetition(const struct run *run, item_t item)
{
	return (unsigned)(item / run->plan->ntests) + 1;
}

static inline const struct test_settings *run_settings(const struct run *run, item_t item)
{
	return item_test(run->plan, item)->settings;
}

#endif
