/* SPDX-License-Identifier: MIT */
#include "hosts/progress.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define S 1000000ull
#define HANDED (100 * S)
#define NOW (200 * S)
#define NTESTS 3

static struct page page;

static struct hand_out out_of(bool ending)
{
	return (struct hand_out){ .page = &page, .ntests = NTESTS, .ending = ending,
				  .handed_us = HANDED };
}

static void record(unsigned i, enum record_state state, uint64_t start_us, uint64_t end_us)
{
	page.records[i].start_us = start_us;
	page.records[i].end_us = end_us;
	atomic_store(&page.records[i].state, state);
}

static void phase(enum page_phase what, uint64_t us)
{
	atomic_store(&page.phase_us, us);
	atomic_store(&page.phase, what);
}

static int page_clear(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	return 0;
}

static void check(enum progress_phase what, unsigned nended, uint64_t since_us)
{
	struct hand_out out = out_of(false);
	struct progress p = progress_read(&out, NOW);

	assert_int_equal(p.phase, what);
	assert_int_equal(p.nended, nended);
	assert_int_equal(p.since_us, since_us);
}

static void a_host_starts_opens_and_runs(void **state)
{
	(void)state;
	phase(PAGE_IDLE, HANDED - S);
	check(PROGRESS_STARTING, 0, HANDED);
	phase(PAGE_OPENING, HANDED + S);
	check(PROGRESS_OPENING, 0, HANDED + S);
	record(0, RECORD_STARTED, HANDED + 2 * S, 0);
	phase(PAGE_RUNNING, HANDED + 2 * S);
	check(PROGRESS_TEST, 0, HANDED + 2 * S);
}

/* The phase's own time is that of the last start: half a minute too early. */
static void between_two_tests_the_time_is_since_the_last_end(void **state)
{
	struct hand_out out = out_of(false);

	(void)state;
	phase(PAGE_RUNNING, HANDED + S);
	record(0, RECORD_ENDED, HANDED + S, HANDED + 31 * S);
	check(PROGRESS_BETWEEN, 1, HANDED + 31 * S);
	record(1, RECORD_STARTED, HANDED + 32 * S, 0);
	check(PROGRESS_TEST, 1, HANDED + 32 * S);
	record(1, RECORD_ENDED, HANDED + 32 * S, HANDED + 33 * S);
	record(2, RECORD_ENDED, HANDED + 34 * S, HANDED + 35 * S);
	check(PROGRESS_BETWEEN, 3, HANDED + 35 * S);
	assert_int_equal(progress_read(&out, NOW).start_us[0], HANDED + S);
	assert_int_equal(progress_read(&out, NOW).start_us[2], HANDED + 34 * S);
}

static void an_executable_runs_from_its_start(void **state)
{
	struct progress p = progress_of_one(HANDED);

	(void)state;
	assert_int_equal(p.phase, PROGRESS_TEST);
	assert_int_equal(p.since_us, HANDED);
	assert_int_equal(p.start_us[0], HANDED);
}

static void a_host_that_was_told_to_end_runs_no_test(void **state)
{
	struct hand_out out = out_of(true);
	struct progress p;

	(void)state;
	record(0, RECORD_STARTED, HANDED + S, 0);
	p = progress_read(&out, NOW);
	assert_int_equal(p.phase, PROGRESS_ENDING);
	assert_int_equal(p.since_us, HANDED);
}

static void no_time_leaves_the_hand_out(void **state)
{
	static const uint64_t lies[] = { 0, HANDED - 1, NOW + 1, CLOCK_NEVER };
	struct hand_out out = out_of(false);

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint64_t want = lies[i] < HANDED ? HANDED : NOW;

		record(0, RECORD_STARTED, lies[i], 0);
		check(PROGRESS_TEST, 0, want);
		assert_int_equal(progress_read(&out, NOW).start_us[0], want);
		record(0, RECORD_ENDED, lies[i], lies[i]);
		check(PROGRESS_BETWEEN, 1, want);
		/* A test does not begin before the one before it has ended. */
		record(1, RECORD_STARTED, HANDED + S, 0);
		check(PROGRESS_TEST, 1, want > HANDED + S ? want : HANDED + S);
		record(1, RECORD_NONE, 0, 0);
		record(0, RECORD_NONE, 0, 0);
		phase(PAGE_OPENING, lies[i]);
		check(PROGRESS_OPENING, 0, want);
	}
}

static void states_that_do_not_exist_are_not_begun(void **state)
{
	(void)state;
	record(0, RECORD_ENDED, HANDED, HANDED + S);
	atomic_store(&page.records[1].state, 77);
	record(2, RECORD_STARTED, HANDED + S, 0);
	check(PROGRESS_BETWEEN, 1, HANDED + S);
	atomic_store(&page.phase, 77);
	atomic_store(&page.records[0].state, 77);
	check(PROGRESS_STARTING, 0, HANDED);
}

static uint64_t due(enum progress_phase what, uint64_t since_us, uint64_t test_us, uint64_t other_us)
{
	struct hand_out out = out_of(what == PROGRESS_ENDING);
	struct progress p = { .phase = what, .since_us = since_us };
	struct deadlines d = { .test_us = test_us, .other_us = other_us, .task_us = 60 * S };

	return progress_due_us(out.handed_us, &p, &d);
}

static void a_test_has_its_own_deadline_and_the_rest_the_run_s(void **state)
{
	(void)state;
	assert_int_equal(due(PROGRESS_TEST, HANDED + S, 30 * S, 2 * S), HANDED + 31 * S);
	assert_int_equal(due(PROGRESS_TEST, HANDED + S, S / 10, 2 * S), HANDED + S + S / 10);
	assert_int_equal(due(PROGRESS_OPENING, HANDED + S, 30 * S, 2 * S), HANDED + 3 * S);
	assert_int_equal(due(PROGRESS_STARTING, HANDED, 30 * S, 2 * S), HANDED + 2 * S);
	assert_int_equal(due(PROGRESS_ENDING, HANDED, 30 * S, 2 * S), HANDED + 2 * S);
}

/* Neither the test's deadline nor the run's, however short they are. */
static void the_time_between_two_tests_is_nobody_s(void **state)
{
	(void)state;
	assert_int_equal(due(PROGRESS_BETWEEN, HANDED + S, 1000, 1000), HANDED + 21 * S);
	assert_int_equal(due(PROGRESS_BETWEEN, HANDED + S, 1000, 50 * S), HANDED + 51 * S);
}

static void a_task_ends_when_all_its_tests_could_have(void **state)
{
	(void)state;
	assert_int_equal(due(PROGRESS_TEST, NOW, 30 * S, 2 * S), HANDED + 60 * S + 2 * S + 20 * S);
	assert_int_equal(due(PROGRESS_TEST, HANDED, CLOCK_NEVER, CLOCK_NEVER), CLOCK_NEVER);
}

#define progress_test(function) cmocka_unit_test_setup(function, page_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		progress_test(a_host_starts_opens_and_runs),
		progress_test(between_two_tests_the_time_is_since_the_last_end),
		progress_test(an_executable_runs_from_its_start),
		progress_test(a_host_that_was_told_to_end_runs_no_test),
		progress_test(no_time_leaves_the_hand_out),
		progress_test(states_that_do_not_exist_are_not_begun),
		progress_test(a_test_has_its_own_deadline_and_the_rest_the_run_s),
		progress_test(the_time_between_two_tests_is_nobody_s),
		progress_test(a_task_ends_when_all_its_tests_could_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
