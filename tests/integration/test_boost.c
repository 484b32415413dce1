/* SPDX-License-Identifier: MIT */
/* Programs of Boost.Test: each verdict as in the report of the program's own run, whoever starts it how. */
#include "framework.h"

#include <unistd.h>

static const char *const isolations[] = { "--isolation=batch", "--isolation=fork", "--isolation=test" };
static const char *const threads[] = { "-j1", "-j2", "-j4", "-j8" };

static const char *boost_program(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "boost/%s", name);
	return framework_program(path, "Boost.Test (libboost-test-dev)");
}

/* What the report of its own run says of a test: "has passed", "was skipped". NULL: nothing. */
static const char *own_result(const char *report, const char *name)
{
	char words[256];
	const char *at;

	snprintf(words, sizeof(words), "Test case \"%s\" ", name);
	at = strstr(report, words);
	return at ? at + strlen(words) : NULL;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* In its own report the tests of a suite pass whose setting up or tearing down failed, and those of a skipped suite and
 * disabled ones are not in it. */
static const char *own_verdict(const char *report, const char *name)
{
	const char *result = own_result(report, name);

	if (begins(name, "torn/") || begins(name, "soft/"))
		return "fail";
	if (!result || begins(result, "was skipped"))
		return "skip";
	return begins(result, "has passed") ? "pass" : "fail";
}

static void check_program(const char *program, const char *report, unsigned ntests, const char *isolation,
			  const char *jobs)
{
	struct run *run = run_proctor(&(struct run_setup){ .args = WORDS(isolation, jobs, program) });
	unsigned nends = 0;
	size_t i;
	json_t *event;

	json_array_foreach(run->events, i, event) {
		const char *name = event_text(event, "name");

		if (strcmp(event_text(event, "event"), "test-end") != 0)
			continue;
		nends++;
		if (strcmp(event_text(event, "verdict"), own_verdict(report, name)) != 0)
			fail_msg("%s %s %s: %s is %s, not %s: %s", program, isolation, jobs, name,
				 event_text(event, "verdict"), own_verdict(report, name),
				 event_text(event, "message"));
	}
	assert_int_equal(nends, ntests);
	run_free(run);
}

static void each_verdict_is_the_frameworks_own(void **state)
{
	static const char *const programs[] = { "cases", "static" };

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		const char *program = boost_program(programs[p]);
		char *report = framework_own_output(program, "--report_level=detailed --log_level=nothing "
						    "--color_output=no 2>&1");

		for (size_t i = 0; i < 3; i++)
			for (size_t t = 0; t < 4; t++)
				check_program(program, report, 33, isolations[i], threads[t]);
		free(report);
	}
}

static void messages_have_places_and_output_is_the_tests(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--isolation=test", boost_program("cases")) });

	(void)state;
	framework_check_message(run, "cases::fails", "check 1 == 2 has failed [1 != 2]");
	framework_check_message(run, "cases::fails", "boost/cases.cc(");
	framework_check_message(run, "cases::context", "in here");
	framework_check_message(run, "cases::quits", "no\nmore");
	framework_check_message(run, "cases::throws", "std::runtime_error: thrown");
	framework_check_message(run, "cases::slow", "timeout");
	framework_check_message(run, "cases::unmet", "precondition failed");
	framework_check_message(run, "cases::after_failed", "dependency test case \"fails\" has failed");
	framework_check_message(run, "cases::after_after_off", "was skipped");
	framework_check_message(run, "cases::torn/one", "down");
	framework_check_message(run, "cases::soft/one", "up");
	assert_non_null(strstr(event_text(run_end(run, "cases::passes"), "stdout"), "a message\n"));
	assert_non_null(strstr(event_text(run_end(run, "cases::passes"), "stdout"), "printed\n"));
	run_free(run);
}

static void odd_names_are_selected(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3 * 2; i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS(isolations[i % 3], threads[i / 3 * 2], boost_program("names")) });
		unsigned nends = 0;
		size_t k;
		json_t *event;

		json_array_foreach(run->events, k, event) {
			const char *name = event_text(event, "name");
			bool passes = begins(name, "man_ual_ s_/");

			if (strcmp(event_text(event, "event"), "test-end") != 0)
				continue;
			nends++;
			if (strcmp(event_text(event, "verdict"), passes ? "pass" : "fail") != 0)
				fail_msg("%s: %s is %s: %s", isolations[i % 3], name, event_text(event, "verdict"),
					 event_text(event, "message"));
		}
		assert_int_equal(nends, 61);
		run_free(run);
	}
}

static const char *const others[] = { "first", "expected", "third", "last", NULL };

