/* SPDX-License-Identifier: MIT */
/* Asks the plan's programs for their tests, where only they can tell. */
#ifndef PLAN_ASK_H
#define PLAN_ASK_H

#include "plan/model.h"

/*
 * Starts each program that has not listed its tests yet (suite->asks), several at a time, and adds the tests it
 * lists to its suite. If it crashes, hangs or lists none, its suite cannot be run, and says why. -ENOMEM.
 */
int plan_ask(struct proctor_plan *plan, struct proctor_error *err);

#endif
