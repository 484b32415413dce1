/* SPDX-License-Identifier: MIT */
/*
 * System calls that old kernels lack and containers forbid: the tests run and are judged as ever, or
 * one sentence names the call, and nothing was run. doctor says which.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *call;
	const char *named;	/* in the sentence that ends the run; NULL: there is another way */
	const char *doctor;	/* on its line; NULL: nothing is said */
};

static const struct row rows[] = {
	{ "pidfd_open", NULL, "a thread waits for each process" },
	{ "close_range", NULL, "looked up in /proc" },
	{ "getrandom", NULL, "/dev/urandom" },
	{ "sched_setaffinity", NULL, "whatever core" },
	{ "process_vm_readv", NULL, "is lost" },
	{ "pidfd_send_signal", NULL, NULL },
	{ "statx", NULL, NULL },
	{ "rseq", NULL, NULL },
	{ "sigaltstack", NULL, NULL },
	{ "prlimit64", NULL, NULL },
	{ "memfd_create", "memfd_create", "executables alone" },
	{ "signalfd4", "signalfd", "no run without it" },
	{ "eventfd2", "eventfd", "no run without it" },
	{ "pipe2", "pipe2", "no run without it" },
	{ "waitid", "waitid", "no run without it" },
	{ "sched_getaffinity", "sched_getaffinity", "no run without it" },
	{ "setsid", "setsid", "no run without it" },
	{ "vfork", "vfork", "no run without it" },
	{ "gettid", "gettid", NULL },
};

static const char *const errors[] = { "EPERM", "ENOSYS" };

static struct run *run_denied(const char *error, const char *call, const char *command,
			      const char *const *args)
{
	return run_proctor(&(struct run_setup){
		.prefix = WORDS(suite_path("bin/deny"), error, call),
		.command = command,
		.args = args,
		/* The doctor would ask every compiler's tools for their versions. */
		.env = strcmp(command, "doctor") == 0 ? WORDS("PATH=/nonexistent") : NULL,
		.no_events = strcmp(command, "doctor") == 0,
		.cut_short = true,
	});
}

static void check_verdicts(const struct run *run)
{
	run_check(run);
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "mixed::passes", "pass");
	run_check_verdict(run, "mixed::fails", "fail");
	run_check_verdict(run, "mixed::skips", "skip");
	run_check_verdict(run, "mixed::crashes", "crash");
	run_check_verdict(run, "mixed::exits", "fail");
	run_check_verdict(run, "mixed::hangs", "timeout");
	run_check_verdict(run, "mixed::passes_at_the_end", "pass");
	run_check_verdict(run, "fails", "fail");
}

/* The runtimes of sanitizers do not go on without some, and ThreadSanitizer makes vfork a fork. */
static void needed_by_sanitizers(const struct row *row)
{
	const char *san = getenv("SAN");

	if (!san || !*san)
		return;
	if (strcmp(row->call, "sigaltstack") == 0 || strcmp(row->call, "prlimit64") == 0 ||
	    (strcmp(row->call, "vfork") == 0 && strstr(san, "thread")))
		skip();
}

static void there_is_another_way_or_a_sentence(void **state)
{
	const struct row *row = *state;
	size_t i;

	needed_by_sanitizers(row);
	for (i = 0; i < 2; i++) {
		struct run *run = run_denied(errors[i], row->call, "run",
					     WORDS("--on-crash=continue", "--grace=100ms",
						   suite_path("soak/libmixed.so"),
						   suite_path("exe_options/fails")));

		if (!row->named) {
			check_verdicts(run);
		} else {
			assert_int_equal(run->exit_code, 3);
			if (!strstr(run->err, row->named))
				fail_msg("%s: %s", row->call, run->err);
		}
		run_await_processes(run, NULL, 0);
		run_free(run);
	}
}

static void the_doctor_says_so(void **state)
{
	const struct row *row = *state;
	size_t i;

	needed_by_sanitizers(row);
	for (i = 0; i < 2; i++) {
		struct run *run = run_denied(errors[i], row->call, "doctor", WORDS(NULL));

		if (row->doctor && !strstr(run->out, row->doctor))
			fail_msg("%s: %s", row->call, run->out);
		assert_int_equal(run->exit_code,
				 row->doctor && strstr(row->doctor, "no run") ? 3 : 0);
		run_free(run);
	}
}

/* The page is of libraries alone. */
static void executables_need_no_page(void **state)
{
	struct run *run = run_denied("EPERM", "memfd_create", "run",
				     WORDS(suite_path("exe_options/passes")));

	(void)state;
	run_check(run);
	assert_int_equal(run->exit_code, 0);
}

/* The guard has no pidfds either. */
static void the_guard_kills_without_pidfds(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.prefix = WORDS(suite_path("bin/deny"), "EPERM", "pidfd_open,pidfd_send_signal"),
		.args = WORDS(suite_path("exe/hangs_with_daemon"),
			      suite_path("exe/hangs_with_children")),
		.cut_short = true,
	});

	(void)state;
	run_await(run, "test-start", NULL);
	kill(run->pid, SIGKILL);
	run_finish(run);
	run_await_processes(run, NULL, 0);
}

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	static char titles[2 * NROWS][64];
	struct CMUnitTest tests[2 * NROWS + 2];
	size_t i;

	for (i = 0; i < NROWS; i++) {
		snprintf(titles[2 * i], sizeof(titles[0]), "%s", rows[i].call);
		tests[2 * i] = (struct CMUnitTest)harness_row_test(
			titles[2 * i], there_is_another_way_or_a_sentence, &rows[i]);
		snprintf(titles[2 * i + 1], sizeof(titles[0]), "%s: doctor", rows[i].call);
		tests[2 * i + 1] = (struct CMUnitTest)harness_row_test(
			titles[2 * i + 1], the_doctor_says_so, &rows[i]);
	}
	tests[2 * NROWS] = (struct CMUnitTest)harness_test(executables_need_no_page);
	tests[2 * NROWS + 1] = (struct CMUnitTest)harness_test(the_guard_kills_without_pidfds);
	return cmocka_run_group_tests_name("denied", tests, NULL, NULL);
}
