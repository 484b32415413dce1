/* SPDX-License-Identifier: MIT */
/* Test programs of Rust's own harness: each verdict is that of the program's own run, however it is shared out. */
#include "harness.h"
#include "framework.h"

static const char *rust_ways(void)
{
	return framework_program("rust/ways", "rustc");
}

/* "test a::b - should panic ... ok" */
static void its_own_run_says_the_same(void **state)
{
	char *own;
	unsigned ntests = 0;

	(void)state;
	/* With its own capture, so that a result stands behind its name. */
	own = framework_own_output(rust_ways(), "--test-threads=1 2>/dev/null");
	for (unsigned i = 0; i < 12; i++) {
		static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };
		static const char *const threads[] = { "-j1", "-j2", "-j4", "-j8" };
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS(isolations[i % 3], threads[i / 3], rust_ways()),
		});

		assert_int_equal(run->exit_code, 1);
		ntests = 0;
		for (char *line = own; *line; line += strcspn(line, "\n"), line += *line == '\n') {
			size_t n = strcspn(line, "\n");
			char name[256], id[300];

			if (sscanf(line, "test %255s", name) != 1 || strcmp(name, "result:") == 0)
				continue;
			snprintf(id, sizeof(id), "ways::%s", name);
			run_check_verdict(run, id, memmem(line, n, " ... ignored", 12) ? "skip" :
					  memcmp(line + n - 2, "ok", 2) == 0 ? "pass" : "fail");
			ntests++;
		}
		assert_int_equal(ntests, 15);
		assert_int_equal(run_count(run, "test-end"), 15);
		run_free(run);
	}
	free(own);
}

static void a_failure_says_why_and_where(void **state)
{
	struct run *run;

	(void)state;
	/* Alone: so it is known whose error it was, and before Rust 1.67 whose panic. */
	run = run_proctor(&(struct run_setup){ .args = WORDS("--isolation=test", rust_ways()) });
	framework_check_message(run, "ways::a::fails", "ways.rs:13:");
	framework_check_message(run, "ways::a::fails", "sums");
	framework_check_message(run, "ways::a::ignored_why", "no disk");
	framework_check_message(run, "ways::a::should_panic_and_does_not", "did not panic as expected");
	framework_check_message(run, "ways::a::should_panic_otherwise", "expected substring: ");
	assert_non_null(strstr(event_text(run_end(run, "ways::a::prints"), "stdout"), "middle of a line\nall is ok\n"));
	assert_non_null(strstr(event_text(run_end(run, "ways::a::prints_without_end"), "stdout"), "no newline"));
	framework_check_message(run, "ways::a::returns_error", "\"bad\"");
}

static void a_test_that_ends_otherwise_costs_no_other(void **state)
{
	static const struct framework_way ways[] = {
		{ "abort", "crash", "SIGABRT" },
		{ "exit", "fail", "exit status 0 before the test had" },
		{ "hang", "timeout", NULL },
		{ "flood", "pass", NULL },
		{ "forge", "fail", NULL },
		{ "forge_abort", "crash", "SIGABRT" },
		{ "close", NULL, NULL },
	};
	static const char *const others[] = { "ways::b::before", "ways::b::later", "ways::b::latest", NULL };

	(void)state;
	framework_check_ways(rust_ways(), ways, sizeof(ways) / sizeof(ways[0]), "ways::b::changes", others);
}

/* Their symbols are gone, or they need no library: the constants of the harness are there. */
static void what_is_left_of_a_program_is_recognized(void **state)
{
	static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };
	static const char *const names[] = { "stripped", "static" };

	(void)state;
	rust_ways();
	for (size_t i = 0; i < 6; i++) {
		char path[64], id[64];
		struct run *run;

		snprintf(path, sizeof(path), "rust/%s", names[i % 2]);
		run = run_proctor(&(struct run_setup){ .args = WORDS("-j2", isolations[i / 2], suite_path(path)) });
		assert_int_equal(run_count(run, "test-end"), 15);
		snprintf(id, sizeof(id), "%s::a::passes", names[i % 2]);
		run_check_verdict(run, id, "pass");
		snprintf(id, sizeof(id), "%s::a::fails", names[i % 2]);
		run_check_verdict(run, id, "fail");
		run_free(run);
	}
}

static void without_the_harness_it_is_one_test(void **state)
{
	struct run *run;

	(void)state;
	rust_ways();
	run = run_proctor(&(struct run_setup){ .args = WORDS(suite_path("rust/plain")) });
	assert_int_equal(run->exit_code, 0);
	run_check_verdict(run, "plain", "pass");
}

static void variables_of_the_user_change_nothing(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", "--filter=b::", rust_ways()),
		.env = WORDS("RUST_TEST_THREADS=7", "RUST_TEST_NOCAPTURE=1", "RUST_TEST_TIME_UNIT=1,2"),
	});
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(its_own_run_says_the_same),
		harness_test(a_failure_says_why_and_where),
		harness_test(a_test_that_ends_otherwise_costs_no_other),
		harness_test(what_is_left_of_a_program_is_recognized),
		harness_test(without_the_harness_it_is_one_test),
		harness_test(variables_of_the_user_change_nothing),
	};

	return cmocka_run_group_tests_name("rust", tests, NULL, NULL);
}
