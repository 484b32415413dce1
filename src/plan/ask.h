/* SPDX-License-Identifier: MIT */
/* Asks the plan's programs for their tests, where only they can tell. */
#ifndef PLAN_ASK_H
#define PLAN_ASK_H

#include "plan/model.h"

/*
 * Starts each program that was not asked before (suite->asks), many at a time, and takes its tests into its
 * suite. One that does not answer is a suite that cannot be run. -ENOMEM.
 */
int plan_ask(struct proctor_plan *plan, struct proctor_error *err);

#endif
