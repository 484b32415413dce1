/* SPDX-License-Identifier: MIT */
/* Coverage: what is instrumented, and by whom: all kinds of binaries and of counters. */
#include "coverage_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each LLVM's profiles are read by its own tool; the newest reports on all. */
static void libraries_of_several_llvms_are_reported_together(void **state)
{
	struct run *run;

	(void)state;
	run = cover(false, WORDS(need_suite("coverage/libneeds_%s.so", "14"),
				 need_suite("coverage/libneeds_%s.so", "16"),
				 need_suite("coverage/libneeds_%s.so", "19")));
	check_complete(run, 0);
	/* Three libraries, three calls in each. */
	assert_int_equal(count_of(run, "dep_twice"), 9);
}

static void copies_add_up_and_stripped_ones_count(void **state)
{
	const char *ways = need_suite("coverage/libways_%s.so", "19");
	struct run *run;

	(void)state;
	run = cover(true, WORDS(SHORT, ways, suite_path("coverage/libcopy.so"),
				suite_path("coverage/libstripped.so")));
	check_complete(run, 1);
	assert_int_equal(count_of(run, ":work"), 3 * WAYS_WORK);
}

/* The code under test counts, whatever its tests were compiled with. */
static void plain_suites_count_in_instrumented_libraries(void **state)
{
	const char *suite = need_suite("coverage/libplainneeds.so%s", "");
	const char *program = suite_path("coverage/plainneeds");
	struct run *good, *bad;

	(void)state;
	good = cover(false, WORDS(SHORT, suite, program));
	check_complete(good, 0);
	assert_int_equal(count_of(good, "dep_twice"), 6);
	assert_null(strstr(good->out, "instrumented"));
	bad = cover(true, WORDS(SHORT, suite, program));
	check_complete(bad, 1);
	check_equal(good, bad);
}

static void many_libraries_of_one_suite_count(void **state)
{
	struct run *run = cover(false, WORDS(need_suite("coverage/libmany.so%s", "")));

	(void)state;
	check_complete(run, 0);
	assert_int_equal(count_of(run, "part_0"), 1);
	assert_int_equal(count_of(run, "part_9"), 1);
}

/* It tells what it found, as without coverage, and what it does not look after counts. */
static void sanitized_suites_count_and_report(void **state)
{
	const char *exe = need_suite("coverage/exe-null%s", "");
	const char *library = suite_path("coverage/libneedsasan.so");
	struct run *good = cover(false, WORDS(SHORT, exe, library)), *bad;

	(void)state;
	check_complete(good, 0);
	bad = cover(true, WORDS(SHORT, exe, library));
	check_complete(bad, 1);
	assert_non_null(strstr(bad->out, "AddressSanitizer: SEGV"));
	check_equal(good, bad);
}

static void without_instrumentation_there_is_a_sentence(void **state)
{
	struct run *run;

	(void)state;
	run = cover(false, WORDS(suite_path("coverage/libplain.so")));
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "no suite is instrumented");
	run = cover(false, WORDS(suite_path("coverage/libplain.so"),
				 need_suite("coverage/libneeds_%s.so", "19")));
	check_complete(run, 0);
	assert_non_null(strstr(run->out, "1 of 2 suites are not instrumented"));
}

/* What counts conditions as well is merged by LLVM's own tool, from what its runtime writes at exit. */
static void what_cannot_be_summed_takes_llvms_way(void **state)
{
	const char *mcdc = need_suite("coverage/libmcdc.so%s", "");
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	struct run *run = cover(false, WORDS("-j1", mcdc, needs));

	(void)state;
	check_complete(run, 0);
	assert_int_equal(count_of(run, ":both"), 2);
	assert_int_equal(count_of(run, "dep_twice"), 3);
	assert_null(strstr(run->out, "note:"));
	run = cover(true, WORDS(SHORT, mcdc, needs));
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "the counts of suite mcdc (test");
}

/* How often a function without a map was entered, or the number of its null (-2); -1: it is not there. */
static json_int_t entries_of(const struct run *run, const char *library, const char *name)
{
	json_t *doc = coverage_json(run, "coverage/coverage.json"), *binary, *path, *function;
	json_int_t hits = -1;
	size_t i, j, k;

	json_array_foreach(json_object_get(json_object_get(doc, "proctor"), "unmapped"), i, binary)
		json_array_foreach(json_object_get(binary, "paths"), j, path) {
			if (!strstr(json_string_value(path), library))
				continue;
			json_array_foreach(json_object_get(binary, "functions"), k, function)
				if (strcmp(event_text(function, "name"), name) == 0)
					hits = json_is_null(json_object_get(function, "hits"))
						? -2 : event_number(function, "hits");
		}
	json_decref(doc);
	return hits;
}

