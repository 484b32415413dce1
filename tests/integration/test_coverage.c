/* SPDX-License-Identifier: MIT */
/* `proctor run --coverage` and `proctor coverage`: what is counted, whatever becomes of the tests. */
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MAX 32
#define WAYS_WORK (36 + 8 + 2)
#define SOAK_ROUNDS 10

static const char *const llvms[] = { "14", "16", "19" };
/* Their hangs are to be short. */
#define SHORT "--timeout=500ms", "--grace=200ms", "--on-crash=continue"

/* In a directory that the run may leave something in: coverage/ goes there by default. */
#define WORK ".work"
#define IN_ITS_DIRECTORY                                                                      \
	WORDS("/bin/sh", "-c",                                                                \
	      "/bin/mkdir \"$TMPDIR/" WORK "\" && cd \"$TMPDIR/" WORK "\" && exec \"$0\" \"$@\"")

static bool soaks(void)
{
	return getenv("PROCTOR_SOAK") != NULL;
}

/* A suite of one clang; the test is skipped where that is not installed. */
static const char *need_suite(const char *fmt, const char *llvm)
{
	char name[64];
	const char *path;

	snprintf(name, sizeof(name), fmt, llvm);
	path = suite_path(name);
	if (access(path, R_OK) < 0)
		skip();
	return path;
}

/* Runs with --coverage, or what `words` says of it, and with one variable for the suites. */
static struct run *cover_with(const char *variable, const char *const *words)
{
	const char *args[WORDS_MAX] = { "--coverage" };
	size_t n = 1;

	while (*words)
		args[n++] = *words++;
	return run_proctor(&(struct run_setup){
		.args = args,
		.prefix = IN_ITS_DIRECTORY,
		.env = WORDS(variable),
	});
}

/* `bad`: tests end in their own ways. */
static struct run *cover(bool bad, const char *const *words)
{
	return cover_with(bad ? "COVERAGE_BAD=1" : "COVERAGE_BAD=0", words);
}

/* A file of the run's directory as JSON. */
static json_t *load(const struct run *run, const char *name)
{
	char path[256];
	json_error_t where;
	json_t *doc;

	snprintf(path, sizeof(path), "%s/" WORK "/%s", run->dir, name);
	doc = json_load_file(path, 0, &where);
	if (!doc)
		fail_msg("%s: %s", path, where.text);
	return doc;
}

/* The same as text, freed by the caller. */
static char *slurp(const struct run *run, const char *name)
{
	char path[256], *text;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "%s/" WORK "/%s", run->dir, name);
	f = fopen(path, "r");
	if (!f || fstat(fileno(f), &st) < 0)
		fail_msg("%s is not there", path);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	return text;
}

static bool exists(const struct run *run, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" WORK "/%s", run->dir, name);
	return access(path, F_OK) == 0;
}

/* Every region of every function with its count: what must be equal. Freed by the caller. */
static char *counts(const struct run *run)
{
	json_t *doc = load(run, "coverage/coverage.json"), *all = json_object(), *function;
	json_t *functions = json_object_get(json_array_get(json_object_get(doc, "data"), 0),
					    "functions");
	char *text;
	size_t i;

	assert_true(json_array_size(functions) > 0);
	json_array_foreach(functions, i, function) {
		json_t *key = json_pack("[O, O]", json_object_get(function, "name"),
					json_object_get(function, "filenames"));
		char *name = json_dumps(key, 0);

		json_object_set(all, name, json_object_get(function, "regions"));
		free(name);
		json_decref(key);
	}
	text = json_dumps(all, JSON_SORT_KEYS | JSON_INDENT(1));
	json_decref(all);
	json_decref(doc);
	return text;
}

/* The count of a function, by the end of its name. */
static json_int_t count_of(const struct run *run, const char *name)
{
	json_t *doc = load(run, "coverage/coverage.json"), *function;
	json_int_t count = -1;
	size_t i;

	json_array_foreach(json_object_get(json_array_get(json_object_get(doc, "data"), 0),
					   "functions"), i, function) {
		const char *full = event_text(function, "name");

		if (strlen(full) >= strlen(name) &&
		    strcmp(full + strlen(full) - strlen(name), name) == 0)
			count = event_number(function, "count");
	}
	json_decref(doc);
	return count;
}

/* How often a function of TML ran; -1: it did not. */
static json_int_t function_hits(const struct run *run, const char *name)
{
	json_t *doc = load(run, "coverage/coverage.json"), *function;
	json_int_t hits = -1;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(doc, "proctor"), "tml_functions"), i,
			   function)
		if (strcmp(event_text(function, "name"), name) == 0)
			hits = json_is_null(json_object_get(function, "hits"))
				? 0 : event_number(function, "hits");
	json_decref(doc);
	return hits;
}

static void check_equal(const struct run *good, const struct run *bad)
{
	char *expected = counts(good), *got = counts(bad);

	if (strcmp(expected, got) != 0) {
		size_t i = 0;

		while (expected[i] == got[i])
			i++;
		fail_msg("counts differ:\n%.300s\n---\n%.300s", expected + (i > 150 ? i - 150 : 0),
			 got + (i > 150 ? i - 150 : 0));
	}
	free(expected);
	free(got);
}

