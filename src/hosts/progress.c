/* SPDX-License-Identifier: MIT */
#include "hosts/progress.h"

#include "base/clock.h"

/* Between two tests the host's own code runs for some microseconds. A host that takes this long
 * there hangs; one that takes less may only have been given no time by a busy machine. */
#define BETWEEN_US 20000000u

/* `us`, which a hostile page may have set to anything, moved to between what is possible. */
static uint64_t clamp_us(uint64_t us, uint64_t from_us, uint64_t to_us)
{
	if (to_us < from_us)
		to_us = from_us;
	return us < from_us ? from_us : us > to_us ? to_us : us;
}

/* Reads a plain field that another process writes. Volatile: else the compiler may read it twice,
 * and get two values. */
static uint64_t field_us(const uint64_t *field)
{
	return *(const volatile uint64_t *)field;
}

static struct progress progress_before_tests(const struct hand_out *out, uint64_t now_us)
{
	const struct page *page = out->page;
	struct progress p = { .phase = PROGRESS_STARTING, .since_us = out->handed_us };

	if (atomic_load_explicit(&page->phase, memory_order_acquire) == PAGE_OPENING) {
		p.phase = PROGRESS_OPENING;
		p.since_us = clamp_us(atomic_load_explicit(&page->phase_us, memory_order_relaxed),
				      out->handed_us, now_us);
	}
	return p;
}

struct progress progress_read(const struct hand_out *out, uint64_t now_us)
{
	const struct page *page = out->page;
	unsigned ntests = out->ntests < TASK_TESTS_MAX ? out->ntests : TASK_TESTS_MAX;
	struct progress p = { .since_us = out->handed_us };
	uint32_t state = RECORD_NONE;

	if (out->ending) {
		p.phase = PROGRESS_ENDING;
		return p;
	}
	/* First to last: a test begins after the one before it has ended. */
	for (; p.nended < ntests; p.nended++) {
		const struct page_record *record = &page->records[p.nended];

		state = atomic_load_explicit(&record->state, memory_order_acquire);
		if (state != RECORD_STARTED && state != RECORD_ENDED)
			break;
		p.start_us[p.nended] = clamp_us(field_us(&record->start_us), p.since_us, now_us);
		p.since_us = p.start_us[p.nended];
		if (state == RECORD_STARTED)
			break;
		p.since_us = clamp_us(field_us(&record->end_us), p.since_us, now_us);
	}
	if (p.nended < ntests && state == RECORD_STARTED) {
		p.phase = PROGRESS_TEST;
	} else if (p.nended > 0) {
		p.phase = PROGRESS_BETWEEN;
	} else {
		p = progress_before_tests(out, now_us);
	}
	return p;
}

struct progress progress_of_one(uint64_t handed_us)
{
	return (struct progress){ .phase = PROGRESS_TEST, .since_us = handed_us,
				  .start_us = { handed_us } };
}

static uint64_t sum_us(uint64_t a, uint64_t b)
{
	return a > CLOCK_NEVER - b ? CLOCK_NEVER : a + b;
}

uint64_t progress_between_us(uint64_t other_us)
{
	return other_us > BETWEEN_US ? other_us : BETWEEN_US;
}

uint64_t progress_due_us(uint64_t handed_us, const struct progress *p,
			 const struct deadlines *d)
{
	uint64_t due_us = CLOCK_NEVER, latest_us;

	switch (p->phase) {
	case PROGRESS_TEST:
		due_us = sum_us(p->since_us, d->test_us);
		break;
	case PROGRESS_BETWEEN:
		due_us = sum_us(p->since_us, progress_between_us(d->other_us));
		break;
	case PROGRESS_STARTING:
	case PROGRESS_OPENING:
	case PROGRESS_ENDING:
		due_us = sum_us(p->since_us, d->other_us);
		break;
	}
	/* Whatever times the page gives: a task is overdue when all its tests could have ended. */
	latest_us = sum_us(sum_us(handed_us, d->task_us), sum_us(d->other_us, BETWEEN_US));
	return due_us < latest_us ? due_us : latest_us;
}
