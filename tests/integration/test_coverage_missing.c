/* SPDX-License-Identifier: MIT */
/* Coverage: what is lost is named; the rest is there. */
#include "coverage_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void what_cannot_be_kept_is_named(void **state)
{
	const char *lost = need_suite("coverage/liblost.so%s", "");
	struct run *run;

	(void)state;
	run = cover(true, WORDS(SHORT, "--isolation=test", lost, suite_path("coverage/exe-lost"),
				suite_path("coverage/libneeds_19.so")));
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "the counts of suite lost (test tml_test_0) are missing");
	check_problem(run, "ended by SIGKILL");
	check_problem(run, "1 process that suite lost (test tml_test_1) forked");
	check_problem(run, "1 process that suite lost (test tml_test_2) forked");
	check_problem(run, "suite lost (test tml_test_3) forked, counts of libraries");
	check_problem(run, "libdep_19.so, a library that suite lost (test tml_test_4) opened, are missing");
	check_problem(run, "libdep_19.so, a library that suite lost (test tml_test_5) opened, are missing");
	/* A hundred times by the test, none for its child, and three by the other suite. */
	assert_int_equal(count_of(run, "dep_twice"), 100 + 3);
	check_problem(run, "the counts of suite exe-lost (test exe-lost) are missing");
	assert_non_null(strstr(run->err, "not complete"));
	run = cover(true, WORDS(SHORT, "--isolation=fork", lost));
	check_problem(run, "libdep_19.so, a library that was opened in a process that suite lost");
	run = cover(true, WORDS(SHORT, "--coverage-allow-partial", lost));
	assert_int_equal(run->exit_code, 1);
	check_problem(run, "the counts of suite lost (test tml_test_0) are missing");
}

/* What was forked before there was anything to count has nothing to leave. */
static void children_of_a_time_before_miss_nothing(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=1",
				     WORDS("--coverage=llvm", "-j1",
					   suite_path("coverage/libtml.so"),
					   need_suite("coverage/libneeds_%s.so", "19")));

	(void)state;
	check_complete(run, 0);
	assert_int_equal(count_of(run, "dep_twice"), 3);
}

static const struct plugin_row {
	const char *how;
	int exit_code;
	bool profile;		/* LLVM's runtime has written one of the library */
} plugin_rows[] = {
	{ "COVERAGE_PLUGIN=crash", 3 },
	{ "COVERAGE_PLUGIN=late", 1, true },
	{ "COVERAGE_PLUGIN=read", 1 },
	{ "COVERAGE_PLUGIN=killed", 3 },
	{ "COVERAGE_PLUGIN=closed", 1, true },
	{ "COVERAGE_PLUGIN=constructor", 0, true },
	{ "COVERAGE_PLUGIN=constructor-crash", 3 },
	{ "COVERAGE_PLUGIN=", 0, true },
};

/* Lost are the counts of a library that was opened, and not those that LLVM's runtime has written. */
static void a_library_that_a_test_opened(void **state)
{
	static const struct { const char *path, *name; } suites[] = {
		{ "coverage/libplugin.so%s", "plugin (test tml_test_0)" },
		{ "coverage/plugin%s", "plugin (test plugin)" },
	};
	const struct plugin_row *row = *state;

	for (size_t i = 0; i < 2; i++) {
		struct run *run = cover_with(row->how, WORDS(SHORT, need_suite(suites[i].path, "")));
		char *text = coverage_text(run, "coverage/coverage.json"), says[128];

		assert_int_equal(strstr(text, "left a profile, and none of the suites is its binary") != NULL,
				 row->profile);
		free(text);
		snprintf(says, sizeof(says), "libdep_19.so, a library that suite %s opened", suites[i].name);
		if (row->exit_code == 3)
			check_problem(run, says);
		else
			check_complete(run, row->exit_code);
	}
}

static const struct { const char *how, *says; } spoiled_rows[] = {
	{ "truncated", "would end past the end of the file" },
	{ "emptied", "left no profile" },
	{ "scribbled", "is damaged" },
	{ "removed", "left no profile" },
	{ "foreign", "too short for a raw profile" },
};

