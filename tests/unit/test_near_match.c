/* SPDX-License-Identifier: MIT */
#include "cli/near_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void near_names_are_found(void **state)
{
	static const char *const names[] = { "run", "list", "doctor" };

	(void)state;
	assert_string_equal(near_match("rnu", names, 3), "run");
	assert_string_equal(near_match("docter", names, 3), "doctor");
	assert_string_equal(near_match("lst", names, 3), "list");
	assert_null(near_match("completely", names, 3));
	assert_null(near_match("", names, 3));
}

static void what_is_short_for_one_name_means_it(void **state)
{
	static const char *const names[] = { "timeout", "test-threads", "skip" };

	(void)state;
	assert_string_equal(near_longer("tim", names, 3), "timeout");
	assert_string_equal(near_longer("skip", names, 3), "skip");
	assert_null(near_longer("t", names, 3));
	assert_null(near_longer("x", names, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_names_are_found),
		cmocka_unit_test(what_is_short_for_one_name_means_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
