/* SPDX-License-Identifier: MIT */
/* Suites written with suite.h, in C and in C++, run by the real host. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct row {
	const char *name, *verdict;
	const char *message[3];		/* each in it */
	const char *out;		/* NULL: any */
};

static const struct row rows[] = {
	{ "passes", "pass", .out = "" },
	{ "compares_numbers", "fail", { "suite_h_features.c", "41", "42" } },
	{ "compares_texts", "fail", { "suite_h_features.c", "have", "want" } },
	{ "skips", "skip", { "no network here" } },
	{ "fails_as_expected", "pass" },
	{ "passes_unexpectedly", "fail" },
	{ "has_a_timeout", "timeout" },
	{ "counter.is_set_up", "pass", .out = "torn down at 8\n" },
	{ "counter.is_torn_down_after_a_failure", "fail", { "9", "8" },
	  .out = "torn down at 9\n" },
	{ "fails_on_another_thread", "fail", { "arg" } },
	{ "fails_on_a_thread_that_outlives_it", "fail", { "suite_h_features.c", "later" } },
	{ "fails_as_expected_on_a_thread_that_outlives_it", "pass" },
	{ "passes_at_the_end", "pass", .out = "" },
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

static void check_suite(const struct run *run, const char *suite)
{
	size_t i, k;

	for (i = 0; i < NROWS; i++) {
		const struct row *row = &rows[i];
		const json_t *end = run_end_of(run, suite, row->name);

		run_check_verdict(run, event_text(end, "id"), row->verdict);
		for (k = 0; k < 3 && row->message[k]; k++)
			if (!strstr(event_text(end, "message"), row->message[k]))
				fail_msg("%s: \"%s\" without \"%s\"", row->name,
					 event_text(end, "message"), row->message[k]);
		if (row->out)
			assert_string_equal(event_text(end, "stdout"), row->out);
		if (!strstr(event_text(end, "file"), "suite_h_features.c"))
			fail_msg("%s has file \"%s\"", row->name, event_text(end, "file"));
	}
}

static void every_promise_is_kept(void **state)
{
	const char *isolation = *state;
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS(isolation, "--grace=200ms", suite_path("suite_h")),
	});

	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), 2 * NROWS);
	check_suite(run, "features");
	check_suite(run, "features_cxx");
}

static void a_listed_test_that_is_not_there_is_named(void **state)
{
	char path[] = "/tmp/proctor-manifest-XXXXXX.json";
	int fd = mkstemps(path, 5);
	const json_t *end;
	struct run *run;

	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "{\"version\": 1, \"suites\": [{\"path\": \"%s\", \"tests\": ["
		"{\"name\": \"passes\"}, {\"name\": \"zzz\"}, {\"index\": 99, \"name\": \"far\"}]}]}",
		suite_path("suite_h/libfeatures.so"));
	close(fd);
	run = run_proctor(&(struct run_setup){ .args = WORDS(path) });
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "features::passes", "pass");
	end = run_end(run, "features::zzz");
	assert_string_equal(event_text(end, "verdict"), "error");
	assert_string_equal(event_text(end, "message"),
			    "libfeatures.so has no test called zzz (it has 13)");
	assert_string_equal(event_text(run_end(run, "features::far"), "message"),
			    "libfeatures.so has no test of index 99 (it has 13, from 0 on)");
	run_free(run);
	unlink(path);
}

int main(void)
{
	static char batch[] = "--isolation=batch", fork[] = "--isolation=fork",
		    test[] = "--isolation=test";
	const struct CMUnitTest tests[] = {
		harness_row_test("batch", every_promise_is_kept, batch),
		harness_row_test("fork", every_promise_is_kept, fork),
		harness_row_test("test", every_promise_is_kept, test),
		harness_test(a_listed_test_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests_name("suite.h", tests, NULL, NULL);
}
