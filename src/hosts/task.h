/* SPDX-License-Identifier: MIT */
/* What is handed out to a host at a time, and how its tests are found in the plan. */
#ifndef HOSTS_TASK_H
#define HOSTS_TASK_H

#include "plan/model.h"
#include "wire/page.h"

/* The i-th thing to run: test i % plan->ntests in repetition i / plan->ntests + 1. */
typedef uint32_t item_t;

/* One hand-out: consecutive tests of one suite. Owned by the worker that popped it. */
struct task {
	struct suite *suite;	/* library, name, group, path */
	item_t first;		/* tests plan->tests[(first + i) % ntests] */
	unsigned ntests;	/* 1 to host_ops.tests_max of its suite's hosts */
	unsigned attempt;	/* from 1 */
	unsigned nopens;	/* hosts that died or failed before its first test began */
	bool own_host;		/* shares its host with no other task */
	size_t lane;
};

static inline const struct test *item_test(const struct proctor_plan *plan, item_t item)
{
	return plan->tests[item % plan->ntests];
}

#endif
