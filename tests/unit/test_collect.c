/* SPDX-License-Identifier: MIT */
/* src/coverage/collect.h: what is said of processes that left something, or not. */
#include "coverage/collect.h"

#include "fixture.h"
#include "profile_fixture.h"

#include <signal.h>

/* Object 0 is suite alpha, object 1 the program beta. */
static struct object list[2];
static struct suite_objects by_suite[2];
static struct objects objects = { .list = list, .n = 2, .by_suite = by_suite, .nsuites = 2 };
static struct suite alpha = { .name = (char *)"alpha", .number = 0 };
static struct suite beta = { .name = (char *)"beta", .number = 1 };
static bool loaded[3], counted[3];
static struct process_suite suites[4];
static struct store store;
static struct process_counts process;

static int setup(void **state)
{
	struct proctor_error err;

	if (fixture_setup(state) < 0 || store_open(&store, "cov", true, &err) < 0 ||
	    store_clean(&store, &err) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		list[i] = (struct object){ .path = (char *)(i ? "/bin/beta" : "/lib/alpha.so"),
					   .counts = true, .summed = true, .program = i == 1 };
		by_suite[i] = (struct suite_objects){ .own = i, .counts = true, .summed = true };
		loaded[i] = counted[i] = i == 0;
	}
	suites[0] = (struct process_suite){ .suite = &alpha, .ntests = 1, .names = { "one" } };
	process = (struct process_counts){
		.number = 3, .area = { .objects = &objects, .fd = -1 }, .loaded = loaded,
		.counted = counted, .suites = { .list = suites, .n = 1 },
	};
	return 0;
}

static int teardown(void **state)
{
	store_close(&store);
	return fixture_teardown(state);
}

static void collect_all(bool llvm, bool functions)
{
	struct proctor_error err;
	const struct collected what = { .objects = &objects, .llvm = llvm, .functions = functions };
	const struct collection c = { .what = &what, .store = &store, .processes = &process };

	if (collect(&c, &err) < 0)
		fail_msg("%s", err.text);
}

static void check_only(const struct texts *t, const char *text)
{
	assert_int_equal(t->n, 1);
	assert_string_equal(t->list[0], text);
}

static void what_counted_is_not_spoken_of(void **state)
{
	(void)state;
	fixture_write("cov/raw/rest", "x", 1);
	collect_all(true, true);
	assert_int_equal(store.problems.n + store.notes.n, 0);
	/* Nothing was wrong: nobody wants to see what processes wrote. */
	fixture_run("test -z \"$(ls cov/raw)\"");
}

static void counts_that_are_missing_are_a_problem(void **state)
{
	(void)state;
	counted[0] = false;
	process.status = SIGKILL;
	fixture_write("cov/raw/rest", "x", 1);
	collect_all(true, false);
	check_only(&store.problems, "the counts of suite alpha (test one) are missing: process 3 of the "
		   "run ended by SIGKILL, and left no profile");
	fixture_run("test -e cov/raw/rest");
}

static void what_did_not_open_is_not_missed(void **state)
{
	(void)state;
	loaded[0] = counted[0] = false;
	collect_all(true, false);
	assert_int_equal(store.problems.n, 0);
	/* Unless a constructor of it ran. */
	process.opening = true;
	collect_all(true, false);
	assert_int_equal(store.problems.n, 1);
}

static void what_a_program_has_not_begun_is_not_missed(void **state)
{
	(void)state;
	counted[0] = false;
	process.status = SIGKILL;
	process.remote.unstarted = true;
	collect_all(true, true);
	assert_int_equal(store.problems.n, 0);
}

static void children_are_missed(void **state)
{
	(void)state;
	process.nforked_lost = 2;
	process.nprofiles_lost = 1;
	collect_all(true, false);
	assert_int_equal(store.problems.n, 2);
	assert_non_null(strstr(store.problems.list[0], "the counts of 2 processes that suite alpha (test one) "
			       "forked are missing: they ended"));
	assert_non_null(strstr(store.problems.list[1], "opened with dlopen() are missing (1)"));
}

static void functions_are_missed(void **state)
{
	(void)state;
	process.functions_missing = true;
	process.nforked_functions_missing = 1;
	process.status = 2 << 8;	/* as wait(2) tells exit(2) */
	collect_all(false, true);
	assert_int_equal(store.problems.n, 2);
	assert_string_equal(store.problems.list[0], "TML functions of suite alpha (test one) are missing: "
			    "process 3 of the run ended with status 2");
	assert_non_null(strstr(store.problems.list[1], "TML functions of 1 process that suite alpha"));
}

/* Only the first of many are shown. */
static void long_lists_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		suites[i] = (struct process_suite){ .suite = &alpha, .ntests = 7,
						    .names = { "a", "b", "c" } };
	process.suites.n = 4;
	process.problem = "it is so";
	collect_all(true, false);
	check_only(&store.problems, "it is so (suite alpha (tests a, b, c and 4 more), suite alpha (tests a, "
		   "b, c and 4 more), suite alpha (tests a, b, c and 4 more) and 1 more suites)");
}

/* A program without an area: its profile is read, and told by its identity. */
static void a_programs_profile_is_read(void **state)
{
	struct profile p = { .version = 8, .names = "main names", .counters = { 1, 2, 3, 4, 5, 6 } };

	(void)state;
	profile_make(&p);
	suites[0].suite = process.program = &beta;
	process.loaded = NULL;
	memset(counted, 0, sizeof(counted));
	fixture_write("cov/raw/3-program.profraw", p.bytes, p.nbytes - 8);
	collect_all(true, false);
	assert_int_equal(store.problems.n, 1);
	assert_non_null(strstr(store.problems.list[0], "the counts of suite beta (test one) are missing: "
			       "process 3 of the run ended with status 0, and "));
	assert_non_null(strstr(store.problems.list[0], "cov/raw/3-program.profraw is damaged"));
	free(process.damage);
	process.damage = NULL;
	fixture_write("cov/raw/3-program.profraw", p.bytes, p.nbytes);
	counted[1] = false;
	collect_all(true, false);
	assert_non_null(strstr(store.problems.list[1], "is of another binary"));
}

static void a_strangers_profile_is_kept_and_noted(void **state)
{
	struct profile p = { .version = 8, .names = "main names" };

	(void)state;
	profile_make(&p);
	fixture_write("cov/raw/3-other-123-4.profraw", p.bytes, p.nbytes);
	fixture_write("cov/raw/99-other-1-4.profraw", "x", 1);
	collect_all(true, false);
	check_only(&store.notes, "a program started by suite alpha (test one) left a profile, and none of the "
		   "suites is its binary: it is in coverage.profdata, not in the reports "
		   "(3-other-123-4.profraw)");
	assert_int_equal(store.problems.n, 1);
	assert_non_null(strstr(store.problems.list[0], "a profile that a program started by a test left is "
			       "not used"));
	assert_int_equal(store.profiles.n, 1);
}

#define COLLECT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECT_TEST(what_counted_is_not_spoken_of),
		COLLECT_TEST(counts_that_are_missing_are_a_problem),
		COLLECT_TEST(what_did_not_open_is_not_missed),
		COLLECT_TEST(what_a_program_has_not_begun_is_not_missed),
		COLLECT_TEST(children_are_missed),
		COLLECT_TEST(functions_are_missed),
		COLLECT_TEST(long_lists_are_cut),
		COLLECT_TEST(a_programs_profile_is_read),
		COLLECT_TEST(a_strangers_profile_is_kept_and_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
