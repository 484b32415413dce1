/* SPDX-License-Identifier: MIT */
/*
 * What was never begun when the run ended early: each test that is short of a repetition is told
 * with the reason. Supervisor's thread, after the last worker.
 */
#ifndef RUN_NOT_RUN_H
#define RUN_NOT_RUN_H

#include "run/supervisor.h"

/* Counts and tells what is still in the queue, one test at a time, however often it was to run. */
void not_run_tell(struct supervisor *sup);

#endif
