/* SPDX-License-Identifier: MIT */
/* Clocks that lie, and a run that stands still: no verdict comes from either. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *variable(const char *name, const char *value)
{
	char *text;

	assert_true(asprintf(&text, "%s=%s", name, value) > 0);
	return text;
}

/* In the host alone, and everywhere: `where` NULL. */
static const char *faked_how, *faked_where;

static bool run_faked(void)
{
	const char *how = faked_how, *where = faked_where;
	char *fake = variable("FAKE_CLOCK", how), *in = variable("FAKE_CLOCK_IN", where ? where : "");
	char *preload = variable("LD_PRELOAD", suite_path("bin/fake_clock.so"));
	struct run *run = run_proctor(&(struct run_setup){
		.env = where ? WORDS(fake, preload, in) : WORDS(fake, preload),
		.args = WORDS("--timeout=5s", "--test-threads=2", suite_path("smoke/libsmoke_0.so"),
			      suite_path("exe_ends/sleeps"), suite_path("exe_ends/quiet")),
	});
	json_int_t took;

	if (run->exit_code != 0)
		fail_msg("%s in %s: exit code %d: %s%s", how, where ? where : "all", run->exit_code,
			 run->out, run->err);
	run_check_verdict(run, "sleeps", "pass");
	/* It sleeps for a second, and that is what is told. */
	took = event_number(run_end(run, "sleeps"), "duration_us");
	run_free(run);
	free(fake);
	free(in);
	free(preload);
	return took >= 900000 && took <= 4000000;
}

static void a_clock_that_lies_is_not_asked(void **state)
{
	static const char *const ways[] = { "still", "fast", "ahead" };

	(void)state;
	/* Ours comes before the sanitizer's own library. */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		faked_how = ways[i];
		faked_where = "proctor-host";
		test_in_time(run_faked);
		faked_where = NULL;
		test_in_time(run_faked);
	}
}

static void stand_still(struct run *run, unsigned ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	run_signal_processes(run, NULL, SIGSTOP);
	nanosleep(&ts, NULL);
	run_signal_processes(run, NULL, SIGCONT);
}

/*
 * As docker pause, a freezer or a debugger has it: nobody is told. The test ends in the very moment in
 * which the run goes on.
 */
static void a_run_that_stood_still_is_not_overdue(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--timeout=4s", "--slow-after=3900ms", suite_path("exe_ends/sleeps")),
	});

	(void)state;
	run_await(run, "test-start", "sleeps");
	stand_still(run, 4500);
	run_finish(run);
	run_check_verdict(run, "sleeps", "pass");
	assert_int_equal(run_count(run, "test-slow"), 0);
	assert_int_equal(run->exit_code, 0);
	assert_in_range(event_number(run_end(run, "sleeps"), "duration_us"), 0, 3900000);
	run_free(run);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* What SIGUSR1 shows is what deadlines go by. */
static void the_age_of_a_test_does_not_count_what_stood_still(void **state)
{
	const char *words = "hangs has run for ", *age;
	double began_s = now_s(), age_s;
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--timeout=60s", "--grace=100ms", suite_path("exe_ends/hangs")),
	});

	(void)state;
	run_await(run, "test-start", "hangs");
	stand_still(run, 3000);
	kill(run->pid, SIGUSR1);
	run_await_count(run, "running", 1);
	kill(run->pid, SIGTERM);
	run_finish(run);
	age = strstr(run->err, words);
	assert_non_null(age);
	age += strlen(words);
	age_s = strtod(age, NULL);
	if (strncmp(age + strspn(age, "0123456789."), " s", 2) != 0)
		age_s /= 1000;
	assert_true(age_s < now_s() - began_s - 2);
}

/* The deadline comes nevertheless: what stood still is not forgiven for ever. */
static void a_test_that_hangs_is_overdue_after_the_run_stood_still(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--timeout=1s", "--grace=100ms", suite_path("exe_ends/hangs")),
	});

	(void)state;
	run_await(run, "test-start", "hangs");
	stand_still(run, 1500);
	run_finish(run);
	run_check_verdict(run, "hangs", "timeout");
	assert_in_range(event_number(run_end(run, "hangs"), "duration_us"), 900000, 20000000);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(a_clock_that_lies_is_not_asked),
		harness_test(a_run_that_stood_still_is_not_overdue),
		harness_test(the_age_of_a_test_does_not_count_what_stood_still),
		harness_test(a_test_that_hangs_is_overdue_after_the_run_stood_still),
	};

	return cmocka_run_group_tests_name("clocks", tests, NULL, NULL);
}
