/* SPDX-License-Identifier: MIT */
/* What a run does with a plan before it starts. */
#ifndef PLAN_PREPARE_H
#define PLAN_PREPARE_H

#include "plan/model.h"

/*
 * Looks into the files of handed-in suites, of which nothing is known yet (one that is missing or
 * broken gets its suite->error), and collects. -ENOMEM.
 */
int plan_prepare(struct proctor_plan *plan, struct proctor_error *err);

#endif
