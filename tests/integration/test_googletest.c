/* SPDX-License-Identifier: MIT */
/* Programs with tests of GoogleTest: each verdict is the one that the program's own report has, and what each test is
 * told of is its own, whatever the others in its process do. */
#include "harness.h"
#include "framework.h"

#include <signal.h>

static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };
static const char *const threads[] = { "--test-threads=1", "--test-threads=2", "--test-threads=4",
				       "--test-threads=8" };

/* ---- its own report ---- */

static json_t *own_report(const char *program)
{
	char arguments[256], path[64] = "/tmp/proctor-gtest-XXXXXX";
	json_t *report;

	assert_true(mkdtemp(path) != NULL);
	snprintf(arguments, sizeof(arguments), "--gtest_output=json:%s/own 2>&1", path);
	free(framework_own_output(program, arguments));
	strcat(path, "/own");
	report = json_load_file(path, 0, NULL);
	assert_non_null(report);
	remove(path);
	*strrchr(path, '/') = '\0';
	remove(path);
	return report;
}

static const char *own_verdict(const json_t *test)
{
	if (json_object_get(test, "failures"))
		return "fail";
	if (strcmp(event_text(test, "status"), "NOTRUN") == 0 || strcmp(event_text(test, "result"), "SKIPPED") == 0)
		return "skip";
	return "pass";
}

static bool begins(const char *text, const char *begin)
{
	return strncmp(text, begin, strlen(begin)) == 0;
}

/* Where something around the tests fails the report has no test that did: GoogleTest skips those that cannot be set
 * up, and fails as a whole. Who was the last one in a process before something is torn down differs. */
static const char *expected_verdict(const char *name, const char *own, const char *isolation)
{
	if (begins(name, "SuiteSetUpFails.") && !strstr(name, "DISABLED_"))
		return "fail";
	if (begins(name, "SuiteTearDownFails."))
		return strcmp(isolation, isolations[0]) == 0 && strstr(name, ".One") ? NULL : "fail";
	return own;
}

static void check_report(const char *program, const json_t *report, const char *isolation, const char *nthreads)
{
	struct run *run = run_proctor(&(struct run_setup){ .args = WORDS(isolation, nthreads, program) });
	const json_t *suite, *test;
	size_t i, k, ntests = 0;

	assert_int_equal(run->exit_code, 1);
	json_array_foreach(json_object_get(report, "testsuites"), i, suite) {
		json_array_foreach(json_object_get(suite, "testsuite"), k, test) {
			char name[256], id[300];
			const char *verdict;

			/* What the newer versions say of a suite as a whole. */
			if (!*event_text(test, "name"))
				continue;
			ntests++;
			snprintf(name, sizeof(name), "%s.%s", event_text(suite, "name"), event_text(test, "name"));
			snprintf(id, sizeof(id), "%s::%s", strrchr(program, '/') + 1, name);
			verdict = expected_verdict(name, own_verdict(test), isolation);
			if (verdict)
				run_check_verdict(run, id, verdict);
		}
	}
	assert_int_equal(run_count(run, "test-end"), ntests);
	run_free(run);
}

static void its_own_report_says_the_same(void **state)
{
	const char *program = suite_path("googletest/cases");
	json_t *report = own_report(program);

	(void)state;
	assert_true(json_integer_value(json_object_get(report, "tests")) > 60);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 4; k++)
			check_report(program, report, isolations[i], threads[k]);
	json_decref(report);
}

