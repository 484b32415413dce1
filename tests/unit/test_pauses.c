/* SPDX-License-Identifier: MIT */
#include "run/pauses.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void only_what_lies_between_the_two_points_counts(void **state)
{
	struct pauses p;

	(void)state;
	pauses_init(&p);
	assert_int_equal(pauses_within(&p, 0, 1000), 0);
	assert_int_equal(pauses_add(&p, 100, 200), 0);
	assert_int_equal(pauses_add(&p, 300, 400), 0);
	assert_int_equal(pauses_within(&p, 0, 1000), 200);
	assert_int_equal(pauses_within(&p, 150, 350), 100);
	assert_int_equal(pauses_within(&p, 120, 130), 10);
	assert_int_equal(pauses_within(&p, 200, 300), 0);
	assert_int_equal(pauses_within(&p, 500, 1000), 0);
	pauses_fini(&p);
}

static void a_look_that_comes_on_time_or_a_little_late_is_no_pause(void **state)
{
	struct pauses p;

	(void)state;
	pauses_init(&p);
	assert_int_equal(pauses_look(&p, 5000000), 0);
	pauses_expect(&p, 8000000);
	assert_int_equal(pauses_look(&p, 8400000), 0);
	assert_int_equal(p.n, 0);
	pauses_fini(&p);
}

/* Since the look before: nobody knows when in between it began. */
static void a_look_that_comes_much_too_late_tells_of_a_pause(void **state)
{
	struct pauses p;

	(void)state;
	pauses_init(&p);
	assert_int_equal(pauses_look(&p, 5000000), 0);
	pauses_expect(&p, 5100000);
	assert_int_equal(pauses_look(&p, 9000000), 0);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.list[0].from_us, 5000000);
	assert_int_equal(p.list[0].to_us, 9000000);
	pauses_fini(&p);
}

/* Whoever asks first, in the moment in which the run goes on. */
static void a_pause_counts_before_the_look_that_notices_it(void **state)
{
	uint64_t now_us = clock_us();
	struct pauses p;

	(void)state;
	pauses_init(&p);
	assert_int_equal(pauses_look(&p, now_us - 9000000), 0);
	pauses_expect(&p, now_us - 8900000);
	assert_int_equal(pauses_within(&p, now_us - 10000000, now_us - 1000000), 8000000);
	assert_int_equal(pauses_look(&p, now_us), 0);
	assert_int_equal(pauses_within(&p, now_us - 10000000, now_us - 1000000), 8000000);
	pauses_fini(&p);
}

static void what_is_known_to_have_been_a_pause_is_counted_once(void **state)
{
	uint64_t now_us = clock_us();
	struct pauses p;

	(void)state;
	pauses_init(&p);
	assert_int_equal(pauses_look(&p, now_us - 9000000), 0);
	pauses_expect(&p, now_us - 8900000);
	assert_int_equal(pauses_add(&p, now_us - 8950000, now_us - 100000), 0);
	assert_int_equal(pauses_look(&p, now_us), 0);
	assert_int_equal(pauses_within(&p, now_us - 10000000, now_us), 8850000);
	pauses_fini(&p);
}

static void who_expects_no_look_hears_of_no_pause(void **state)
{
	uint64_t now_us = clock_us();
	struct pauses p;

	(void)state;
	pauses_init(&p);
	assert_int_equal(pauses_within(&p, 0, now_us), 0);
	assert_int_equal(pauses_look(&p, now_us - 9000000), 0);
	pauses_expect(&p, CLOCK_NEVER);
	assert_int_equal(pauses_within(&p, 0, now_us), 0);
	pauses_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_lies_between_the_two_points_counts),
		cmocka_unit_test(a_look_that_comes_on_time_or_a_little_late_is_no_pause),
		cmocka_unit_test(a_look_that_comes_much_too_late_tells_of_a_pause),
		cmocka_unit_test(a_pause_counts_before_the_look_that_notices_it),
		cmocka_unit_test(what_is_known_to_have_been_a_pause_is_counted_once),
		cmocka_unit_test(who_expects_no_look_hears_of_no_pause),
	};

	return cmocka_run_group_tests_name("pauses", tests, NULL, NULL);
}
