/* SPDX-License-Identifier: MIT */
#include "run/host_replace.h"

#include "plan/needed.h"

bool host_has(const struct host *host, const struct suite *suite)
{
	for (size_t i = 0; i < host->nsuites; i++)
		if (host->suites[i] == suite)
			return true;
	return false;
}

bool host_replaced_before(const struct host *host, const struct task *task)
{
	/* Where a host failed to begin with the task, what it had open may have been the reason. */
	if (task->own_host || task->nopens > 0)
		return true;
	if (host_has(host, task->suite))
		return false;
	if (host->nopened == HOST_SUITES_MAX)
		return true;
	for (size_t i = 0; i < host->nsuites; i++)
		if (!host_closes(host, host->suites[i]) &&
		    !suites_compatible(host->suites[i], task->suite))
			return true;
	return false;
}

bool host_replaced_after(const struct task *task, const struct judgement *judgement)
{
	return judgement->retire || task->own_host;
}
