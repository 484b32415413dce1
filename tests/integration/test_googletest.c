/* SPDX-License-Identifier: MIT */
/* Programs with tests of GoogleTest: what each test is told of is its own, whatever the others in its process do. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct expected {
	const char *name, *verdict;
} middle[] = {
	{ "Mid.A1", "pass" }, { "Mid.Crash", "crash" }, { "Mid.A2", "pass" }, { "Mid.Exit", "fail" },
	{ "Mid.A3", "pass" }, { "Mid.Closes", "pass" }, { "Mid.A4", "pass" }, { "Mid.Fails", "fail" },
	{ "Mid.Flood", "pass" }, { "Mid.A5", "pass" }, { "Mid.ForgesOwn", "fail" },
	{ "Mid.ForgesNext", "pass" }, { "Mid.Victim", "fail" }, { "Mid.NoNewline", "pass" },
	{ "Mid.Hang", "timeout" }, { "Mid.A6", "pass" }, { "Mid.DISABLED_D", "skip" },
	{ "Mid.Skips", "skip" }, { "Mid.Death", "pass" }, { "Mid.Throws", "fail" },
	{ "Zlast.A", "pass" },
};

static const struct row {
	const char *program, *isolation, *threads;
} rows[] = {
	{ "middle", "batch", "1" }, { "middle", "batch", "2" }, { "middle", "batch", "8" },
	{ "middle", "test", "1" }, { "middle", "test", "4" },
	{ "stripped", "batch", "4" }, { "static", "batch", "4" },
};

static void each_test_has_its_own_verdict(void **state)
{
	const struct row *row = *state;
	char path[512], isolation[64], threads[64], id[128];
	struct run *run;

	snprintf(path, sizeof(path), "%s/googletest/%s", getenv("PROCTOR_SUITES"), row->program);
	snprintf(isolation, sizeof(isolation), "--isolation=%s", row->isolation);
	snprintf(threads, sizeof(threads), "--test-threads=%s", row->threads);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(isolation, threads, "--on-crash=continue", "--timeout=3s", path),
		.env = WORDS("HANG=1", "GTEST_FILTER=None.*", "GTEST_TOTAL_SHARDS=2", "GTEST_SHARD_INDEX=1"),
	});
	for (size_t i = 0; i < sizeof(middle) / sizeof(*middle); i++) {
		snprintf(id, sizeof(id), "%s::%s", row->program, middle[i].name);
		run_check_verdict(run, id, middle[i].verdict);
	}
	snprintf(id, sizeof(id), "%s::Mid.Skips", row->program);
	assert_string_equal(event_text(run_end(run, id), "message"), "because");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_row_test("each_test_has_its_own_verdict, batch, one worker", each_test_has_its_own_verdict, &rows[0]),
		harness_row_test("each_test_has_its_own_verdict, batch, two", each_test_has_its_own_verdict, &rows[1]),
		harness_row_test("each_test_has_its_own_verdict, batch, eight", each_test_has_its_own_verdict, &rows[2]),
		harness_row_test("each_test_has_its_own_verdict, alone, one", each_test_has_its_own_verdict, &rows[3]),
		harness_row_test("each_test_has_its_own_verdict, alone, four", each_test_has_its_own_verdict, &rows[4]),
		harness_row_test("each_test_has_its_own_verdict, stripped", each_test_has_its_own_verdict, &rows[5]),
		harness_row_test("each_test_has_its_own_verdict, static", each_test_has_its_own_verdict, &rows[6]),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
