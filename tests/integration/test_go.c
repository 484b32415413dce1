/* SPDX-License-Identifier: MIT */
/* Test programs of Go: each verdict is that of the program's own run, however it is shared out. */
#include "harness.h"
#include "framework.h"

static const char *go_ways(void)
{
	return framework_program("go/ways", "go");
}

/* "--- PASS: TestA (0.00s)" */
static void its_own_run_says_the_same(void **state)
{
	char *own;
	unsigned ntests = 0;

	(void)state;
	own = framework_own_output(go_ways(), "-test.v 2>/dev/null");
	for (unsigned i = 0; i < 12; i++) {
		static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };
		static const char *const threads[] = { "-j1", "-j2", "-j4", "-j8" };
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS(isolations[i % 3], threads[i / 3], go_ways()),
		});

		assert_int_equal(run->exit_code, 1);
		ntests = 0;
		/* Behind output without a line's end, too; those of subtests are indented. */
		for (const char *at = strstr(own, "--- "); at; at = strstr(at + 1, "--- ")) {
			char name[256], id[300], result[32] = "";

			if ((at > own && at[-1] == ' ') ||
			    sscanf(at, "--- %31[A-Z]: %255s", result, name) != 2)
				continue;
			snprintf(id, sizeof(id), "ways::%s", name);
			run_check_verdict(run, id, strcmp(result, "PASS") == 0 ? "pass" :
					  strcmp(result, "SKIP") == 0 ? "skip" : "fail");
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
	run = run_proctor(&(struct run_setup){ .args = WORDS("-j1", go_ways()) });
	framework_check_message(run, "ways::TestFails", "ways_test.go:32: sums 3");
	framework_check_message(run, "ways::TestSkips", "no network");
	framework_check_message(run, "ways::TestSubtests", "two failed\nTestSubtests/two_words failed");
	framework_check_message(run, "ways::TestParallelFails", "wrong in parallel");
	framework_check_message(run, "ways::Example_bad", "want:\nho");
}

static void a_test_that_ends_otherwise_costs_no_other(void **state)
{
	static const struct framework_way ways[] = {
		{ "panic", "fail", "panic: boom" },
		{ "goroutine", "fail", "panic: elsewhere" },
		{ "exit", "fail", "os.Exit(0)" },
		{ "exit3", "fail", "exit status 3 before the test had" },
		{ "kill", "crash", "SIGKILL" },
		{ "hang", "timeout", NULL },
		{ "flood", "pass", NULL },
		{ "forge", "pass", NULL },
		{ "forge_mark", "fail", NULL },
		{ "close", "fail", NULL },
		/* That they are as many as under `go test` does not depend on the tests before. */
		{ "descriptors", "pass", NULL },
	};
	static const char *const others[] = {
		"ways::TestBefore", "ways::TestLater", "ways::TestLatest", "ways::TestParallelPasses", "ways::FuzzSeeds",
		NULL,
	};

	(void)state;
	framework_check_ways(go_ways(), ways, sizeof(ways) / sizeof(ways[0]), "ways::TestChanges", others);
}

static void a_parallel_test_that_ends_otherwise_costs_no_other(void **state)
{
	static const struct framework_way ways[] = {
		{ "parallel_panic", "fail", "panic: boom in parallel" },
		{ "parallel_exit", "fail", "exit status 3" },
	};
	static const char *const others[] = {
		"ways::TestBefore", "ways::TestLater", "ways::TestLatest", "ways::TestChanges", "ways::FuzzSeeds", NULL,
	};

	(void)state;
	framework_check_ways(go_ways(), ways, sizeof(ways) / sizeof(ways[0]), "ways::TestParallelPasses", others);
}

static void a_stripped_program_is_recognized(void **state)
{
	struct run *run;

	(void)state;
	go_ways();
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--filter=*TestPasses", suite_path("go/stripped")),
	});
	assert_int_equal(run->exit_code, 0);
	run_check_verdict(run, "stripped::TestPasses", "pass");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(its_own_run_says_the_same),
		harness_test(a_failure_says_why_and_where),
		harness_test(a_test_that_ends_otherwise_costs_no_other),
		harness_test(a_parallel_test_that_ends_otherwise_costs_no_other),
		harness_test(a_stripped_program_is_recognized),
	};

	return cmocka_run_group_tests_name("go", tests, NULL, NULL);
}
