/* SPDX-License-Identifier: MIT */
/*
 * A worker: a thread, pinned to one core, that takes tasks from the queue, has hosts run them and
 * judges what came of them. Everything it finds out goes to the supervisor as posts.
 */
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include "run/run.h"

/* Starts the thread of `w`, with all signals blocked. */
int worker_start(struct worker *w, struct proctor_error *err);

/* Starts all of the run; `*nworkers` counts those that were, on failure too. */
int workers_start(struct run *run, unsigned *nworkers, struct proctor_error *err);
/* Waits for the threads of those that have told their end. */
void workers_join(struct run *run);

/* Any thread: has a worker of this run (`data`) a host with this number, or is it starting one? */
bool worker_has_host(uint64_t number, void *data);
/* Supervisor's: that host is over. */
void worker_host_over(struct worker *w, uint64_t number);

#endif
