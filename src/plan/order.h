/* SPDX-License-Identifier: MIT */
/* Lines up what is to be run: names that are final, and the selected tests in their order. */
#ifndef PLAN_ORDER_H
#define PLAN_ORDER_H

#include "plan/model.h"

/*
 * Gives each suite a name of its own, then rebuilds plan->tests from the `selected` marks, in the
 * order in which suites were added. -ENOMEM.
 */
int plan_collect(struct proctor_plan *plan, struct proctor_error *err);

size_t plan_count_selected(const struct proctor_plan *plan);

/* Shuffles suites and, within each, tests. To be called after plan_collect; the same plan and seed
 * give the same order. */
void plan_shuffle(struct proctor_plan *plan, uint64_t seed);

#endif
