/* SPDX-License-Identifier: MIT */
#include "run/turn.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void a_look_is_due_at_the_tick_or_when_somebody_wants_it(void **state)
{
	struct turn t = { 0 };

	(void)state;
	assert_true(turn_look_due(&t, 1000000));
	assert_false(turn_look_due(&t, 1000001));
	assert_int_equal(t.look_us, 1000000 + TICK_US);
	turn_look_by(&t, 1000500);
	turn_look_by(&t, 2000000);
	assert_false(turn_look_due(&t, 1000499));
	assert_true(turn_look_due(&t, 1000500));
}

static void a_tick_is_told_once_however_often_all_is_looked_at(void **state)
{
	struct turn t = { 0 };

	(void)state;
	assert_true(turn_tick_due(&t, 1000000));
	assert_false(turn_tick_due(&t, 1000001));
	assert_true(turn_tick_due(&t, 1000000 + TICK_US));
}

static void events_are_kept_back_for_a_moment(void **state)
{
	struct turn t = { .flushed_us = 1000000, .look_us = 1000000 + TICK_US };
	uint64_t due_us = turn_due_us(&t, true);

	(void)state;
	assert_false(turn_flush_due(&t, 1000001));
	assert_in_range(due_us, 1000001, 1000000 + TICK_US);
	assert_true(turn_flush_due(&t, due_us));
	assert_int_equal(turn_due_us(&t, false), 1000000 + TICK_US);
	turn_look_by(&t, 1000002);
	assert_int_equal(turn_due_us(&t, true), 1000002);
}

static void a_nap_is_for_hosts_that_run_one_small_test_after_the_other(void **state)
{
	struct watch other = { .state = HOST_RUNNING }, h = { .state = HOST_RUNNING, .next = &other };
	struct turn t = { 0 };

	(void)state;
	assert_false(turn_may_nap(&t, NULL));
	assert_true(turn_may_nap(&t, &h));
	/* A worker waits for its end, of which this thread has to hear first. */
	other.alone = true;
	assert_false(turn_may_nap(&t, &h));
	t.nread_bytes = 100;
	assert_false(turn_may_nap(&t, &h));
	other.watched = true;
	assert_true(turn_may_nap(&t, &h));
	other.pidfd = -1;
	assert_false(turn_may_nap(&t, &h));
	other.alone = false;
	t.nread_bytes = 0;
	other.state = HOST_DRAINING;
	assert_false(turn_may_nap(&t, &h));
	other.state = HOST_RUNNING;
	t.nread_bytes = 1u << 20;
	assert_false(turn_may_nap(&t, &h));
}

static void a_nap_ends_with_a_process_that_is_waited_for(void **state)
{
	struct watch h = { .state = HOST_RUNNING, .alone = true, .watched = true };
	uint64_t shortest_us = UINT64_MAX;
	int over[2];

	(void)state;
	assert_int_equal(pipe(over), 0);
	close(over[1]);
	h.pidfd = over[0];
	/* The machine may stand still in one of them. */
	for (int i = 0; i < 100; i++) {
		uint64_t from_us = clock_us(), us;

		turn_nap(-1, &h);
		us = clock_us() - from_us;
		if (us < shortest_us)
			shortest_us = us;
	}
	assert_in_range(shortest_us, 0, 200);
	close(over[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_is_due_at_the_tick_or_when_somebody_wants_it),
		cmocka_unit_test(a_tick_is_told_once_however_often_all_is_looked_at),
		cmocka_unit_test(events_are_kept_back_for_a_moment),
		cmocka_unit_test(a_nap_is_for_hosts_that_run_one_small_test_after_the_other),
		cmocka_unit_test(a_nap_ends_with_a_process_that_is_waited_for),
	};

	return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
