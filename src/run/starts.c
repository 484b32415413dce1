/* SPDX-License-Identifier: MIT */
#include "run/starts.h"

#include "base/clock.h"
#include "base/duration_words.h"
#include "hosts/exit_suite.h"

static void tell(struct run *run, enum proctor_event_kind kind, struct watch *host,
		 const struct host_work *work, item_t item, uint64_t time_us, uint64_t start_us)
{
	struct writer_entry *e = writer_test_entry(&run->writer, kind, time_us,
						   &run_test(run, item)->pub);

	if (!e)
		return;
	e->result.worker = host->worker;
	e->result.core = host->core;
	e->result.attempt = work->task.attempt;
	e->result.repetition = run_repetition(run, item);
	e->result.start_us = start_us;
	e->event.paused_us = pauses_within(&run->pauses, 0, time_us);
	if (time_us > start_us)
		e->result.duration_us = time_us - start_us -
					pauses_within(&run->pauses, start_us, time_us);
	writer_add(&run->writer, e);
}

/* `i`: which test of the task. Serials only grow, so that the last one that was told says all. */
static void tell_start(struct run *run, struct begun *begun, struct watch *host,
		       const struct host_work *work, unsigned i, uint64_t start_us)
{
	item_t item = task_item(&work->task, i);

	if (work->serial + i <= host->told_serial)
		return;
	host->told_serial = work->serial + i;
	if (begun_add(begun, item))
		tell(run, PROCTOR_TEST_START, host, work, item, start_us, start_us);
}

static void tell_slow(struct run *run, struct watch *host, const struct host_work *work, unsigned i,
		      uint64_t start_us)
{
	if (work->serial + i <= host->slow_serial)
		return;
	host->slow_serial = work->serial + i;
	tell(run, PROCTOR_TEST_SLOW, host, work, task_item(&work->task, i), clock_us(), start_us);
}

/* Only a note: there is no result of an exit that ends well. */
static void tell_slow_exit(struct run *run, struct watch *host, uint64_t age_us)
{
	char words[DURATION_WORDS_BYTES], name[EXIT_NAME_BYTES];

	if (host->slow_exit || host->host->nsuites == 0 ||
	    age_us < run->plan->settings.slow_after_us)
		return;
	host->slow_exit = true;
	/* Its worker waits: the suites stay as they are. */
	exit_suite_name(host->host, name, sizeof(name));
	writer_note(&run->writer, "%s has run for %s", name,
		    duration_words(age_us, words, sizeof(words)));
}

static void tell_starts(struct run *run, struct begun *begun, struct watch *host,
			const struct host_work *work, const struct progress *p, unsigned nstarted)
{
	/* Those that were told need not be gone through again. */
	unsigned told = host->told_serial >= work->serial ? host->told_serial - work->serial + 1 : 0;
	const struct host *h = host->host;

	if (host->confirms)
		return;
	for (unsigned i = told; i < nstarted && i < work->task.ntests; i++)
		tell_start(run, begun, host, work, i, h->ops->start_us(h, work, p, i));
}

void starts_tell_until(struct run *run, struct begun *begun, struct watch *host, const struct host_work *work,
		       uint32_t serial)
{
	struct progress p;

	if (serial <= host->told_serial)
		return;
	p = host->host->ops->progress(host->host, work, clock_us());
	tell_starts(run, begun, host, work, &p, serial - work->serial + 1);
}

void starts_tell(struct run *run, struct begun *begun, struct watch *host,
		 const struct host_work *work, const struct progress *p, uint64_t age_us)
{
	tell_starts(run, begun, host, work, p, p->nended + (p->phase == PROGRESS_TEST));
	if (p->phase == PROGRESS_TEST && p->nended < work->task.ntests &&
	    age_us >= run_settings(run, task_item(&work->task, p->nended))->slow_after_us)
		tell_slow(run, host, work, p->nended, p->since_us);
	if (p->phase == PROGRESS_ENDING)
		tell_slow_exit(run, host, age_us);
}

void starts_tell_ended(struct run *run, struct begun *begun, struct watch *host,
		       const struct outcome *o, const struct proctor_test *test)
{
	struct writer_entry *e;
	uint64_t start_us = o->result.start_us ? o->result.start_us : clock_us();

	if (host && o->item != ITEM_EXIT) {
		if (o->serial <= host->told_serial)
			return;
		host->told_serial = o->serial;
	}
	/* It may have begun before in another process, whose record of it was lost. */
	if (o->item != ITEM_EXIT && !begun_add(begun, o->item))
		return;
	e = writer_test_entry(&run->writer, PROCTOR_TEST_START, start_us, test);
	if (!e)
		return;
	e->result = o->result;
	e->event.paused_us = pauses_within(&run->pauses, 0, start_us);
	writer_add(&run->writer, e);
}

void starts_tell_tick(struct run *run, uint64_t now_us)
{
	struct writer_entry *e = writer_entry_new(PROCTOR_TICK, now_us);

	/* Another will come. */
	if (!e)
		return;
	e->event.paused_us = pauses_within(&run->pauses, 0, now_us);
	writer_add(&run->writer, e);
}
