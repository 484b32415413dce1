/* SPDX-License-Identifier: MIT */
/*
 * What a run holds before any of its threads or processes exists, and as long as they do: where it may
 * run, what its processes are started with, what is collected of them. Made first, given back last.
 */
#ifndef LIB_RUN_PREPARE_H
#define LIB_RUN_PREPARE_H

#include "run/run.h"

/* An empty one; NULL: no memory. */
struct run *run_new(void);
/* The options are complete, and the tests have their settings. */
int run_prepare(struct run *run, const struct proctor_plan *plan, struct proctor_error *err);
/* Gives back what run_prepare() made, also if it failed on the way. */
void run_free(struct run *run);

#endif
