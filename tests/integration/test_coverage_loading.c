/* SPDX-License-Identifier: MIT */
/* Coverage: counts are kept of what happens while a program or a library is loaded. */
#include "coverage_runs.h"

static const struct begin_row {
	const char *how;
	struct {
		int exit_code;
		int count;		/* of begin_work; -1: nothing is known of it */
	} library, program;
} begin_rows[] = {
	{ "COVERAGE_BEGIN=crash", { 1, 1 }, { 1, 1 } },
	{ "COVERAGE_BEGIN=exit", { 1, 1 }, { 0, 1 } },
	{ "COVERAGE_BEGIN=hang", { 1, 1 }, { 1, 1 } },
	{ "COVERAGE_BEGIN=hang-deaf", { 1, 1 }, { 1, 1 } },
	{ "COVERAGE_BEGIN=killed", { 3, -1 }, { 3, -1 } },
	{ "COVERAGE_BEGIN=exec", { 1, 1 }, { 0, 3 } },
	{ "COVERAGE_BEGIN=child-exit", { 0, 3 }, { 0, 3 } },
	{ "COVERAGE_BEGIN=child-killed", { 3, 2 }, { 3, 2 } },
};

/* Constructors count, whatever happens in them: of a library, of a program and of what it needs. */
static void what_happens_while_loading_counts(void **state)
{
	static const char *const names[] = {
		"coverage/libbegin.so", "coverage/begin", "coverage/beginneeds",
	};
	const struct begin_row *row = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct run *run = cover_with(row->how, WORDS(SHORT, need_suite(names[i], "")));
		int exit_code = i == 0 ? row->library.exit_code : row->program.exit_code;
		int count = i == 0 ? row->library.count : row->program.count;

		assert_int_equal(run->exit_code, exit_code);
		if (exit_code == 3)
			check_problem(run, count < 0 ? "are missing" : "forked are missing");
		else
			check_complete(run, exit_code);
		assert_int_equal(count_of(run, "begin_work"), count);
	}
}

/* What was opened after the fork is not in the child. */
static void a_child_of_a_constructor_may_stay(void **state)
{
	struct run *run = cover_with("COVERAGE_BEGIN=child-stays",
				     WORDS("-j1", need_suite("coverage/libbegin.so%s", ""),
					   suite_path("coverage/liblater.so")));

	(void)state;
	check_complete(run, 0);
	assert_int_equal(count_of(run, "begin_work"), 3);
}

#define BEGIN_ROW(i) \
	harness_row_test("what_happens_while_loading_counts", \
			 what_happens_while_loading_counts, &begin_rows[i])

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEGIN_ROW(0), BEGIN_ROW(1), BEGIN_ROW(2), BEGIN_ROW(3), BEGIN_ROW(4),
		BEGIN_ROW(5), BEGIN_ROW(6), BEGIN_ROW(7),
		harness_test(a_child_of_a_constructor_may_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
