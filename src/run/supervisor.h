/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: the thread that called proctor_run(). It owns the loop, all captured output, all
 * deadlines and all dead children, and blocks on nothing but the loop while tests run.
 */
#ifndef RUN_SUPERVISOR_H
#define RUN_SUPERVISOR_H

#include "run/begun.h"
#include "run/job.h"
#include "run/orphans.h"
#include "run/run.h"

struct undead;

/* How the run is brought to an end before its time. */
enum stopping {
	STOPPING_NOT,
	STOPPING_ASKED,		/* running tests get SIGTERM and their grace time */
	STOPPING_KILLED,	/* running tests are killed */
};

/* A test that is none: the end of a host, judged. Lives as long as the run. */
struct exit_test {
	struct exit_test *next;
	struct proctor_test pub;
	char *id;
	unsigned nresults;		/* each of another host, and a repetition of its own */
};

struct supervisor {
	struct run *run;
	const struct loop_ops *ops;
	struct loop *lp;
	struct stream wake;		/* the mailbox's eventfd */
	struct stream signals;		/* fd -1: the run does not own the process */
	sigset_t saved_mask;
	int saved_subreaper;
	struct watch *hosts;		/* alive or not yet released */
	struct post *posts;		/* taken from the mailbox, to be dealt with, in order */
	struct undead *undead;		/* given up, and watched nevertheless */
	struct orphans orphans;
	unsigned nworkers;		/* that have not ended */
	struct begun begun;
	size_t nunfinished;		/* items without a final result */
	uint64_t tick_us;		/* when the next look at everything is due */
	uint64_t flushed_us;		/* when events were last handed to the writer */
	uint64_t seen_us, due_us;	/* the last look at the clock, and when the next was due */
	uint64_t told_tick_us;		/* when the last PROCTOR_TICK was sent */
	size_t nread_bytes;		/* of output, in this turn of the loop */
	bool paused;			/* no task is handed out: the writer is full */
	enum stopping stopping;
	uint64_t stopped_us;		/* since when */
	struct early {			/* sent by a test whose host is not posted yet */
		int host_pid, pid;
		uint64_t signals;	/* bit N - 1: signal N */
	} early[PROCTOR_THREADS_MAX];
	unsigned nearly;
	uint64_t of_files;		/* bit N - 1: it was noted that signal N was of a file */
	bool taking;			/* signals are being taken */
	unsigned ninterrupts;		/* obeyed; those within a second of the first are one */
	uint64_t interrupted_us;	/* when the run was ended by a signal */
	struct job job;
	int stop_signal;		/* 128+N is the exit code; 0: none */
	char why_stopped[512];		/* why the run ends early; "": it does not */
	bool failed;			/* some test did */
	bool coverage_partial;	/* and that is not allowed */
	bool coverage_below;	/* of the minimum */
	bool loop_failed;		/* a stream could not be started: poll(2) has to do */
	struct proctor_counts counts;
	struct exit_test *exit_tests;
	struct proctor_error *err;	/* why proctor itself cannot go on; code 0: it can */
};

/* The whole of a run between RUN_START and RUN_END. The queue is filled, the loop is open. */
int supervisor_run(struct supervisor *sup);

/* Takes what the workers have posted so far, and signals: any host may be in another state after it,
 * over or released, and the run stopped. One that was running is not released. */
void supervisor_posts(struct supervisor *sup);
/* Takes only hosts that were started: of what has come of them, nothing is told yet. None is
 * released. */
void supervisor_meet(struct supervisor *sup);
/* Everything is looked at by then. */
void supervisor_look_by(struct supervisor *sup, uint64_t us);
/* The run itself stood still, and was not to blame: no deadline and no grace time passed. */
void supervisor_paused(struct supervisor *sup, uint64_t from_us, uint64_t to_us);
/* Ends the run early. Changes the state of hosts; none is over or released for that. */
void supervisor_stop(struct supervisor *sup, enum stopping how);
/* Says why, before it is stopped: the first reason counts. "the run ended at …" */
void supervisor_reason(struct supervisor *sup, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Proctor itself cannot go on; the first reason counts. */
void supervisor_fatal(struct supervisor *sup, const struct proctor_error *why);

#endif
