/* SPDX-License-Identifier: MIT */
/* What is handed out to a host at a time, and how its tests are found in the plan. */
#ifndef HOSTS_TASK_H
#define HOSTS_TASK_H

#include "plan/model.h"
#include "wire/page.h"

/* The i-th thing to run: test i % plan->ntests in repetition i / plan->ntests + 1. */
typedef uint32_t item_t;

/* One hand-out: tests of one suite. Owned by the worker that popped it. */
struct task {
	struct suite *suite;	/* library, name, group, path */
	item_t first;		/* and those that follow it, unless there is a list: then that one's first */
	/* Which tests, where they do not follow one another in the plan; lent, until the run has ended.
	 * NULL: they do. */
	const item_t *items;
	unsigned ntests;	/* 1 to host_ops.tests_max of its suite's hosts */
	unsigned attempt;	/* from 1 */
	unsigned nopens;	/* hosts that died or failed before its first test began */
	bool own_host;		/* shares its host with no other task */
	size_t lane;
	/* The tests are told of to nobody (run/confirm.h), and their process is stopped at that time. */
	bool confirms;
	uint64_t until_us;
};

/* The number `i` of its tests. */
static inline item_t task_item(const struct task *task, unsigned i)
{
	return task->items ? task->items[i] : task->first + i;
}

static inline const struct test *item_test(const struct proctor_plan *plan, item_t item)
{
	return plan->tests[item % plan->ntests];
}

#endif
