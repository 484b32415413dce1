/* SPDX-License-Identifier: MIT */
/* Programs with tests of Catch2 2 and of doctest: each test is judged as its framework judges it, however its
 * program is started, and what ends a process is blamed on the test that did it. */
#include "harness.h"

#include <string.h>

struct judged {
	const char *name, *verdict;
};

/* All others pass. */
static const struct judged catch2_cases[] = {
	{ "fails", "fail" }, { "sections", "fail" }, { "generators", "fail" }, { "hidden", "skip" },
	{ "hidden with a tag", "skip" }, { "case", "fail" }, { "should fail and passes", "fail" },
	{ "throws", "fail" }, { "throws as it should", "fail" }, { "says why", "fail" },
	{ "template - int", "fail" }, { "template - std::pair<int, char>", "pass" }, { "signature - 2", "fail" },
	{ 0 }
};

static const struct judged doctest_cases[] = {
	{ "fails", "fail" }, { "same name#2", "fail" }, { "subcases", "fail" }, { "skipped", "skip" },
	{ "should fail and passes", "fail" }, { "two failures, and one comes", "fail" }, { "too slow", "fail" },
	{ "name - with question mark", "fail" }, { "case", "fail" }, { "throws", "fail" },
	{ "throws as it should", "fail" }, { "says why", "fail" }, { "compares", "fail" },
	{ "template<int>", "fail" }, { 0 }
};

static const struct judged ends[] = {
	{ "crashes", "crash" }, { "aborts", "crash" }, { "exits", "fail" },
	{ "exits with a failed check", "fail" }, { "is killed", "crash" }, { "hangs", "timeout" }, { 0 }
};

static const struct program {
	const char *path;
	const struct judged *judged;
	unsigned ntests;
} programs[] = {
	{ "catch2/cases", catch2_cases, 42 },
	{ "doctest/cases", doctest_cases, 43 },
	{ "catch2/ends", ends, 19 },
	{ "doctest/ends", ends, 18 },
};

static const char *expected(const struct program *p, const char *name)
{
	for (const struct judged *j = p->judged; j->name; j++)
		if (strcmp(j->name, name) == 0)
			return j->verdict;
	return "pass";
}

static void check_program(const struct program *p, const char *isolation, const char *threads)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--on-crash=continue", "--timeout=5", isolation, threads, suite_path(p->path)) });
	unsigned nends = 0;
	size_t i;
	json_t *event;

	assert_int_equal(run->exit_code, 1);
	json_array_foreach(run->events, i, event) {
		const char *name = event_text(event, "name");

		if (strcmp(event_text(event, "event"), "test-end") != 0)
			continue;
		nends++;
		if (strcmp(event_text(event, "verdict"), expected(p, name)) != 0)
			fail_msg("%s %s %s: %s is %s, not %s: %s", p->path, isolation, threads, name,
				 event_text(event, "verdict"), expected(p, name),
				 event_text(event, "message"));
	}
	assert_int_equal(nends, p->ntests);
}

static void each_test_is_judged_as_its_framework_judges_it(void **state)
{
	static const char *const isolations[] = { "--isolation=batch", "--isolation=test" };
	static const char *const threads[] = { "--test-threads=1", "--test-threads=4" };

	(void)state;
	for (size_t p = 0; p < sizeof(programs) / sizeof(programs[0]); p++)
		for (size_t i = 0; i < 2; i++)
			for (size_t t = programs[p].judged == ends; t < 2; t++)
				check_program(&programs[p], isolations[i], threads[t]);
}

static void what_the_framework_kept_of_the_output_is_the_tests(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){ .args = WORDS(suite_path("catch2/cases")) });
	assert_string_equal(event_text(run_end(run, "cases::fails"), "stdout"),
			    "out: <&>]]> \"it\"\n    indented\n\nlast\n");
	assert_string_equal(event_text(run_end(run, "cases::fails"), "stderr"), "err\n");
	assert_string_equal(event_text(run_end(run, "cases::passes"), "stdout"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(each_test_is_judged_as_its_framework_judges_it),
		harness_test(what_the_framework_kept_of_the_output_is_the_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
