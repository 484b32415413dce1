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

#endif