static void a_result_says_why_and_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS("-j1", isolations[i], suite_path("googletest/cases")) });

		framework_check_message(run, "cases::Plain.FailsTwice", "the first\nof two lines");
		framework_check_message(run, "cases::Plain.FailsTwice", "\"b\"");
		framework_check_message(run, "cases::Plain.Throws", "\"thrown\"");
		framework_check_message(run, "cases::Plain.Skips", "not today");
		framework_check_message(run, "cases::SetUpSkips.One", "no disk");
		framework_check_message(run, "cases::SuiteSetUpFails.Two", "no suite");
		framework_check_message(run, "cases::SuiteTearDownFails.Two", "suite torn");
		framework_check_message(run, "cases::Range/Valued.IsEven/3", "it is three");
		framework_check_message(run, "cases::Range/Valued.IsEven/11", "GetParam() % 2");
		framework_check_message(run, "cases::FastDeathTest.LivesOn", "failed to die");
		assert_non_null(strstr(event_text(run_end(run, "cases::Plain.Prints"), "stdout"),
				       "to stdout\nwithout an end"));
		run_free(run);
	}
}

/* ---- what goes wrong around the tests ---- */

struct around {
	const char *way;
	const char *verdict;		/* of each test; in batch NULL: of the last one of a process */
	bool of_last;
	const char *message;
};

static const struct around arounds[] = {
	{ "setup_fails", "fail", false, "no environment" },
	{ "setup_skips", "skip", false, "no environment today" },
	{ "setup_exits", "error", false, "exit status 3" },
	{ "setup_aborts", "error", false, "SIGABRT" },
	{ "teardown_fails", "fail", true, "environment torn" },
	{ "teardown_exits", "fail", true, "exit status 3" },
	{ "teardown_aborts", "crash", true, "SIGABRT" },
	{ "main_fails", "fail", true, "exit status 7" },
};

static void check_around(const struct around *a, const char *isolation)
{
	/* In the order in which they run. */
	static const char *const ids[] = { "cases::Plain2.Passes", "cases::Plain2.PassesToo", "cases::Last.Passes" };
	bool shared = strcmp(isolation, isolations[0]) == 0;
	char way[64];
	struct run *run;

	snprintf(way, sizeof(way), "WAY=%s", a->way);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", "--on-crash=continue", isolation, "--filter=*Plain2*", "--filter=*Last*",
			      suite_path("googletest/cases")),
		.env = WORDS(way),
	});
	assert_int_equal(run_count(run, "test-end"), 3);
	for (size_t i = 0; i < 3; i++) {
		if (a->of_last && shared && i < 2) {
			run_check_verdict(run, ids[i], "pass");
			continue;
		}
		run_check_verdict(run, ids[i], a->verdict);
		framework_check_message(run, ids[i], a->message);
	}
	assert_int_equal(run->exit_code, strcmp(a->verdict, "skip") == 0 ? 0 : 1);
	run_free(run);
}

static void what_goes_wrong_around_the_tests_is_told_of_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(arounds) / sizeof(arounds[0]); i++)
		for (size_t k = 0; k < 3; k++)
			check_around(&arounds[i], isolations[k]);
}

/* ---- what tests do to their process ---- */

static const struct expected {
	const char *name, *verdict;
} middle[] = {
	{ "Mid.A1", "pass" }, { "Mid.Crash", "crash" }, { "Mid.A2", "pass" }, { "Mid.Exit", "fail" },
	{ "Mid.A3", "pass" }, { "Mid.Closes", "pass" }, { "Mid.A4", "pass" }, { "Mid.Fails", "fail" },
	{ "Mid.Flood", "pass" }, { "Mid.A5", "pass" }, { "Mid.ForgesOwn", "fail" },
	{ "Mid.ForgesNext", "pass" }, { "Mid.Victim", "fail" }, { "Mid.ForgesLater", "pass" },
	{ "Mid.Between", "fail" }, { "Mid.BetweenToo", "pass" }, { "Mid.Later", "fail" },
	{ "Mid.NoNewline", "pass" },
	{ "Mid.Hang", "timeout" }, { "Mid.A6", "pass" }, { "Mid.DISABLED_D", "skip" },
	{ "Mid.Skips", "skip" }, { "Mid.Death", "pass" }, { "Mid.Throws", "fail" },
	{ "Zlast.A", "pass" },
};