static void check_problem(const struct run *run, const char *text)
{
	json_t *doc = load(run, "coverage/coverage.json");
	json_t *ours = json_object_get(doc, "proctor");
	char *problems = json_dumps(json_object_get(ours, "problems"), 0);

	assert_true(json_is_true(json_object_get(ours, "partial")));
	if (!strstr(problems, text))
		fail_msg("nothing says \"%s\": %s", text, problems);
	if (!strstr(run->out, text))
		fail_msg("the terminal does not say \"%s\": %s", text, run->out);
	free(problems);
	json_decref(doc);
}

static void check_complete(const struct run *run, int exit_code)
{
	json_t *doc = load(run, "coverage/coverage.json");
	json_t *ours = json_object_get(doc, "proctor");

	if (json_is_true(json_object_get(ours, "partial")))
		fail_msg("is partial: %s", json_dumps(json_object_get(ours, "problems"), JSON_INDENT(1)));
	assert_int_equal(run->exit_code, exit_code);
	json_decref(doc);
}

/* What tml_test_0 to tml_test_35 of cov_ways.c call: once each, and in children. */
static void check_ways(const struct run *run)
{
	assert_int_equal(count_of(run, ":work"), WAYS_WORK);
	assert_int_equal(count_of(run, ":work_in_child"), 8 + 2);
	assert_int_equal(count_of(run, "tml_test_14"), 1);
}

/* The same of cov_tml.c. */
static void check_tml(const struct run *run)
{
	assert_int_equal(function_hits(run, "core::add"), 3);
	assert_int_equal(function_hits(run, "core::parse[Str]"), 1);
	assert_int_equal(function_hits(run, "core::crash"), 1);
	assert_int_equal(function_hits(run, "core::wait"), 1);
	assert_int_equal(function_hits(run, "core::hot"), 2147483648);
}

static void a_test_counts_however_it_ends(void **state)
{
	const char *llvm = *state;
	const char *ways = need_suite("coverage/libways_%s.so", llvm);
	struct run *good = cover(false, WORDS(SHORT, ways)), *bad;

	check_complete(good, 0);
	check_ways(good);
	bad = cover(true, WORDS(SHORT, ways));
	check_complete(bad, 1);
	check_equal(good, bad);
}

static const char *const matrix_suites[] = {
	"coverage/libways_%s.so", "coverage/libneeds_%s.so", "coverage/libtml.so",
	"coverage/exe%s-pass", "coverage/exe%s-crash", "coverage/exe%s-exit", "coverage/exe%s-hang",
	"coverage/exe%s-child",
};

/* All of them at once, executables and TML's functions among them. */
static void the_matrix_makes_no_difference(void **state)
{
	static const char *const threads[] = { "1", "2", "4", "8" };
	static const char *const kinds[] = { "batch", "test", "fork" };
	const char *llvm = *state, *args[WORDS_MAX] = { SHORT };
	size_t nshort = 3, n = nshort + 3;
	struct run *good;

	for (size_t i = 0; i < sizeof(matrix_suites) / sizeof(matrix_suites[0]); i++)
		args[n++] = need_suite(matrix_suites[i], llvm);
	args[nshort] = "--isolation=batch", args[nshort + 1] = "-j", args[nshort + 2] = "2";
	good = cover(false, args);
	check_complete(good, 0);
	check_tml(good);
	for (int round = 0; round < (soaks() ? SOAK_ROUNDS : 1); round++)
		for (size_t t = 0; t < 4; t++)
			for (size_t k = 0; k < 3; k++) {
				char isolation[32];
				struct run *bad;

				snprintf(isolation, sizeof(isolation), "--isolation=%s", kinds[k]);
				args[nshort] = isolation, args[nshort + 2] = threads[t];
				bad = cover(true, args);
				check_complete(bad, 1);
				check_equal(good, bad);
				check_tml(bad);
				run_free(bad);
			}
}

static void executables_count_however_they_end(void **state)
{
	const char *llvm = *state;
	const char *exes[] = {
		need_suite("coverage/exe%s-pass", llvm), need_suite("coverage/exe%s-crash", llvm),
		need_suite("coverage/exe%s-exit", llvm), need_suite("coverage/exe%s-hang", llvm),
		need_suite("coverage/exe%s-child", llvm),
	};
	struct run *good, *bad;

	good = cover(false, WORDS(SHORT, exes[0], exes[1], exes[2], exes[3], exes[4]));
	check_complete(good, 0);
	assert_int_equal(count_of(good, ":work"), 6);
	bad = cover(true, WORDS(SHORT, exes[0], exes[1], exes[2], exes[3], exes[4]));
	check_complete(bad, 1);
	check_equal(good, bad);
}

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

static void a_stopped_run_keeps_what_was_counted(void **state)
{
	const char *exe = need_suite("coverage/exe%s-hang", "19");
	struct run *run, *good;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--coverage", "--timeout=60s", "--grace=300ms", exe),
		.env = WORDS("COVERAGE_BAD=1"),
		.cut_short = true,
		.prefix = IN_ITS_DIRECTORY,
	});
	run_await_processes(run, "at-exe19-hang", 1, 30000);
	kill(run->pid, SIGINT);
	run_finish(run);
	assert_int_equal(run->exit_code, 128 + SIGINT);
	good = cover(false, WORDS(exe));
	check_equal(good, run);
}

