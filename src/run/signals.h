/* SPDX-License-Identifier: MIT */
/*
 * Termination requests and dead orphans, through one signalfd, where the run owns the process.
 * Supervisor's thread.
 */
#ifndef RUN_SIGNALS_H
#define RUN_SIGNALS_H

#include "run/supervisor.h"

/* Blocks the signals, becomes a subreaper and opens the signalfd. -EBUSY: another thread has
 * SIGCHLD unblocked. Before any other thread of the run exists. */
int signals_open(struct supervisor *sup, struct proctor_error *err);
/* Takes what has been sent so far: while a sender is not reaped it can still be told who it was. Hosts
 * are met, stopped or over after it; none is released. */
void signals_take(struct supervisor *sup);
/* A descriptor that is readable once a termination request waits; the caller closes it. -1: none, as
 * the run does not own the process. */
int signals_cancel_fd(struct supervisor *sup);
/* The start of a host was posted: it may have sent a signal already. */
void signals_started(struct supervisor *sup, struct watch *host);
/* At the end of the run: notes what was sent by a child of a worker that ran no test. */
void signals_note_early(struct supervisor *sup);
/* Puts mask and subreaper back, once; a second call does nothing. Signals that are still pending are dropped with the signalfd's
 * last reading, as they were meant for the run. */
void signals_close(struct supervisor *sup);
/* Puts SIGPIPE back, after the last event was written. */
void signals_restore_pipe(struct supervisor *sup);

#endif