static const struct row {
	const char *program, *isolation, *threads;
	bool hangs;			/* which takes its time */
} rows[] = {
	{ "middle", "batch", "1", true }, { "middle", "batch", "2" }, { "middle", "batch", "4" },
	{ "middle", "batch", "8", true }, { "middle", "test", "1" }, { "middle", "test", "4", true },
	{ "middle", "fork", "1" }, { "middle", "fork", "4", true },
	{ "stripped", "batch", "4" }, { "stripped", "test", "4" }, { "stripped", "fork", "4" },
	{ "static", "batch", "4" }, { "static", "test", "4" }, { "static", "fork", "4" },
};

static void each_test_has_its_own_verdict(void **state)
{
	const struct row *row = *state;
	char path[512], isolation[64], nthreads[64], id[128];
	struct run *run;

	snprintf(path, sizeof(path), "%s/googletest/%s", getenv("PROCTOR_SUITES"), row->program);
	snprintf(isolation, sizeof(isolation), "--isolation=%s", row->isolation);
	snprintf(nthreads, sizeof(nthreads), "--test-threads=%s", row->threads);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(isolation, nthreads, "--on-crash=continue", "--timeout=3s", path),
		.env = WORDS(row->hangs ? "HANG=1" : "NONE=1", "GTEST_FILTER=None.*", "GTEST_TOTAL_SHARDS=2", "GTEST_SHARD_INDEX=1"),
	});
	for (size_t i = 0; i < sizeof(middle) / sizeof(*middle); i++) {
		snprintf(id, sizeof(id), "%s::%s", row->program, middle[i].name);
		run_check_verdict(run, id, strcmp(middle[i].verdict, "timeout") == 0 && !row->hangs ? "pass" :
				  middle[i].verdict);
	}
	snprintf(id, sizeof(id), "%s::Mid.Skips", row->program);
	assert_string_equal(event_text(run_end(run, id), "message"), "because");
	/* Where something can be put in, a crash says where it was, and does so without symbols. */
	snprintf(id, sizeof(id), "%s::Mid.Crash", row->program);
	if (strcmp(row->program, "static") != 0)
		assert_non_null(strstr(event_text(run_end(run, id), "backtrace"),
				       strcmp(row->program, "middle") == 0 ? "middle.cc:" : " stripped+0x"));
}

/* It has a start already: an end that says that it was not run would be a second story. */
static void a_doubted_test_that_waits_is_cancelled_by_an_interrupt(void **state)
{
	static const char *const ids[] = { "doubts::Doubts.One", "doubts::Doubts.Two" };
	struct run *run = run_start(&(struct run_setup){ .args = WORDS("-j1", suite_path("googletest/doubts")) });

	(void)state;
	run_await(run, "test-end", "doubts::Doubts.Last");
	run_await_processes(run, "doubts", 1);
	kill(run->pid, SIGINT);
	run_finish(run);
	assert_int_equal(run->exit_code, 130);
	for (size_t i = 0; i < 2; i++)
		run_check_verdict(run, ids[i], "cancelled");
	framework_check_message(run, ids[1], "what came of it is not known, and it was not run again: the run was ended "
				"by SIGINT");
	assert_int_equal(run_count(run, "test-start"), 4);
	assert_int_equal(run_count(run, "test-end"), 4);
	run_free(run);
}

int main(void)
{
#define ROW(i) harness_row_test("each_test_has_its_own_verdict, row " #i, each_test_has_its_own_verdict, &rows[i])
	const struct CMUnitTest tests[] = {
		harness_test(its_own_report_says_the_same),
		harness_test(a_result_says_why_and_where),
		harness_test(what_goes_wrong_around_the_tests_is_told_of_them),
		harness_test(a_doubted_test_that_waits_is_cancelled_by_an_interrupt),
		ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7), ROW(8), ROW(9), ROW(10), ROW(11),
		ROW(12), ROW(13),
	};

	return cmocka_run_group_tests_name("googletest", tests, NULL, NULL);
}
