/* SPDX-License-Identifier: MIT */
#include "run/look.h"

#include "base/clock.h"
#include "hosts/exit_suite.h"

static struct deadlines deadlines_of(const struct run *run, const struct host_work *work,
				     const struct progress *p)
{
	struct deadlines d = { .other_us = run->plan->settings.timeout_us };

	for (unsigned i = 0; !work->ending && i < work->task.ntests; i++) {
		uint64_t us = run_settings(run, work->task.first + i)->timeout_us;

		d.task_us += us;
		if (i == p->nended)
			d.test_us = us;
	}
	return d;
}

/* A run that is to end waits for the exit of a host, which its tests' output and counters may need,
 * but only for the grace time. */
static uint64_t exit_due_us(struct run *run, const struct host_work *work, uint64_t stopped_us,
			    uint64_t now_us)
{
	uint64_t from_us = work->handed_us > stopped_us ? work->handed_us : stopped_us;

	if (!work->ending || stopped_us == 0)
		return CLOCK_NEVER;
	return from_us + run->plan->settings.grace_us + pauses_within(&run->pauses, from_us, now_us);
}

static void mark_stopped(struct watch *h, const struct look *look, enum host_stop why)
{
	struct host_end *end = &h->host->shared.end;

	if (end->stop != STOP_NOT)
		return;
	end->stop = why;
	end->stop_turn = exit_suite_turn(h->host);
	end->stop_exit = look->work.ending;
	end->stop_serial = look->progress.phase == PROGRESS_TEST ?
			   look->work.serial + look->progress.nended : 0;
}

bool look_at(struct watch *h, uint64_t now_us, uint64_t stopped_us, struct look *look)
{
	struct host_shared *shared = &h->host->shared;
	struct run *run = h->run;
	uint64_t paused_us, exit_us;
	struct deadlines d;

	/* Decided under the lock: the worker cannot hand out another task meanwhile. */
	pthread_mutex_lock(&shared->lock);
	look->work = shared->work;
	if (!look->work.busy) {
		pthread_mutex_unlock(&shared->lock);
		return false;
	}
	look->progress = h->host->ops->progress(h->host, &look->work, now_us);
	d = deadlines_of(run, &look->work, &look->progress);
	paused_us = pauses_within(&run->pauses, look->progress.since_us, now_us);
	look->age_us = now_us - look->progress.since_us - paused_us;
	look->due_us = progress_due_us(look->work.handed_us, &look->progress, &d) + paused_us;
	exit_us = exit_due_us(run, &look->work, stopped_us, now_us);
	look->overdue = now_us >= look->due_us || now_us >= exit_us;
	if (look->overdue)
		mark_stopped(h, look, now_us >= look->due_us ? STOP_TIMEOUT : STOP_CANCELLED);
	pthread_mutex_unlock(&shared->lock);
	if (exit_us < look->due_us)
		look->due_us = exit_us;
	return true;
}
