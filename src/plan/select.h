/* SPDX-License-Identifier: MIT */
/* Which tests of a plan are run: by filters on their ids, by group, by shard. */
#ifndef PLAN_SELECT_H
#define PLAN_SELECT_H

#include "plan/model.h"

/* As proctor_plan_select(). */
int plan_select(struct proctor_plan *plan, const struct proctor_selection *selection,
		struct proctor_error *err);

#endif