/* `middle` has that verdict, and no other test notices; what depends on it does not run, or fails as it does. */
static void check_way(const char *name, const char *way, const char *verdict, const char *isolation)
{
	char variable[64], id[64];
	struct run *run;

	snprintf(variable, sizeof(variable), "WAY=%s", way);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", strcmp(way, "hang") == 0 ? "--timeout=2s" : "--timeout=20s", isolation,
			      boost_program(name)),
		.env = WORDS(variable),
	});
	snprintf(id, sizeof(id), "%s::middle", name);
	run_check_verdict(run, id, verdict);
	for (size_t i = 0; others[i]; i++) {
		snprintf(id, sizeof(id), "%s::%s", name, others[i]);
		run_check_verdict(run, id, "pass");
	}
	snprintf(id, sizeof(id), "%s::after_middle", name);
	run_check_verdict(run, id, strcmp(verdict, "fail") == 0 && strcmp(way, "exit") != 0 &&
			  strcmp(way, "close_all") != 0 ? "skip" : verdict);
	run_free(run);
}

static void what_ends_the_process_is_blamed(void **state)
{
	static const struct framework_way ways[] = {
		{ "", "pass", NULL }, { "crash", "crash", NULL }, { "abort", "crash", NULL }, { "overflow", "crash", NULL },
		{ "hang", "timeout", NULL }, { "exit", "fail", NULL }, { "flood", "pass", NULL },
		{ "close", "pass", NULL }, { "close_all", "fail", NULL }, { "print", "fail", NULL },
		{ "forge", "pass", NULL }, { "forge_pass", "fail", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (size_t k = 0; k < 3; k++)
			check_way("ends", ways[i].way, ways[i].verdict, isolations[k]);
	check_way("stripped", "crash", "crash", isolations[0]);
	check_way("stripped", "forge", "pass", isolations[0]);
	check_way("sanitized", "", "pass", isolations[0]);
	check_way("sanitized", "", "pass", isolations[1]);
	check_way("sanitized", "exit", "fail", isolations[0]);
}

/* The report, which knows what was expected, is not written. Alone the victim passes. */
static void a_failure_stands_though_another_test_ends_the_process(void **state)
{
	static const struct framework_way ways[] = {
		{ "", "pass", NULL }, { "abort", "crash", NULL }, { "hang", "timeout", NULL }, { "exit", "fail", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (size_t fast = 0; fast < 2; fast++) {
			char variable[64];
			struct run *run;

			snprintf(variable, sizeof(variable), "WAY=%s", ways[i].way);
			run = run_proctor(&(struct run_setup){
				.args = WORDS("-j1", "--timeout=2s", fast ? "--fail-fast" : "--no-confirm",
					      boost_program("lost")),
				.env = WORDS(variable),
			});
			run_check_verdict(run, "lost::first", "pass");
			run_check_verdict(run, "lost::victim", "fail");
			framework_check_message(run, "lost::victim", "check !left_behind has failed");
			if (!fast) {
				run_check_verdict(run, "lost::ender", ways[i].verdict);
				run_check_verdict(run, "lost::expected", "pass");
				run_check_verdict(run, "lost::more_than_expected", "fail");
				run_check_verdict(run, "lost::last", "pass");
			}
			run_free(run);
		}
}

static void a_crash_has_a_backtrace(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS(isolations[k], boost_program("ends")), .env = WORDS("WAY=crash") });

		assert_non_null(strstr(event_text(run_end(run, "ends::middle"), "backtrace"), "do_as_told"));
		run_free(run);
	}
}

/* The user's variables, and what is the program's own behind "--". */
static void nothing_else_changes_what_runs(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--exe-args=-- --own", boost_program("ends")),
		.env = WORDS("BOOST_TEST_RUN_FILTERS=nothing", "BOOST_TEST_LOG_LEVEL=nothing", "BOOST_TEST_RANDOM=7",
			     "BOOST_TEST_LOG_SINK=/nowhere/at/all", "BOOST_TEST_LIST_CONTENT=HRF"),
	});

	(void)state;
	run_check_verdict(run, "ends::middle", "pass");
	run_check_verdict(run, "ends::expected", "pass");
	run_free(run);
}

static void check_many(const char *program, const char *jobs, unsigned npassed, unsigned nfailed)
{
	struct run *run = run_proctor(&(struct run_setup){ .args = WORDS(jobs, "--no-confirm", program) });
	unsigned n[2] = { 0 };
	size_t i;
	json_t *event;

	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), "test-end") == 0 &&
		    strcmp(event_text(event, "verdict"), "skip") != 0)
			n[strcmp(event_text(event, "verdict"), "pass") != 0]++;
	assert_int_equal(n[0], npassed);
	assert_int_equal(n[1], nfailed);
	run_free(run);
}

/* doctest takes all names in one argument of 128 KiB. */
static void names_that_do_not_fit_are_shared_out(void **state)
{
	(void)state;
	for (size_t t = 0; t < 3; t++)
		check_many(suite_path("doctest/many"), threads[t], 800, 0);
	for (size_t t = 0; t < 3; t++)
		check_many(boost_program("many"), threads[t], 3999, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(names_that_do_not_fit_are_shared_out),
		harness_test(each_verdict_is_the_frameworks_own),
		harness_test(messages_have_places_and_output_is_the_tests),
		harness_test(odd_names_are_selected),
		harness_test(what_ends_the_process_is_blamed),
		harness_test(a_failure_stands_though_another_test_ends_the_process),
		harness_test(a_crash_has_a_backtrace),
		harness_test(nothing_else_changes_what_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