/* A crash ends the run at once; what ran beside it was killed, and counts. */
static void a_crash_elsewhere_loses_nothing(void **state)
{
	const char *crashes = need_suite("coverage/exe%s-hang", "16");
	const char *hangs = need_suite("coverage/exe%s-hang", "19");
	struct run *run, *good;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--coverage", "--timeout=60s", "--on-crash=stop", "-j", "2", crashes, hangs),
		.env = WORDS("COVERAGE_BAD=1"),
		.prefix = IN_ITS_DIRECTORY,
	});
	run_await_processes(run, "at-exe16-hang", 1, 30000);
	run_await_processes(run, "at-exe19-hang", 1, 30000);
	run_signal_processes(run, "at-exe16-hang", SIGSEGV);
	run_finish(run);
	check_complete(run, 1);
	run_check_verdict(run, "exe16-hang", "crash");
	run_check_verdict(run, "exe19-hang", "cancelled");
	good = cover(false, WORDS(crashes, hangs));
	check_equal(good, run);
}

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

static const struct begin_row {
	const char *how;
	struct {
		int exit_code;
		int count;		/* of begin_work; -1: nothing is known of it */
	} library, program;
} begin_rows[] = {
	{ "COVERAGE_BEGIN=crash", { 1, 1 }, { 1, 1 } },
	{ "COVERAGE_BEGIN=exit", { 1, 1 }, { 0, 1 } },
	{ "COVERAGE_BEGIN=hang", { 1, 1 }, { 1, 1 } },
	{ "COVERAGE_BEGIN=hang-deaf", { 1, 1 }, { 1, 1 } },
	{ "COVERAGE_BEGIN=killed", { 3, -1 }, { 3, -1 } },
	{ "COVERAGE_BEGIN=exec", { 1, 1 }, { 0, 3 } },
	{ "COVERAGE_BEGIN=child-exit", { 0, 3 }, { 0, 3 } },
	{ "COVERAGE_BEGIN=child-killed", { 3, 2 }, { 3, 2 } },
};

/* Constructors count, whatever happens in them: of a library, of a program and of what it needs. */
static void what_happens_while_loading_counts(void **state)
{
	static const char *const names[] = {
		"coverage/libbegin.so", "coverage/begin", "coverage/beginneeds",
	};
	const struct begin_row *row = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct run *run = cover_with(row->how, WORDS(SHORT, need_suite(names[i], "")));
		int exit_code = i == 0 ? row->library.exit_code : row->program.exit_code;
		int count = i == 0 ? row->library.count : row->program.count;

		assert_int_equal(run->exit_code, exit_code);
		if (exit_code == 3)
			check_problem(run, count < 0 ? "are missing" : "forked are missing");
		else
			check_complete(run, exit_code);
		assert_int_equal(count_of(run, "begin_work"), count);
	}
}

/* What was opened after the fork is not in the child. */
static void a_child_of_a_constructor_may_stay(void **state)
{
	struct run *run = cover_with("COVERAGE_BEGIN=child-stays",
				     WORDS("-j1", need_suite("coverage/libbegin.so%s", ""),
					   suite_path("coverage/liblater.so")));

	(void)state;
	check_complete(run, 0);
	assert_int_equal(count_of(run, "begin_work"), 3);
}

static const struct { const char *how; int exit_code; } plugin_rows[] = {
	{ "COVERAGE_PLUGIN=crash", 3 },
	{ "COVERAGE_PLUGIN=late", 1 },
	{ "COVERAGE_PLUGIN=read", 1 },
	{ "COVERAGE_PLUGIN=", 0 },
};

