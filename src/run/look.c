/* SPDX-License-Identifier: MIT */
#include "run/look.h"

#include "base/clock.h"
#include "hosts/exit_suite.h"

/* An exit that is killed sooner than this may have been about to end well: it is not reported. */
#define EXIT_HANGS_US 500000u

static struct deadlines deadlines_of(const struct run *run, const struct host_work *work,
				     const struct progress *p)
{
	struct deadlines d = { .other_us = run->plan->settings.timeout_us };

	for (unsigned i = 0; !work->ending && i < work->task.ntests; i++) {
		uint64_t us = run_settings(run, task_item(&work->task, i))->timeout_us;

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

/* Under the lock. `serial`: of the test that is to blame; 0: none is. */
static void mark_stopped(struct host *host, enum host_stop why, uint32_t serial, bool at_exit)
{
	struct host_end *end = &host->shared.end;

	if (end->stop != STOP_NOT)
		return;
	end->stop = why;
	end->stop_serial = serial;
	end->stop_turn = exit_suite_turn(host);
	end->stop_exit = at_exit;
}

static void mark_overdue(struct watch *h, const struct look *look, enum host_stop why)
{
	bool at_test = look->progress.phase == PROGRESS_TEST;

	mark_stopped(h->host, why, at_test ? look->work.serial + look->progress.nended : 0,
		     look->work.ending);
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
	if (look->work.task.until_us > 0 && look->work.task.until_us + paused_us < look->due_us)
		look->due_us = look->work.task.until_us + paused_us;
	exit_us = exit_due_us(run, &look->work, stopped_us, now_us);
	look->overdue = now_us >= look->due_us || now_us >= exit_us;
	if (look->overdue)
		mark_overdue(h, look, now_us >= look->due_us ? STOP_TIMEOUT : STOP_CANCELLED);
	pthread_mutex_unlock(&shared->lock);
	if (exit_us < look->due_us)
		look->due_us = exit_us;
	return true;
}

void look_stop(struct watch *h, enum host_stop why, uint64_t now_us)
{
	struct host_shared *shared = &h->host->shared;
	const struct host_work *work = &shared->work;

	pthread_mutex_lock(&shared->lock);
	mark_stopped(h->host, why, 0, work->busy && work->ending &&
		     now_us >= work->handed_us + EXIT_HANGS_US);
	pthread_mutex_unlock(&shared->lock);
}

bool look_works(struct watch *h)
{
	struct host_shared *shared = &h->host->shared;
	bool works;

	pthread_mutex_lock(&shared->lock);
	works = shared->work.busy && !shared->work.ending;
	pthread_mutex_unlock(&shared->lock);
	return works;
}

uint64_t look_step_due_us(const struct watch *h, uint64_t now_us)
{
	if (h->act_us == CLOCK_NEVER)
		return CLOCK_NEVER;
	return h->act_us + pauses_within(&h->run->pauses, h->act_from_us, now_us);
}
