/* SPDX-License-Identifier: MIT */
#include "base/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void patterns_are_parts_or_globs(void **state)
{
	(void)state;
	assert_true(pattern_matches("math::add", "th::a"));
	assert_false(pattern_matches("math::add", "sub"));
	assert_true(pattern_matches("math::add", "*::a??"));
	assert_false(pattern_matches("math::add", "a*"));
	assert_true(pattern_matches("math::add[1]", "add[1]"));
	assert_true(pattern_matches("math::add", "math::[a-c]*"));
	assert_true(pattern_matches("a/b::c", "a*c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_parts_or_globs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