/* Lost are the counts of a library that was opened, and not those that LLVM's runtime has written. */
static void a_library_that_a_test_opened(void **state)
{
	const struct { const char *how; int exit_code; } *row = *state;
	struct run *run = cover_with(row->how, WORDS(SHORT,
						     need_suite("coverage/libplugin.so%s", "")));

	if (row->exit_code == 3)
		check_problem(run, "libdep_19.so, a library that suite plugin (test tml_test_0) opened");
	else
		check_complete(run, row->exit_code);
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

static void a_spoiled_profile_is_named(void **state)
{
	const struct { const char *how, *says; } *row = *state;
	const char *spoiled = need_suite("coverage/lib%s.so", row->how);
	const char *ways = need_suite("coverage/libneeds_%s.so", "19");
	struct run *run = cover(false, WORDS(spoiled, ways));
	char text[128];

	assert_int_equal(run->exit_code, 3);
	snprintf(text, sizeof(text), "the counts of suite %s (test tml_test_0) are missing", row->how);
	check_problem(run, text);
	check_problem(run, row->says);
	/* The rest is there. */
	assert_int_equal(count_of(run, "dep_twice"), 3);
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

/* How often a function without a map was entered, or the number of its null (-2); -1: it is not there. */
static json_int_t entries_of(const struct run *run, const char *library, const char *name)
{
	json_t *doc = load(run, "coverage/coverage.json"), *binary, *path, *function;
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
	lcov = slurp(run, "coverage/coverage.lcov");
	assert_non_null(strstr(lcov, "\nFN:0,twice\n"));
	assert_non_null(strstr(lcov, "\nFNDA:4,twice\n"));
	html = slurp(run, "coverage/index.html");
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

static void a_static_program_counts_at_its_exit(void **state)
{
	struct run *run = cover(false, WORDS(need_suite("coverage/static-pass%s", "")));

	(void)state;
	check_complete(run, 0);
	assert_int_equal(count_of(run, ":work"), 1);
}

/* Nothing of ours is in it, but it can be looked at from outside. */
static void a_static_program_counts_when_it_is_killed(void **state)
{
	const char *hang = need_suite("coverage/static-hang%s", "");
	struct run *run = cover(true, WORDS(SHORT, hang));

	(void)state;
	check_complete(run, 1);
	assert_int_equal(count_of(run, ":work"), 1);
	check_equal(cover(false, WORDS(hang)), run);
}

/* At whatever stage it is killed, in exec, in the loader, in a constructor: what has executed nothing
 * misses nothing. */
static void a_program_killed_at_its_start_misses_nothing(void **state)
{
	const char *hang = need_suite("coverage/exe%s-hang", "19");
	const char *crash = need_suite("coverage/exe%s-crash", "19");

	(void)state;
	for (int i = 0; i < 5; i++)
		check_complete(cover(true, WORDS("--timeout=60s", "--on-crash=stop", "-j", "1", crash,
					       hang)), 1);
}

static void the_minimum_decides(void **state)
{
	const char *lost = need_suite("coverage/liblost.so%s", "");
	struct run *run;

	(void)state;
	run = cover(false, WORDS("--coverage-fail-under=90", lost));
	assert_int_equal(run->exit_code, 1);
	assert_non_null(strstr(run->out, "below the minimum of 90 %"));
	run = cover(false, WORDS("--coverage-fail-under=1.5", lost));
	assert_int_equal(run->exit_code, 0);
	run = cover(false, WORDS("--coverage-fail-under=100",
				 need_suite("coverage/libneeds_%s.so", "19")));
	assert_int_equal(run->exit_code, 0);
}

static void reports_are_narrowed_to_what_was_asked_for(void **state)
{
	struct run *run;
	char *lcov, *html;

	(void)state;
	run = cover(false, WORDS("--coverage-include=*/cov_dep.c", "--coverage-output=page.html",
				 need_suite("coverage/libneeds_%s.so", "19"),
				 need_suite("coverage/exe%s-pass", "19")));
	check_complete(run, 0);
	lcov = slurp(run, "coverage/coverage.lcov");
	html = slurp(run, "page.html");
	assert_non_null(strstr(lcov, "cov_dep.c"));
	assert_null(strstr(lcov, "cov_exe.c"));
	assert_non_null(strstr(html, "cov_dep.c"));
	assert_null(strstr(html, "cov_exe.c"));
	assert_int_equal(count_of(run, "dep_twice"), 3);
	assert_int_equal(count_of(run, ":work"), -1);
	free(lcov);
	free(html);
	run = cover(false, WORDS("--coverage-exclude=cov_dep.c",
				 need_suite("coverage/libneeds_%s.so", "19"),
				 need_suite("coverage/exe%s-pass", "19")));
	check_complete(run, 0);
	assert_int_equal(count_of(run, "dep_twice"), -1);
	assert_int_equal(count_of(run, ":work"), 1);
}

/* The second run's counts are its own; the directory holds one run's. */
static void a_directory_is_used_again(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char dir[128];
	struct run *run = cover(false, WORDS(needs));

	(void)state;
	snprintf(dir, sizeof(dir), "--coverage-dir=%s/" WORK "/coverage", run->dir);
	run_proctor(&(struct run_setup){ .args = WORDS("--coverage", dir, needs) });
	check_complete(run, 0);
	assert_int_equal(count_of(run, "dep_twice"), 3);
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

/* Nobody is to cover what proctor's header puts into a suite. */
static void proctors_own_header_does_not_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(llvms) / sizeof(llvms[0]); i++) {
		struct run *run = cover(false, WORDS(need_suite("coverage/libheader_%s.so", llvms[i])));
		json_t *doc = load(run, "coverage/coverage.json"), *files;
		char *lcov = slurp(run, "coverage/coverage.lcov");

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

/* What a run would remove must be what a run has left. */
static void a_directory_of_others_is_refused(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char dir[64] = "/tmp/proctor-others-XXXXXX", option[96], text[320];
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof(text), "mkdir %s/raw && echo mine > %s/raw/photo", dir, dir);
	assert_int_equal(system(text), 0);
	snprintf(option, sizeof(option), "--coverage-dir=%s", dir);
	for (int i = 0; i < 2; i++) {
		run = run_start(&(struct run_setup){
			.args = WORDS("--coverage", option, needs), .cut_short = true, .no_events = true,
		});
		run_finish(run);
		assert_int_equal(run->exit_code, 3);
		assert_non_null(strstr(run->err, "/raw is there and no run with --coverage has left it"));
	}
	/* And asking for a report does not make it a run's. */
	run = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(dir), .no_events = true, .no_loop = true,
		.cut_short = true,
	});
	run_finish(run);
	assert_int_equal(run->exit_code, 2);
	snprintf(text, sizeof(text), "grep -qx mine %s/raw/photo && test \"$(ls -A %s)\" = raw && rm -r %s",
		 dir, dir, dir);
	assert_int_equal(system(text), 0);
}

/* Names say nothing, not even that of the mark: nothing in there is touched. */
static void a_directory_is_known_by_its_mark(void **state)
{
	static const char *const made[] = { "touch lock", "touch .proctor-coverage",
					    "echo mine >.proctor-coverage" };
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char dir[64] = "/tmp/proctor-site-XXXXXX", option[96], text[512];
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(option, sizeof(option), "--coverage-dir=%s", dir);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		snprintf(text, sizeof(text), "cd %s && rm -rf * .p* && %s && mkdir raw merged &&"
			 " echo mine | tee raw/photo merged/notes index.html >/dev/null &&"
			 " ls -lAR >%s.before", dir, made[i], dir);
		assert_int_equal(system(text), 0);
		run = run_start(&(struct run_setup){
			.args = WORDS("--coverage", option, needs), .cut_short = true,
			.no_events = true,
		});
		run_finish(run);
		assert_int_equal(run->exit_code, 3);
		assert_non_null(strstr(run->err, "no run with --coverage has left it"));
		snprintf(text, sizeof(text), "cd %s && ls -lAR | cmp - %s.before &&"
			 " cat raw/photo merged/notes index.html | sort -u | grep -qx mine", dir, dir);
		assert_int_equal(system(text), 0);
		run_free(run);
	}
	/* A link to a directory of others is not emptied either. */
	snprintf(text, sizeof(text), "cd %s && rm -rf * .p*", dir);
	assert_int_equal(system(text), 0);
	run_free(run_proctor(&(struct run_setup){ .args = WORDS("--coverage", option, needs) }));
	snprintf(text, sizeof(text), "cd %s && rm -rf raw && mkdir mine && echo mine >mine/photo &&"
		 " ln -s mine raw", dir);
	assert_int_equal(system(text), 0);
	run = run_start(&(struct run_setup){
		.args = WORDS("--coverage", option, needs), .cut_short = true, .no_events = true,
	});
	run_finish(run);
	assert_int_equal(run->exit_code, 3);
	snprintf(text, sizeof(text), "grep -qx mine %s/mine/photo && rm -r %s %s.before",
		 dir, dir, dir);
	assert_int_equal(system(text), 0);
}