/* LLVM's runtime writes it, as nothing of ours can be in a static program. */
static void a_spoiled_profile_is_named(void **state)
{
	const struct { const char *how, *says; } *row = *state;
	const char *spoiled = need_suite("coverage/spoiled-%s", row->how);
	const char *ways = need_suite("coverage/libneeds_%s.so", "19");
	struct run *run = cover(false, WORDS(spoiled, ways));
	char text[128];

	assert_int_equal(run->exit_code, 3);
	snprintf(text, sizeof(text), "the counts of suite spoiled-%s (test spoiled-%s) are missing",
		 row->how, row->how);
	check_problem(run, text);
	check_problem(run, row->says);
	/* The rest is there. */
	assert_int_equal(count_of(run, "dep_twice"), 3);
}

/* LLVM_PROFILE_FILE names nothing that is anybody else's. */
static void a_test_may_remove_what_nobody_wants(void **state)
{
	(void)state;
	check_complete(cover(false, WORDS(need_suite("coverage/libunlinked.so%s", ""))), 0);
}

/* The run does not believe what the counter area says, and goes on. */
static void an_overwritten_area_spoils_nothing_else(void **state)
{
	const char *overwritten = need_suite("coverage/liboverwritten.so%s", "");
	struct run *run = cover(false, WORDS("--isolation=test", overwritten,
					     suite_path("coverage/libtml.so"),
					     need_suite("coverage/libneeds_%s.so", "19")));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "a test wrote over the counter area of its process");
	check_problem(cover(false, WORDS("--coverage=tml", overwritten, suite_path("coverage/libtml.so"))),
		      "a test wrote over the counter area of its process");
	assert_int_equal(count_of(run, "dep_twice"), 3);
	check_tml(run);
}

/* The map of the file that is there at the end is not that of the code that ran. */
static void a_suite_that_was_replaced_is_not_reported(void **state)
{
	const char *suite = need_suite("coverage/libheader_%s.so", "19");
	char dir[] = "/tmp/proctor-replaced-XXXXXX", text[1024], words[2][64];
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof(text), "cd %s && cp %s libgone.so && printf '#!/bin/sh\\ncd %s &&"
		 " cp libgone.so new && mv new libgone.so\\n' >replace && chmod +x replace",
		 dir, suite, dir);
	assert_int_equal(system(text), 0);
	snprintf(words[0], sizeof(words[0]), "%s/libgone.so", dir);
	snprintf(words[1], sizeof(words[1]), "%s/replace", dir);
	run = cover(false, WORDS("--test-threads=1", words[0], words[1]));
	snprintf(text, sizeof(text), "rm -r %s", dir);
	assert_int_equal(system(text), 0);
	run_check_verdict(run, "gone::covers_all", "pass");
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "libgone.so was replaced by another file");
}

#define PLUGIN_ROW(i) \
	harness_row_test("a_library_that_a_test_opened", \
			 a_library_that_a_test_opened, &plugin_rows[i])
#define SPOILED_ROW(i) \
	harness_row_test("a_spoiled_profile_is_named", a_spoiled_profile_is_named, &spoiled_rows[i])

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(what_cannot_be_kept_is_named),
		harness_test(children_of_a_time_before_miss_nothing),
		PLUGIN_ROW(0), PLUGIN_ROW(1), PLUGIN_ROW(2), PLUGIN_ROW(3), PLUGIN_ROW(4),
		PLUGIN_ROW(5), PLUGIN_ROW(6), PLUGIN_ROW(7),
		SPOILED_ROW(0), SPOILED_ROW(1), SPOILED_ROW(2), SPOILED_ROW(3), SPOILED_ROW(4),
		harness_test(an_overwritten_area_spoils_nothing_else),
		harness_test(a_test_may_remove_what_nobody_wants),
		harness_test(a_suite_that_was_replaced_is_not_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
