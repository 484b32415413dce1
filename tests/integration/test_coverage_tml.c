/* SPDX-License-Identifier: MIT */
/* Coverage: TML's functions. */
#include "coverage_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tml_functions_are_collected(void **state)
{
	static const char *const kinds[] = { "batch", "test", "fork" };
	const char *tml = suite_path("coverage/libtml.so");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char isolation[32], *html;
		struct run *run;

		snprintf(isolation, sizeof(isolation), "--isolation=%s", kinds[i]);
		run = cover(true, WORDS(SHORT, isolation, tml));
		check_complete(run, 1);
		check_tml(run);
		html = coverage_text(run, "coverage/index.html");
		assert_non_null(strstr(html, "core::parse[Str]"));
		free(html);
	}
}

static void tml_functions_of_a_killed_child_are_missed(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=1",
				     WORDS("--coverage=tml", suite_path("coverage/libtml.so")));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "TML functions of 1 process that suite tml (test");
	assert_int_equal(function_hits(run, "core::lost"), -1);
	assert_int_equal(function_hits(run, "core::wait"), 1);
}

static void tml_functions_after_a_handled_crash_are_missed(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=handled",
				     WORDS("--coverage=tml", suite_path("coverage/libtml.so")));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "TML functions of suite tml (test");
	assert_int_equal(function_hits(run, "core::before"), 1);
	assert_int_equal(function_hits(run, "core::after"), -1);
}

static void a_name_that_cannot_be_kept_loses_no_other(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=name",
				     WORDS("--coverage=tml", suite_path("coverage/libtml.so")));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "could not enter them all");
	check_tml(run);
}

/* The runtime crashes when it is asked; the counters do not go with it. */
static void a_damaged_table_loses_functions_only(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=table",
				     WORDS("-j1", need_suite("coverage/libneeds_%s.so", "19"),
					   suite_path("coverage/libtml.so"), "--filter",
					   "tml::tml_test_5", "--filter", "needs_19"));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "suite tml (test tml_test_5) are missing: process 1 of the run ended by SIGABRT");
	assert_int_equal(count_of(run, "dep_twice"), 3);
}

/* They owe what they called while tests of TML's suites ran, and nothing later. */
static void other_suites_owe_no_tml_functions(void **state)
{
	struct run *run = cover_with("COVERAGE_BEGIN=child-killed",
				     WORDS("--coverage=tml", "-j1",
					   suite_path("coverage/libtml.so"),
					   need_suite("coverage/libbegin.so%s", "")));

	(void)state;
	check_complete(run, 0);
	check_tml(run);
}

static void tml_functions_of_an_executable_have_no_counts(void **state)
{
	struct run *run = cover(false, WORDS("--coverage=tml", suite_path("coverage/tml_exe")));

	(void)state;
	check_complete(run, 0);
	assert_int_equal(function_hits(run, "core::add"), 0);
	assert_int_equal(function_hits(run, "core::crash"), 0);
	run = cover(true, WORDS(SHORT, suite_path("coverage/tml_exe")));
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "TML functions of suite tml_exe (test tml_exe) may be missing");
	assert_int_equal(function_hits(run, "core::add"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(tml_functions_are_collected),
		harness_test(tml_functions_of_a_killed_child_are_missed),
		harness_test(tml_functions_after_a_handled_crash_are_missed),
		harness_test(a_name_that_cannot_be_kept_loses_no_other),
		harness_test(a_damaged_table_loses_functions_only),
		harness_test(other_suites_owe_no_tml_functions),
		harness_test(tml_functions_of_an_executable_have_no_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
