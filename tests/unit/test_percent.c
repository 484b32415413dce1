/* SPDX-License-Identifier: MIT */
#include "base/percent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_percentage_is_whole_only_if_all_is_there(void **state)
{
	(void)state;
	assert_true(percent_shown(99999, 100000) == 99.9);
	assert_true(percent_shown(1, 100000) == 0.1);
	assert_true(percent_shown(3, 3) == 100);
	assert_true(percent_shown(0, 3) == 0);
	assert_true(percent_shown(0, 0) == 0);
}

static void a_share_is_exact_where_it_is_not_shown(void **state)
{
	(void)state;
	assert_true(percent_of(99999, 100000) > 99.9);
	assert_true(percent_of(1, 4) == 25);
	assert_true(percent_of(0, 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_percentage_is_whole_only_if_all_is_there),
		cmocka_unit_test(a_share_is_exact_where_it_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
