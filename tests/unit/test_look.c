/* SPDX-License-Identifier: MIT */
#include "run/look.h"

#include "run_fixture.h"

#define NOW_US 100000000u

static void an_idle_host_is_left_alone(void **state)
{
	struct scene s;
	struct look look;

	(void)state;
	scene_open(&s, 1);
	assert_false(look_at(&s.watch, NOW_US, 0, &look));
	assert_int_equal(s.host.shared.end.stop, STOP_NOT);
	scene_close(&s);
}

static void a_test_has_its_own_deadline(void **state)
{
	struct scene s;
	struct look look;

	(void)state;
	scene_open(&s, 1);
	scene_runs(&s, 1, NOW_US);
	assert_true(look_at(&s.watch, NOW_US + 999999, 0, &look));
	assert_false(look.overdue);
	assert_int_equal(look.age_us, 999999);
	assert_int_equal(look.due_us, NOW_US + 1000000);
	assert_int_equal(s.host.shared.end.stop, STOP_NOT);
	assert_true(look_at(&s.watch, NOW_US + 1000000, 0, &look));
	assert_true(look.overdue);
	scene_close(&s);
}

/* From then on its worker waits for its end, and no later reason counts. */
static void what_is_overdue_is_marked_as_stopped_with_its_test(void **state)
{
	struct scene s;
	struct look look;

	(void)state;
	scene_open(&s, 1);
	scene_runs(&s, 1, NOW_US);
	assert_true(look_at(&s.watch, NOW_US + 1000000, 0, &look));
	assert_int_equal(s.host.shared.end.stop, STOP_TIMEOUT);
	assert_int_equal(s.host.shared.end.stop_serial, 2);
	assert_false(s.host.shared.end.stop_exit);
	scene_runs(&s, 2, NOW_US);
	assert_true(look_at(&s.watch, NOW_US + 1000000, 0, &look));
	assert_int_equal(s.host.shared.end.stop_serial, 2);
	scene_close(&s);
}

static void pauses_are_nobody_s_time(void **state)
{
	struct scene s;
	struct look look;

	(void)state;
	scene_open(&s, 1);
	scene_runs(&s, 0, NOW_US);
	assert_int_equal(pauses_add(&s.run.pauses, NOW_US + 100, NOW_US + 5000100), 0);
	assert_true(look_at(&s.watch, NOW_US + 5000200, 0, &look));
	assert_false(look.overdue);
	assert_int_equal(look.age_us, 200);
	assert_int_equal(look.due_us, NOW_US + 6000000);
	scene_close(&s);
}

/* A run that goes on gives an exit its deadline, one that is to end the grace time. */
static void an_exit_has_the_grace_time_once_the_run_is_to_end(void **state)
{
	struct scene s;
	struct look look;

	(void)state;
	scene_open(&s, 1);
	s.host.shared.work = (struct host_work){ .busy = true, .ending = true, .handed_us = NOW_US };
	scene_progress = (struct progress){ .phase = PROGRESS_ENDING, .since_us = NOW_US };
	assert_true(look_at(&s.watch, NOW_US + 1000, 0, &look));
	assert_false(look.overdue);
	assert_true(look_at(&s.watch, NOW_US + 1000, NOW_US + 1, &look));
	assert_false(look.overdue);
	assert_int_equal(look.due_us, NOW_US + 1001);
	assert_true(look_at(&s.watch, NOW_US + 1001, NOW_US + 1, &look));
	assert_true(look.overdue);
	assert_int_equal(s.host.shared.end.stop, STOP_CANCELLED);
	assert_true(s.host.shared.end.stop_exit);
	assert_int_equal(s.host.shared.end.stop_turn, 1);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_host_is_left_alone),
		cmocka_unit_test(a_test_has_its_own_deadline),
		cmocka_unit_test(what_is_overdue_is_marked_as_stopped_with_its_test),
		cmocka_unit_test(pauses_are_nobody_s_time),
		cmocka_unit_test(an_exit_has_the_grace_time_once_the_run_is_to_end),
	};

	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