static void what_cannot_be_written_is_told_before_the_tests(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	struct run *run;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--coverage", "--coverage-output=nowhere/page.html", needs),
		.prefix = IN_ITS_DIRECTORY, .cut_short = true, .no_events = true,
	});
	run_finish(run);
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "nowhere/page.html: No such file"));
	assert_null(strstr(run->out, "passed"));
}

static void what_was_emptied_is_damaged(void **state)
{
	struct run *run = cover(false, WORDS(need_suite("coverage/libneeds_%s.so", "19"))), *again;
	char dir[128], path[160];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/" WORK "/coverage", run->dir);
	snprintf(path, sizeof(path), "%s/merged/0.profraw", dir);
	assert_int_equal(truncate(path, 0), 0);
	again = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(dir), .no_events = true, .no_loop = true,
		.cut_short = true,
	});
	run_finish(again);
	assert_int_equal(again->exit_code, 3);
	assert_non_null(strstr(again->err, "0.profraw is damaged: it is empty"));
	assert_int_equal(unlink(path), 0);
	again = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(dir), .no_events = true, .no_loop = true,
		.cut_short = true,
	});
	run_finish(again);
	assert_int_equal(again->exit_code, 3);
}

/* What was not selected is not said to be uninstrumented. */
static void a_filtered_run_has_no_false_note(void **state)
{
	struct run *run = cover(false, WORDS("--filter=needs", need_suite("coverage/libneeds_%s.so", "19"),
					     need_suite("coverage/exe%s-pass", "19")));

	(void)state;
	check_complete(run, 0);
	assert_null(strstr(run->out, "note:"));
}

/* A minimum that nobody looks at would be worse than none. */
static void coverage_options_want_coverage(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--coverage-fail-under=90", suite_path("coverage/libplain.so")),
		.no_events = true, .cut_short = true,
	});

	(void)state;
	run_finish(run);
	assert_int_equal(run->exit_code, 2);
	assert_non_null(strstr(run->err, "--coverage-fail-under is of no use without --coverage"));
}

static void a_directory_in_use_is_refused(void **state)
{
	const char *hang = need_suite("coverage/exe%s-hang", "19");
	struct run *first, *second;
	char dir[128];

	(void)state;
	first = run_start(&(struct run_setup){
		.args = WORDS("--coverage", "--timeout=60s", "--grace=100ms", hang),
		.env = WORDS("COVERAGE_BAD=1"),
		.cut_short = true,
		.prefix = IN_ITS_DIRECTORY,
	});
	run_await(first, "test-start", NULL);
	snprintf(dir, sizeof(dir), "--coverage-dir=%s/" WORK "/coverage", first->dir);
	second = run_start(&(struct run_setup){
		.args = WORDS("--coverage", dir, hang), .cut_short = true, .no_events = true,
	});
	run_finish(second);
	assert_int_equal(second->exit_code, 3);
	assert_non_null(strstr(second->err, "in use by another run"));
	kill(first->pid, SIGINT);
	run_finish(first);
}

/* A directory with executable scripts under the names of LLVM's tools. */
static void tools_write(const char *dir, const char *profdata, const char *cov)
{
	const char *const names[] = { "llvm-profdata-19", "llvm-cov-19" };
	const char *const bodies[] = { profdata, cov };
	char path[256];

	assert_int_equal(mkdir(dir, 0777), 0);
	for (size_t i = 0; i < 2; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "#!/bin/sh\ncase \"$*\" in *--version*) echo 'LLVM version 19.1.7'; exit;; "
			"esac\n%s\n", bodies[i]);
		fclose(f);
		assert_int_equal(chmod(path, 0755), 0);
	}
}