/* As TML's source coverage is; a crash keeps the counts, and there is a copy with the same names. */
static void entry_counters_without_a_map_tell_functions(void **state)
{
	const char *entries = need_suite("coverage/libentries.so%s", "");
	const char *copy = need_suite("coverage/libentries_copy.so%s", "");
	struct run *run = cover(false, WORDS("--on-crash=continue", entries));
	const json_t *numbers;
	char *lcov, *html;

	(void)state;
	check_complete(run, 1);
	assert_int_equal(entries_of(run, "libentries.so", "twice"), 4);
	assert_int_equal(entries_of(run, "libentries.so", "tml_test_0"), 1);
	assert_int_equal(entries_of(run, "libentries.so", "tml_test_1"), 1);
	assert_int_equal(entries_of(run, "libentries.so", "never"), 0);
	assert_non_null(strstr(run->out, "Coverage: 75.0 % of functions (3 of 4), no lines: "));
	numbers = json_object_get(run_event(run, "coverage"), "unmapped_functions");
	assert_int_equal(event_number(numbers, "count"), 4);
	assert_int_equal(event_number(numbers, "covered"), 3);
	assert_int_equal(event_number(run_event(run, "coverage"), "unmapped"), 1);
	lcov = coverage_text(run, "coverage/coverage.lcov");
	assert_non_null(strstr(lcov, "\nFN:0,twice\n"));
	assert_non_null(strstr(lcov, "\nFNDA:4,twice\n"));
	html = coverage_text(run, "coverage/index.html");
	assert_non_null(strstr(html, "<td>twice</td><td>4</td>"));
	free(lcov);
	free(html);
	run = cover(false, WORDS("--on-crash=continue", entries, copy));
	check_complete(run, 1);
	assert_int_equal(entries_of(run, "libentries.so", "twice"), 8);
	assert_int_equal(entries_of(run, "libentries_copy.so", "twice"), 8);
}

/* Beside suites that have a map; clang's without one, and its optimizer's, which counts edges. */
static void other_counters_without_a_map_tell_functions_too(void **state)
{
	const char *ways = need_suite("coverage/libways_%s.so", "19");
	struct run *run = cover(false, WORDS(SHORT, ways, need_suite("coverage/libunmapped.so%s", ""),
					     need_suite("coverage/libedges.so%s", "")));

	(void)state;
	check_complete(run, run->exit_code);
	assert_in_range(run->exit_code, 0, 1);
	assert_int_equal(entries_of(run, "libunmapped.so", "tml_test_0"), 1);
	assert_int_equal(entries_of(run, "libedges.so", "tml_test_0"), -2);
	assert_non_null(strstr(run->out, "  functions without a coverage map: 2 of "));
	assert_non_null(strstr(run->out, " % of lines ("));
	assert_non_null(strstr(run->out, "2 binaries have counters and no coverage map (the first is "));
}

/* Nobody is to cover what proctor's header puts into a suite. */
static void proctors_own_header_does_not_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(llvms) / sizeof(llvms[0]); i++) {
		struct run *run = cover(false, WORDS(need_suite("coverage/libheader_%s.so", llvms[i])));
		json_t *doc = coverage_json(run, "coverage/coverage.json"), *files;
		char *lcov = coverage_text(run, "coverage/coverage.lcov");

		files = json_object_get(json_array_get(json_object_get(doc, "data"), 0), "files");
		assert_int_equal(json_array_size(files), 1);
		assert_non_null(strstr(json_string_value(json_object_get(json_array_get(files, 0),
									 "filename")),
				       "/cov_header.c"));
		assert_null(strstr(lcov, "proctor/suite.h"));
		assert_non_null(strstr(run->out, "100.0 % of lines"));
		free(lcov);
		json_decref(doc);
	}
}

/* A call in each of eleven tests, some of which end their process. In one that was shared those may run again. */
static void programs_of_frameworks_count(void **state)
{
	static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };
	static const char *const names[] = { "googletest", "doctest" };

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		bool bad = i % 2, shared = i / 2 % 3 == 0;
		char name[64];
		struct run *run;
		json_int_t count;

		snprintf(name, sizeof(name), "coverage/%s%%s", names[i / 6]);
		run = cover(bad, WORDS(SHORT, "-j2", isolations[i / 2 % 3], need_suite(name, "")));
		check_complete(run, bad ? 1 : 0);
		assert_int_equal(run_count(run, "test-end"), 11);
		count = count_of(run, "covered_work");
		if (bad && shared ? count < 11 : count != 11)
			fail_msg("%s %s%s: %lld calls", names[i / 6], isolations[i / 2 % 3], bad ? ", bad" : "",
				 (long long)count);
		run_free(run);
	}
}

/* Each test has run once, as far as its failure is not looked into. */
static void what_ran_again_to_confirm_a_failure_is_not_counted(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--coverage", "-j1", need_suite("coverage/libpolluted.so", "")),
		.prefix = IN_ITS_DIRECTORY, .env = WORDS("POLLUTERS=3", "VICTIM=400") });

	(void)state;
	assert_int_equal(run_count(run, "test-confirmed"), 1);
	assert_int_equal(count_of(run, "polluted_test"), 500);
	check_complete(run, 1);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(libraries_of_several_llvms_are_reported_together),
		harness_test(copies_add_up_and_stripped_ones_count),
		harness_test(plain_suites_count_in_instrumented_libraries),
		harness_test(programs_of_frameworks_count),
		harness_test(what_ran_again_to_confirm_a_failure_is_not_counted),
		harness_test(many_libraries_of_one_suite_count),
		harness_test(sanitized_suites_count_and_report),
		harness_test(what_cannot_be_summed_takes_llvms_way),
		harness_test(without_instrumentation_there_is_a_sentence),
		harness_test(entry_counters_without_a_map_tell_functions),
		harness_test(other_counters_without_a_map_tell_functions_too),
		harness_test(proctors_own_header_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
