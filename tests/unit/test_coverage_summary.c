/* SPDX-License-Identifier: MIT */
#include "report/coverage_summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void the_summary_has_a_bar_for_each_file(void **state)
{
	const struct proctor_coverage_file files[] = {
		{ .path = "/src/l\033ib/a.c", .lines = { 10, 10 } },
		{ .path = "/src/l\033ib/deep/\033[31mb.c", .lines = { 1000, 999 } },
		{ .path = "/src/l\033ib/none.h" },
	};
	const char *const problems[] = { "the counts of suite x are missing" };
	const struct proctor_coverage_summary s = {
		.files = files, .nfiles = 3,
		.total = { .path = "TOTAL", .lines = { 1010, 1009 }, .functions = { 4, 2 } },
		.problems = problems, .nproblems = 1, .json_path = "c/coverage.json",
		.has_minimum = true, .below_minimum = true, .minimum_percent = 99.95,
	};
	struct bytes to = { 0 };

	(void)state;
	coverage_append(&to, &s, false, 0);
	assert_string_equal(bytes_string(&to),
		"Coverage: 99.9 % of lines (1009 of 1010), functions 50.0 %\n"
		"  in /src/l\\x1bib/\n"
		"  a.c                   10/10  100.0 %  ####################\n"
		"  deep/\\x1b[31mb.c      999/1000   99.9 %  ###################.\n"
		"  none.h                  0/0      -\n"
		"  total             1009/1010   99.9 %  ###################.\n"
		"  below the minimum of 99.95 % of lines\n"
		"  incomplete: the counts of suite x are missing\n"
		"  report: c/coverage.json\n");
	bytes_fini(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_summary_has_a_bar_for_each_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