/* With the right tools the reports come from what the run left. */
static void report_again(const struct run *run)
{
	char coverage[128];
	struct run *again;

	snprintf(coverage, sizeof(coverage), "%s/" WORK "/coverage", run->dir);
	again = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(coverage), .no_events = true, .no_loop = true,
		.cut_short = true,
	});
	run_finish(again);
	assert_int_equal(again->exit_code, 0);
}

struct tool_row {
	const char *title, *profdata, *cov, *says;
	bool hangs;		/* the others have the time that a busy machine takes */
};

static const struct tool_row tool_rows[] = {
	{ "it fails", "echo out of order >&2; exit 1", "exit 1",
	  "failed with status 1: out of order" },
	{ "it crashes", "kill -SEGV $$", "exit 1", "crashed with SIGSEGV" },
	{ "it hangs", "/bin/sleep 1000 & wait", "exit 1", "did not end within 1 s",
	  .hangs = true },
	{ "it writes nothing", "exit 0", "exit 0", "wrote nothing" },
	{ "llvm-cov fails", "while [ \"$1\" != -o ]; do shift; done; echo x > \"$2\"",
	  "echo no such thing >&2; exit 2", "llvm-cov-19, which was to export" },
	{ "llvm-cov talks nonsense", "while [ \"$1\" != -o ]; do shift; done; echo x > \"$2\"",
	  "echo nonsense", "export.json, line 1" },
};

static void a_tool_that_fails_is_an_error(void **state)
{
	const struct tool_row *row = *state;
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char dir[64] = "/tmp/proctor-tools-XXXXXX", tools[80], path[128];
	struct run *run;

	assert_non_null(mkdtemp(dir));
	snprintf(tools, sizeof(tools), "%s/bin", dir);
	tools_write(tools, row->profdata, row->cov);
	/* Nothing of the machine's own tools; the scripts need a few programs. */
	snprintf(path, sizeof(path), "PATH=%s:/bin/nonexistent", tools);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--coverage", row->hangs ? "--coverage-tool-timeout=1s"
						       : "--coverage-tool-timeout=60s", needs),
		.prefix = IN_ITS_DIRECTORY,
		.env = WORDS(path),
	});
	assert_int_equal(run->exit_code, 3);
	if (!strstr(run->err, row->says))
		fail_msg("stderr does not say \"%s\": %s", row->says, run->err);
	assert_non_null(strstr(run->out, "Coverage: there is no report"));
	assert_false(exists(run, "coverage/coverage.json"));
	assert_false(exists(run, "coverage/coverage.profdata.new"));
	report_again(run);
	assert_int_equal(count_of(run, "dep_twice"), 3);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

/* A run of the library whose llvm-profdata hangs, as far as that. */
static struct run *start_and_hang(const char *tools, const char *library)
{
	char path[256];
	struct run *run;

	tools_write(tools, "exec /bin/sleep 1000", "exit 1");
	snprintf(path, sizeof(path), "PATH=%s:/bin/nonexistent", tools);
	run = run_start(&(struct run_setup){
		.args = WORDS("--coverage", library),
		.prefix = IN_ITS_DIRECTORY,
		.env = WORDS(path),
		.cut_short = true,
	});
	run_await_processes(run, "sleep", 1, 30000);
	return run;
}

/* An interrupt ends the report, not only the tests; what they left is reported on later. */
static void a_report_is_interrupted(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char tools[64] = "/tmp/proctor-tools-XXXXXX", text[128];
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(tools));
	assert_int_equal(rmdir(tools), 0);
	run = start_and_hang(tools, needs);
	kill(run->pid, SIGINT);
	run_finish(run);
	assert_int_equal(run->exit_code, 128 + SIGINT);
	run_check(run);
	assert_non_null(strstr(run->err, "was stopped with the run"));
	assert_false(exists(run, "coverage/coverage.json"));
	report_again(run);
	assert_int_equal(count_of(run, "dep_twice"), 3);
	snprintf(text, sizeof(text), "rm -r %s", tools);
	assert_int_equal(system(text), 0);
}

/* The tool dies with proctor, and the directory is free again. */
static void a_report_is_killed(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char tools[64] = "/tmp/proctor-tools-XXXXXX", text[128];
	struct run *run, *again;

	(void)state;
	assert_non_null(mkdtemp(tools));
	assert_int_equal(rmdir(tools), 0);
	run = start_and_hang(tools, needs);
	kill(run->pid, SIGKILL);
	run_finish(run);
	assert_int_equal(run->exit_code, 128 + SIGKILL);
	run_await_processes(run, "sleep", 0, 10000);
	run_await_guard(run);
	snprintf(text, sizeof(text), "--coverage-dir=%s/" WORK "/coverage", run->dir);
	again = run_proctor(&(struct run_setup){ .args = WORDS("--coverage", text, needs) });
	assert_int_equal(again->exit_code, 0);
	assert_int_equal(count_of(run, "dep_twice"), 3);
	snprintf(text, sizeof(text), "rm -r %s", tools);
	assert_int_equal(system(text), 0);
}

