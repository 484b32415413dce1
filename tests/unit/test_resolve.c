/* SPDX-License-Identifier: MIT */
#include "plan/resolve.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plan/order.h"

#define SECOND_US 1000000u

/* A plan of one library with `ntests` tests, numbered. */
static struct proctor_plan *plan_of(size_t ntests)
{
	struct proctor_plan *plan = plan_new();
	struct suite *s = plan ? plan_suite_new(plan, "s", NULL, "/s.so") : NULL;

	assert_non_null(s);
	for (unsigned i = 0; i < ntests; i++)
		assert_non_null(suite_test_by_index(s, i, NULL, NULL));
	return plan;
}

static void resolve(struct proctor_plan *plan, const struct proctor_options *options)
{
	assert_int_equal(plan_collect(plan, NULL), 0);
	assert_int_equal(plan_resolve(plan, options, NULL), 0);
}

static void what_a_test_does_not_say_is_the_runs(void **state)
{
	const struct proctor_options options = {
		.timeout_us = 20 * SECOND_US, .grace_us = 2 * SECOND_US, .slow_after_us = 3,
		.max_output_bytes = 4, .retries = 5, .isolation = PROCTOR_ISOLATION_FORK,
	};
	struct proctor_plan *plan = plan_of(3);

	(void)state;
	resolve(plan, &options);
	for (size_t i = 0; i < 3; i++) {
		const struct test_settings *s = plan->tests[i]->settings;

		assert_ptr_equal(s, &plan->settings);
		assert_int_equal(s->timeout_us, 20 * SECOND_US);
		assert_int_equal(s->grace_us, 2 * SECOND_US);
		assert_int_equal(s->slow_after_us, 3);
		assert_int_equal(s->max_output_bytes, 4);
		assert_int_equal(s->retries, 5);
		assert_int_equal(s->isolation, PROCTOR_ISOLATION_FORK);
		assert_false(s->own_host);
	}
	plan_free(plan);
}

static void a_tests_own_timeout_comes_first(void **state)
{
	const struct proctor_options options = { .timeout_us = 20 * SECOND_US, .retries = 1 };
	struct proctor_plan *plan = plan_of(4);

	(void)state;
	plan->suites[0]->tests[1].pub.timeout_us = SECOND_US;
	plan->suites[0]->tests[2].pub.timeout_us = SECOND_US;
	plan->suites[0]->tests[3].pub.timeout_us = 7;
	resolve(plan, &options);
	assert_int_equal(plan->tests[0]->settings->timeout_us, 20 * SECOND_US);
	assert_int_equal(plan->tests[1]->settings->timeout_us, SECOND_US);
	assert_int_equal(plan->tests[3]->settings->timeout_us, 7);
	/* All else is the run's, and neighbours alike share what they have. */
	assert_int_equal(plan->tests[1]->settings->retries, 1);
	assert_ptr_equal(plan->tests[1]->settings, plan->tests[2]->settings);
	assert_ptr_not_equal(plan->tests[2]->settings, plan->tests[3]->settings);
	plan_free(plan);
}

static void slow_is_half_the_tests_timeout_unless_it_was_said(void **state)
{
	struct proctor_options options = { .timeout_us = 20 * SECOND_US };
	struct proctor_plan *plan = plan_of(2);

	(void)state;
	plan->suites[0]->tests[1].pub.timeout_us = SECOND_US;
	resolve(plan, &options);
	assert_int_equal(plan->tests[0]->settings->slow_after_us, 10 * SECOND_US);
	assert_int_equal(plan->tests[1]->settings->slow_after_us, SECOND_US / 2);
	options.slow_after_us = 9;
	resolve(plan, &options);
	assert_int_equal(plan->tests[0]->settings->slow_after_us, 9);
	assert_int_equal(plan->tests[1]->settings->slow_after_us, 9);
	plan_free(plan);
}

/* A process has one directory and one environment, and a program is one test. */
static void what_is_a_processs_is_not_shared(void **state)
{
	const struct proctor_options options = { .timeout_us = 1 };
	char *env[] = { "A=1", NULL };
	struct proctor_plan *plan = plan_of(3);
	struct suite *program = plan_suite_new(plan, "p", NULL, "/p");

	(void)state;
	assert_non_null(program);
	program->adapter = &adapter_exe;
	assert_non_null(suite_test_new(program, 0, "p", NULL, NULL));
	plan->suites[0]->tests[1].workdir = (char *)"/";
	plan->suites[0]->tests[2].env = env;
	resolve(plan, &options);
	assert_false(plan->tests[0]->settings->own_host);
	for (size_t i = 1; i < 4; i++)
		assert_true(plan->tests[i]->settings->own_host);
	plan_free(plan);
}

static void a_process_for_each_test_is_for_all(void **state)
{
	const struct proctor_options options = { .timeout_us = 1, .isolation = PROCTOR_ISOLATION_TEST };
	struct proctor_plan *plan = plan_of(2);

	(void)state;
	resolve(plan, &options);
	assert_true(plan->tests[0]->settings->own_host);
	assert_true(plan->tests[1]->settings->own_host);
	plan_free(plan);
}

/* The same plan may be run again, asked for something else. */
static void a_plan_is_resolved_anew_for_each_run(void **state)
{
	struct proctor_options options = { .timeout_us = SECOND_US };
	struct proctor_plan *plan = plan_of(2);

	(void)state;
	plan->suites[0]->tests[0].pub.timeout_us = 5;
	for (unsigned i = 1; i <= 3; i++) {
		options.retries = i;
		resolve(plan, &options);
		assert_int_equal(plan->tests[0]->settings->timeout_us, 5);
		assert_int_equal(plan->tests[0]->settings->retries, i);
		assert_int_equal(plan->tests[1]->settings->retries, i);
	}
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_test_does_not_say_is_the_runs),
		cmocka_unit_test(a_tests_own_timeout_comes_first),
		cmocka_unit_test(slow_is_half_the_tests_timeout_unless_it_was_said),
		cmocka_unit_test(what_is_a_processs_is_not_shared),
		cmocka_unit_test(a_process_for_each_test_is_for_all),
		cmocka_unit_test(a_plan_is_resolved_anew_for_each_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
