/* SPDX-License-Identifier: MIT */
/* Coverage: counts are kept, however a test or a program ends. */
#include "coverage_runs.h"

#include <signal.h>
#include <stdio.h>

#define SOAK_ROUNDS 10

/* What tml_test_0 to tml_test_35 of cov_ways.c call: once each, and in children. */
static void check_ways(const struct run *run)
{
	assert_int_equal(count_of(run, ":work"), WAYS_WORK);
	assert_int_equal(count_of(run, ":work_in_child"), 8 + 2);
	assert_int_equal(count_of(run, "tml_test_14"), 1);
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
	run_await_processes(run, "at-exe19-hang", 1);
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
	run_await_processes(run, "at-exe16-hang", 1);
	run_await_processes(run, "at-exe19-hang", 1);
	run_signal_processes(run, "at-exe16-hang", SIGSEGV);
	run_finish(run);
	check_complete(run, 1);
	run_check_verdict(run, "exe16-hang", "crash");
	run_check_verdict(run, "exe19-hang", "cancelled");
	good = cover(false, WORDS(crashes, hangs));
	check_equal(good, run);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		LLVM_ROWS("a_test_counts_however_it_ends", a_test_counts_however_it_ends),
		harness_row_test("the_matrix_makes_no_difference (LLVM 19)",
				 the_matrix_makes_no_difference, llvms[2]),
		LLVM_ROWS("executables_count_however_they_end", executables_count_however_they_end),
		harness_test(a_stopped_run_keeps_what_was_counted),
		harness_test(a_crash_elsewhere_loses_nothing),
		harness_test(a_static_program_counts_at_its_exit),
		harness_test(a_static_program_counts_when_it_is_killed),
		harness_test(a_program_killed_at_its_start_misses_nothing),
	};
	const struct CMUnitTest soak[] = {
		LLVM_ROWS("the_matrix_makes_no_difference", the_matrix_makes_no_difference),
	};
	int nfailed = cmocka_run_group_tests(tests, NULL, NULL);

	if (soaks())
		nfailed += cmocka_run_group_tests(soak, NULL, NULL);
	return nfailed;
}