static void without_tools_the_package_is_named(void **state)
{
	const char *old = need_suite("coverage/libneeds_%s.so", "14");
	struct run *run, *again;
	char coverage[128];

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--coverage", old), .prefix = IN_ITS_DIRECTORY,
		.env = WORDS("PATH=/nonexistent"),
	});
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "raw profiles of version 8"));
	assert_non_null(strstr(run->err, "package llvm-14"));
	snprintf(coverage, sizeof(coverage), "--coverage-dir=%s/" WORK "/coverage", run->dir);
	again = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(coverage, "--coverage-fail-under=100"),
		.no_events = true, .no_loop = true, .cut_short = true,
	});
	run_finish(again);
	assert_int_equal(again->exit_code, 0);
	assert_int_equal(count_of(run, "dep_twice"), 3);
}

static void nothing_left_is_wrong_input(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS("nothing"), .no_events = true, .no_loop = true,
		.cut_short = true,
	});

	(void)state;
	run_finish(run);
	assert_int_equal(run->exit_code, 2);
	assert_non_null(strstr(run->err, "no run with --coverage has left anything"));
}

/* A file system of some pages: profiles, or what is made of them, do not fit. */
static void a_full_disk_is_told(void **state)
{
	const char *ways = need_suite("coverage/libways_%s.so", "19");
	char dir[64] = "/tmp/proctor-disk-XXXXXX", option[96];

	(void)state;
	assert_non_null(mkdtemp(dir));
	/* From "not even the directories" to "all but the last report". */
	for (int kib = 4; kib <= 44; kib += 4) {
		char size[32];
		struct run *run;

		snprintf(size, sizeof(size), "size=%dk", kib);
		if (mount("tmpfs", dir, "tmpfs", 0, size) < 0) {
			rmdir(dir);
			skip();
		}
		snprintf(option, sizeof(option), "--coverage-dir=%s", dir);
		run = run_start(&(struct run_setup){
			.args = WORDS("--coverage", option, "--isolation=test", SHORT, ways),
			.env = WORDS("COVERAGE_BAD=1"), .cut_short = true,
		});
		run_finish(run);
		assert_int_equal(umount2(dir, MNT_DETACH), 0);
		if (run->exit_code != 3 || !strstr(run->err, "proctor: "))
			fail_msg("%d KiB: exit %d, %s", kib, run->exit_code, run->err);
		run_free(run);
	}
	rmdir(dir);
}

static void tml_functions_are_collected(void **state)
{
	static const char *const kinds[] = { "batch", "test", "fork" };
	const char *tml = suite_path("coverage/libtml.so");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char isolation[32], *html;
		struct run *run;

		snprintf(isolation, sizeof(isolation), "--isolation=%s", kinds[i]);
		run = cover(true, WORDS(SHORT, isolation, tml));
		check_complete(run, 1);
		check_tml(run);
		html = slurp(run, "coverage/index.html");
		assert_non_null(strstr(html, "core::parse[Str]"));
		free(html);
	}
}

static void tml_functions_of_a_killed_child_are_missed(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=1",
				     WORDS("--coverage=tml", suite_path("coverage/libtml.so")));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "TML functions of 1 process that suite tml (test");
	assert_int_equal(function_hits(run, "core::lost"), -1);
	assert_int_equal(function_hits(run, "core::wait"), 1);
}

static void tml_functions_after_a_handled_crash_are_missed(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=handled",
				     WORDS("--coverage=tml", suite_path("coverage/libtml.so")));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "TML functions of suite tml (test");
	assert_int_equal(function_hits(run, "core::before"), 1);
	assert_int_equal(function_hits(run, "core::after"), -1);
}

static void a_name_that_cannot_be_kept_loses_no_other(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=name",
				     WORDS("--coverage=tml", suite_path("coverage/libtml.so")));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "could not enter them all");
	check_tml(run);
}

/* The runtime crashes when it is asked; the counters do not go with it. */
static void a_damaged_table_loses_functions_only(void **state)
{
	struct run *run = cover_with("COVERAGE_LOST=table",
				     WORDS("-j1", need_suite("coverage/libneeds_%s.so", "19"),
					   suite_path("coverage/libtml.so"), "--filter",
					   "tml::tml_test_5", "--filter", "needs_19"));

	(void)state;
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "suite tml (test tml_test_5) are missing: process 1 of the run ended by SIGABRT");
	assert_int_equal(count_of(run, "dep_twice"), 3);
}

/* They owe what they called while tests of TML's suites ran, and nothing later. */
static void other_suites_owe_no_tml_functions(void **state)
{
	struct run *run = cover_with("COVERAGE_BEGIN=child-killed",
				     WORDS("--coverage=tml", "-j1",
					   suite_path("coverage/libtml.so"),
					   need_suite("coverage/libbegin.so%s", "")));

	(void)state;
	check_complete(run, 0);
	check_tml(run);
}

static void tml_functions_of_an_executable_have_no_counts(void **state)
{
	struct run *run = cover(false, WORDS("--coverage=tml", suite_path("coverage/tml_exe")));

	(void)state;
	check_complete(run, 0);
	assert_int_equal(function_hits(run, "core::add"), 0);
	assert_int_equal(function_hits(run, "core::crash"), 0);
	run = cover(true, WORDS(SHORT, suite_path("coverage/tml_exe")));
	assert_int_equal(run->exit_code, 3);
	check_problem(run, "TML functions of suite tml_exe (test tml_exe) may be missing");
	assert_int_equal(function_hits(run, "core::add"), 0);
}

