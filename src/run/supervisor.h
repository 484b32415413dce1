/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: the thread that called proctor_run(). It owns the loop, all captured output, all
 * deadlines and all dead children, and blocks on nothing but the loop while tests run. Nobody else
 * stops a host, kills one or ends the run: the modules below it find out what is to be done and
 * return it.
 */
#ifndef RUN_SUPERVISOR_H
#define RUN_SUPERVISOR_H

#include "run/ending.h"
#include "run/inbox.h"
#include "run/interrupts.h"
#include "run/orphans.h"
#include "run/results.h"
#include "run/run.h"
#include "run/turn.h"

struct undead;

struct supervisor {
	/* Written by lib/run.c, before supervisor_run(); `err` by supervisor.c as well. */
	struct run *run;
	const struct loop_ops *ops;
	struct loop *lp;
	struct proctor_error *err;	/* why proctor itself cannot go on; code 0: it can */
	/* Each written by the file of its name alone; lib/run.c opens the first three. */
	struct interrupts interrupts;
	struct orphans orphans;
	struct results results;
	struct ending ending;		/* why, how and since when it ends before its time */
	struct inbox inbox;		/* posts of workers, to be dealt with */
	struct turn turn;		/* when what is due (supervisor.c notes what it has done) */
	/* Written by supervisor.c: hosts and workers. */
	struct watch *hosts;		/* alive or not yet released */
	struct undead *undead;		/* given up, and watched nevertheless */
	unsigned nworkers;		/* that have not ended */
	struct stream wake;		/* the mailbox's eventfd */
	/* Written by supervisor.c: what a turn of the loop has found. */
	bool child_ended;		/* as SIGCHLD said: perhaps one that is not watched yet */
	bool paused;			/* no task is handed out: the writer is full */
	bool loop_failed;		/* a stream could not be started: poll(2) has to do */
};

/* The whole of a run between RUN_START and RUN_END. The queue is filled, the loop is open, and so are
 * results and, where the run owns the process, interrupts. */
int supervisor_run(struct supervisor *sup);
/* Takes the signals that have come so far, and does what they ask for. */
void supervisor_take_signals(struct supervisor *sup);
/* Gives signals and terminal back: from here on an interrupt ends the process. */
void supervisor_close_signals(struct supervisor *sup);

#endif
