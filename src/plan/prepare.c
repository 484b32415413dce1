/* SPDX-License-Identifier: MIT */
#include "plan/prepare.h"

#include "plan/inspect.h"
#include "plan/order.h"

int plan_prepare(struct proctor_plan *plan, struct proctor_error *err)
{
	for (size_t i = 0; i < plan->nsuites; i++) {
		struct suite *s = plan->suites[i];
		int ret = s->inspected || s->ntests == 0 ? 0 : suite_inspect(s, err);

		if (ret < 0)
			return ret;
	}
	return plan_collect(plan, err);
}
