/* SPDX-License-Identifier: MIT */
#include "run/settled.h"

#include "run/verdict.h"

#include <stdlib.h>

/* Where the output of tests that have ended takes so much memory, those are not waited for that need not be. */
#define KEPT_BYTES ((size_t)4 << 20)

static struct host_work work_of(struct watch *h)
{
	struct host_shared *shared = &h->host->shared;
	struct host_work work;

	pthread_mutex_lock(&shared->lock);
	work = shared->work;
	pthread_mutex_unlock(&shared->lock);
	return work;
}

/* The test `i` of that work has failed, and those before it had run in its process. */
static void settled_suspect(struct suspects *all, const struct host_work *work, unsigned i, struct outcome *o)
{
	item_t *before;

	if (work->task.own_host || i == 0 || !suspects_want(all, o))
		return;
	before = reallocarray(NULL, i, sizeof(*before));
	if (!before)
		return;
	for (unsigned k = 0; k < i; k++)
		before[k] = task_item(&work->task, k);
	o->suspect = suspect_new(all, o, before, i, i, o->result.start_us - work->handed_us);
	free(before);
}

bool settled_possible(struct watch *h, struct host_work *work)
{
	if (!h->host->ops->settled || h->state != HOST_RUNNING || h->confirms)
		return false;
	*work = work_of(h);
	/* A test is settled when another has begun after it. If the file is another by now, it is the worker's to say
	 * what that means. */
	return work->busy && !work->ending && work->task.ntests > 1 &&
	       file_look(work->task.suite->path, &work->task.suite->file) == FILE_SAME;
}

bool settled_next(struct watch *h, const struct host_work *work, struct outcome *o)
{
	bool hurry = h->out_cut.ncut_bytes + h->err_cut.ncut_bytes > KEPT_BYTES;
	const struct crash none = { 0 };
	struct test_evidence t = { 0 };
	int i;

	/* What was asked to stop may end as it likes: that is judged as a whole. */
	if (h->state != HOST_RUNNING)
		return false;
	i = h->host->ops->settled(h->host, hurry, &t);
	if (i < 0)
		return false;
	*o = (struct outcome){ .item = task_item(&work->task, (unsigned)i), .suite = work->task.suite,
			       .serial = work->serial + (unsigned)i };
	o->result.attempt = work->task.attempt;
	o->result.worker = h->worker;
	o->result.core = h->core;
	verdict_of_test(o, &t, &none);
	settled_suspect(&h->run->suspects, work, (unsigned)i, o);
	o->temp_dir = host_kept_dir(h->host, (unsigned)i);
	return true;
}