static const struct { const char *how, *says; } spoiled_rows[] = {
	{ "truncated", "would end past the end of the file" },
	{ "emptied", "left no profile" },
	{ "scribbled", "is damaged" },
	{ "removed", "left no profile" },
	{ "foreign", "too short for a raw profile" },
};

#define LLVM_ROWS(title, function)                                                            \
	harness_row_test(title " (LLVM 14)", function, llvms[0]),                             \
	harness_row_test(title " (LLVM 16)", function, llvms[1]),                             \
	harness_row_test(title " (LLVM 19)", function, llvms[2])

#define BEGIN_ROW(i)                                                                          \
	harness_row_test("what_happens_while_loading_counts",                                 \
			 what_happens_while_loading_counts, &begin_rows[i])
#define PLUGIN_ROW(i)                                                                         \
	harness_row_test("a_library_that_a_test_opened", a_library_that_a_test_opened,        \
			 &plugin_rows[i])
#define SPOILED_ROW(i) \
	harness_row_test("a_spoiled_profile_is_named", a_spoiled_profile_is_named, &spoiled_rows[i])
#define TOOL_ROW(i) \
	harness_row_test("a_tool_that_fails_is_an_error", a_tool_that_fails_is_an_error, &tool_rows[i])

int main(void)
{
	const struct CMUnitTest tests[] = {
		LLVM_ROWS("a_test_counts_however_it_ends", a_test_counts_however_it_ends),
		LLVM_ROWS("executables_count_however_they_end", executables_count_however_they_end),
		harness_row_test("the_matrix_makes_no_difference (LLVM 19)",
				 the_matrix_makes_no_difference, llvms[2]),
		harness_test(libraries_of_several_llvms_are_reported_together),
		harness_test(copies_add_up_and_stripped_ones_count),
		harness_test(a_stopped_run_keeps_what_was_counted),
		harness_test(a_crash_elsewhere_loses_nothing),
		harness_test(what_cannot_be_kept_is_named),
		harness_test(children_of_a_time_before_miss_nothing),
		BEGIN_ROW(0), BEGIN_ROW(1), BEGIN_ROW(2), BEGIN_ROW(3), BEGIN_ROW(4),
		BEGIN_ROW(5), BEGIN_ROW(6), BEGIN_ROW(7),
		harness_test(a_child_of_a_constructor_may_stay),
		PLUGIN_ROW(0), PLUGIN_ROW(1), PLUGIN_ROW(2), PLUGIN_ROW(3),
		harness_test(plain_suites_count_in_instrumented_libraries),
		harness_test(many_libraries_of_one_suite_count),
		harness_test(sanitized_suites_count_and_report),
		SPOILED_ROW(0), SPOILED_ROW(1), SPOILED_ROW(2), SPOILED_ROW(3), SPOILED_ROW(4),
		harness_test(an_overwritten_area_spoils_nothing_else),
		harness_test(without_instrumentation_there_is_a_sentence),
		harness_test(a_static_program_counts_at_its_exit),
		harness_test(a_static_program_counts_when_it_is_killed),
		harness_test(a_program_killed_at_its_start_misses_nothing),
		harness_test(the_minimum_decides),
		harness_test(reports_are_narrowed_to_what_was_asked_for),
		harness_test(a_directory_is_used_again),
		harness_test(a_suite_that_was_replaced_is_not_reported),
		harness_test(proctors_own_header_does_not_count),
		harness_test(a_directory_of_others_is_refused),
		harness_test(a_directory_is_known_by_its_mark),
		harness_test(what_cannot_be_written_is_told_before_the_tests),
		harness_test(what_was_emptied_is_damaged),
		harness_test(a_filtered_run_has_no_false_note),
		harness_test(coverage_options_want_coverage),
		harness_test(a_directory_in_use_is_refused),
		harness_test(a_report_is_interrupted),
		harness_test(a_report_is_killed),
		TOOL_ROW(0), TOOL_ROW(1), TOOL_ROW(2), TOOL_ROW(3), TOOL_ROW(4), TOOL_ROW(5),
		harness_test(without_tools_the_package_is_named),
		harness_test(nothing_left_is_wrong_input),
		harness_test(a_full_disk_is_told),
		harness_test(entry_counters_without_a_map_tell_functions),
		harness_test(other_counters_without_a_map_tell_functions_too),
		harness_test(tml_functions_are_collected),
		harness_test(tml_functions_of_a_killed_child_are_missed),
		harness_test(tml_functions_after_a_handled_crash_are_missed),
		harness_test(a_name_that_cannot_be_kept_loses_no_other),
		harness_test(a_damaged_table_loses_functions_only),
		harness_test(other_suites_owe_no_tml_functions),
		harness_test(tml_functions_of_an_executable_have_no_counts),
	};
	const struct CMUnitTest soak[] = {
		LLVM_ROWS("the_matrix_makes_no_difference", the_matrix_makes_no_difference),
	};
	int nfailed = cmocka_run_group_tests(tests, NULL, NULL);

	if (soaks())
		nfailed += cmocka_run_group_tests(soak, NULL, NULL);
	return nfailed;
}
