/* SPDX-License-Identifier: MIT */
/* Settles, before the run, what holds for each test: its own settings, else the run's. */
#ifndef PLAN_RESOLVE_H
#define PLAN_RESOLVE_H

#include "plan/model.h"

/*
 * Fills plan->settings from `options`, whose defaults are filled in, and gives each test in plan->tests
 * its settings. To be called after plan_collect; what was resolved before is replaced. -ENOMEM.
 */
int plan_resolve(struct proctor_plan *plan, const struct proctor_options *options,
		 struct proctor_error *err);

#endif
