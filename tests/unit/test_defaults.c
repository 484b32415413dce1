/* SPDX-License-Identifier: MIT */
#include "lib/defaults.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_was_not_said_has_its_default(void **state)
{
	const struct proctor_options from = { .leak_us = PROCTOR_AT_ONCE, .grace_us = 7 };
	struct proctor_options to, defaults;
	struct proctor_error err;

	(void)state;
	assert_int_equal(defaults_fill(&defaults, &(struct proctor_options){ 0 }, &err), 0);
	assert_true(defaults.timeout_us > 0 && defaults.max_output_bytes > 0 && defaults.leak_us > 0);
	assert_int_equal(defaults.repeat, 1);
	assert_int_equal(defaults_fill(&to, &from, &err), 0);
	assert_int_equal(to.grace_us, 7);
	assert_int_equal(to.leak_us, 0);
	assert_int_equal(to.timeout_us, defaults.timeout_us);
}

static void more_threads_than_a_run_may_have_are_refused(void **state)
{
	const struct proctor_options from = { .nthreads = PROCTOR_THREADS_MAX + 1 };
	struct proctor_options to;
	struct proctor_error err;

	(void)state;
	assert_int_equal(defaults_fill(&to, &from, &err), -EINVAL);
}

static void a_shuffle_has_a_seed_that_can_be_typed_again(void **state)
{
	const struct proctor_options drawn = { .shuffle = true }, given = { .shuffle = true, .seed = 42 };
	struct proctor_options to;
	struct proctor_error err;

	(void)state;
	assert_int_equal(defaults_fill(&to, &drawn, &err), 0);
	assert_in_range(to.seed, 1, UINT32_MAX);
	assert_int_equal(defaults_fill(&to, &given, &err), 0);
	assert_int_equal(to.seed, 42);
}

/* A suite that cannot be run does not count: nobody knows whose it is. */
static void a_crash_ends_the_run_only_if_all_suites_are_of_those_that_want_it(void **state)
{
	struct suite tml = { .adapter = &adapter_tml }, exe = { .adapter = &adapter_exe };
	struct test tests[2] = { { .suite = &tml }, { .suite = &exe } };
	struct test *list[2] = { &tests[0], &tests[1] };
	struct proctor_plan plan = { .tests = list, .ntests = 2 };
	struct proctor_options said = { .on_crash = PROCTOR_ON_CRASH_STOP }, mixed = { 0 }, all = { 0 };

	(void)state;
	defaults_fill_for(&said, &plan);
	assert_int_equal(said.on_crash, PROCTOR_ON_CRASH_STOP);
	defaults_fill_for(&mixed, &plan);
	assert_int_equal(mixed.on_crash, PROCTOR_ON_CRASH_CONTINUE);
	exe.error = "cannot be read";
	defaults_fill_for(&all, &plan);
	assert_int_equal(all.on_crash, PROCTOR_ON_CRASH_STOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_said_has_its_default),
		cmocka_unit_test(more_threads_than_a_run_may_have_are_refused),
		cmocka_unit_test(a_shuffle_has_a_seed_that_can_be_typed_again),
		cmocka_unit_test(a_crash_ends_the_run_only_if_all_suites_are_of_those_that_want_it),
	};

	return cmocka_run_group_tests_name("defaults", tests, NULL, NULL);
}
