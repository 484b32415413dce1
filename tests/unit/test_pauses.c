/* SPDX-License-Identifier: MIT */
#include "run/pauses.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_lies_between_the_two_points_counts),
	};

	return cmocka_run_group_tests_name("pauses", tests, NULL, NULL);
}
