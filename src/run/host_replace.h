/* SPDX-License-Identifier: MIT */
/*
 * When a host is replaced by a new one: before a task that may not run beside what the host has open, and
 * after one that left something in it. What a test has left the host itself says (RETIRE_*, wire/page.h).
 * Worker's thread.
 */
#ifndef RUN_HOST_REPLACE_H
#define RUN_HOST_REPLACE_H

#include "hosts/host.h"
#include "run/judge.h"

bool host_has(const struct host *host, const struct suite *suite);

/* True if the task has to run in another host than this one. */
bool host_replaced_before(const struct host *host, const struct task *task);

/* True if this host, which is not over, may run nothing after the task. */
bool host_replaced_after(const struct task *task, const struct judgement *judgement);

#endif
