/* SPDX-License-Identifier: MIT */
/* Programs with tests of Catch2 2 and of doctest: each test is judged as its framework judges it, however its
 * program is started, and what ends a process is blamed on the test that did it. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct judged {
	const char *name, *verdict;
};

/* All others pass. */
static const struct judged catch2_cases[] = {
	{ "fails", "fail" }, { "sections", "fail" }, { "generators", "fail" }, { "hidden", "skip" },
	{ "hidden with a tag", "skip" }, { "hidden as a benchmark", "skip" }, { "case", "fail" }, { "should fail and passes", "fail" },
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

static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };
static const char *const threads[] = { "--test-threads=1", "--test-threads=2", "--test-threads=4",
				       "--test-threads=8" };

static const char *expected(const struct judged *judged, const char *name)
{
	for (const struct judged *j = judged; j->name; j++)
		if (strcmp(j->name, name) == 0)
			return j->verdict;
	return "pass";
}

static void check_run(const char *path, const struct judged *judged, unsigned ntests, const char *isolation,
		      const char *nthreads, const char *skip)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--on-crash=continue", "--timeout=5", isolation, nthreads, suite_path(path), skip) });
	unsigned nends = 0;
	size_t i;
	json_t *event;

	assert_int_equal(run->exit_code, 1);
	json_array_foreach(run->events, i, event) {
		const char *name = event_text(event, "name");

		if (strcmp(event_text(event, "event"), "test-end") != 0)
			continue;
		nends++;
		if (strcmp(event_text(event, "verdict"), expected(judged, name)) != 0)
			fail_msg("%s %s %s: %s is %s, not %s: %s", path, isolation, nthreads, name,
				 event_text(event, "verdict"), expected(judged, name),
				 event_text(event, "message"));
	}
	assert_int_equal(nends, ntests);
	run_free(run);
}

static void check_program(const char *path, const struct judged *judged, unsigned ntests, const char *isolation,
			  const char *nthreads)
{
	check_run(path, judged, ntests, isolation, nthreads, NULL);
}

/* Of most of a program the others are left out by their names, unless that left out more: "Case" is "case", too. */
static void most_tests_of_a_program_are_judged_as_all_are(void **state)
{
	static const char *const skips[] = { "--skip=*::says why", "--skip=*::Case", "--skip=*::name ? with star" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		check_run("catch2/cases", catch2_cases, 42, isolations[0], threads[0], skips[i]);
}

static void each_test_is_judged_as_its_framework_judges_it(void **state)
{
	static const struct {
		const char *path;
		const struct judged *judged;
		unsigned ntests;
	} programs[] = {
		{ "catch2/cases", catch2_cases, 43 }, { "doctest/cases", doctest_cases, 43 },
	};
	static const char *const others[] = {
		"catch2/stripped", "doctest/stripped", "catch2/static", "doctest/static",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t p = 0; p < 2; p++)
			for (size_t t = 0; t < 4; t++)
				check_program(programs[p].path, programs[p].judged, programs[p].ntests,
					      isolations[i], threads[t]);
		for (size_t p = 0; p < 4; p++)
			check_program(others[p], programs[p % 2].judged, programs[p % 2].ntests, isolations[i],
				      threads[2]);
	}
}

/* With a hang in each, which takes its time. */
static void what_ends_a_process_is_blamed_on_its_test(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		check_program("catch2/ends", ends, 19, isolations[i], threads[i]);
		check_program("doctest/ends", ends, 18, isolations[i], threads[3 - i]);
	}
}

/* ---- the programs' own reports ---- */

/* The value of an attribute of the element that begins at `at`, as it was before it became XML; false: it has none. */
static bool attribute(const char *at, const char *name, char *value, size_t room)
{
	static const struct { const char *entity, *text; } entities[] = {
		{ "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" }, { "&quot;", "\"" }, { "&apos;", "'" },
	};
	const char *end = strchr(at, '>'), *s = strstr(at, name);
	size_t n = 0;

	if (!s || s > end)
		return false;
	for (s += strlen(name); *s != '"' && n + 1 < room; n++) {
		size_t k = 0;

		while (k < 5 && strncmp(s, entities[k].entity, strlen(entities[k].entity)) != 0)
			k++;
		value[n] = k < 5 ? *entities[k].text : *s;
		s += k < 5 ? strlen(entities[k].entity) : 1;
	}
	value[n] = '\0';
	return true;
}

/* The report of a run of its own; freed by the caller. */
static char *own_report(const char *program, const char *options)
{
	char path[] = "/tmp/proctor-catch-XXXXXX", command[512], *text = NULL;
	int fd = mkstemp(path);
	size_t room = 0;
	FILE *f;

	assert_true(fd >= 0);
	snprintf(command, sizeof(command), "%s %s%s >/dev/null 2>&1", program, options, path);
	/* Some of its tests fail. */
	assert_int_not_equal(system(command), 0);
	f = fdopen(fd, "r");
	assert_true(getdelim(&text, &room, '\0', f) > 0);
	fclose(f);
	unlink(path);
	return text;
}

/* Each test of the report has that verdict in the run; those that have the same name are numbered from the second on.
 * Returns their number. */
static unsigned check_own(const struct run *run, const char *suite, const char *report)
{
	char last[512] = "", name[512], id[600], success[8] = "";
	unsigned ntests = 0, nsame = 1;

	for (const char *at = report; (at = strstr(at, "<TestCase ")); at++) {
		const char *catch = strstr(at, "<OverallResult "), *doctest = strstr(at, "<OverallResultsAsserts ");
		const char *result = catch ? catch : doctest, *next = strstr(at + 1, "<TestCase ");

		assert_true(attribute(at, " name=\"", name, sizeof(name)));
		nsame = strcmp(name, last) == 0 ? nsame + 1 : 1;
		strcpy(last, name);
		if (nsame > 1)
			snprintf(id, sizeof(id), "%s::%s#%u", suite, name, nsame);
		else
			snprintf(id, sizeof(id), "%s::%s", suite, name);
		ntests++;
		/* doctest reports those that are skipped, and no result of theirs. */
		if (!result || (next && next < result)) {
			run_check_verdict(run, id, "skip");
			continue;
		}
		assert_true(attribute(result, " success=\"", success, sizeof(success)) ||
			    attribute(result, " test_case_success=\"", success, sizeof(success)));
		run_check_verdict(run, id, strcmp(success, "true") == 0 ? "pass" : "fail");
	}
	return ntests;
}

static void its_own_report_says_the_same(void **state)
{
	static const struct {
		const char *path, *options;
		unsigned ntests;
	} programs[] = {
		/* Two are hidden from it. */
		{ "catch2/cases", "-r xml -o ", 40 },
		{ "doctest/cases", "--reporters=xml --out=", 43 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *report = own_report(suite_path(programs[i].path), programs[i].options);

		for (size_t k = 0; k < 3; k++) {
			struct run *run = run_proctor(&(struct run_setup){
				.args = WORDS(isolations[k], suite_path(programs[i].path)) });

			assert_int_equal(check_own(run, "cases", report), programs[i].ntests);
			run_free(run);
		}
		free(report);
	}
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
		harness_test(most_tests_of_a_program_are_judged_as_all_are),
		harness_test(each_test_is_judged_as_its_framework_judges_it),
		harness_test(what_ends_a_process_is_blamed_on_its_test),
		harness_test(its_own_report_says_the_same),
		harness_test(what_the_framework_kept_of_the_output_is_the_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
