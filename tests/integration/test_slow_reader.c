/* SPDX-License-Identifier: MIT */
/* A reader of stdout that sleeps: deadlines hold, nothing is lost once it wakes. */
#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static void await_full(const struct run *run)
{
	const int size = fcntl(run->out_fd, F_GETPIPE_SZ);
	unsigned turns;
	int nbytes = 0;

	for (turns = 0; turns < 10000 && nbytes <= size / 2; turns++) {
		assert_int_equal(ioctl(run->out_fd, FIONREAD, &nbytes), 0);
		poll(NULL, 0, 1);
	}
	/* A pipe of one page is full with less: a write that does not fit begins a new one. */
	assert_true(nbytes > size / 2);
}

static void deadlines_hold_while_nobody_reads(void **state)
{
	const json_t *end;
	json_int_t took;
	struct run *run;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=2", "--timeout=1500ms", "--grace=200ms",
			      suite_path("exe_options/fails_loudly"),
			      suite_path("exe/ignores_sigterm")),
		.hold_stdout = true,
		.deadline_s = 120,
	});
	/* The least a pipe can hold: stdout is full with the first failures. */
	fcntl(run->out_fd, F_SETPIPE_SZ, 4096);
	await_full(run);
	run_await_processes(run, "ignores_sigterm", 1, 5000);
	run_await_processes(run, "ignores_sigterm", 0, 6000);
	run_release_stdout(run);
	run_finish(run);
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), 2);
	end = run_end(run, "ignores_sigterm");
	took = event_number(end, "duration_us");
	assert_string_equal(event_text(end, "verdict"), "timeout");
	assert_in_range(took, 1700000, 3000000);
}

/* The loudest failures, many times what the queue of results may hold. */
static void nothing_is_lost(void **state)
{
	struct run *run;
	const char *at;
	size_t nends = 0;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=4", "--repeat=100",
			      suite_path("exe_options/fails_loudly")),
		.hold_stdout = true,
		.deadline_s = 120,
	});
	fcntl(run->out_fd, F_SETPIPE_SZ, 4096);
	await_full(run);
	/* With the queue of results full as well no test is started any more. */
	run_await_processes(run, "fails_loudly", 0, 20000);
	run_release_stdout(run);
	run_finish(run);
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), 100);
	for (at = run->out; (at = strstr(at, "line 0000009999")); at++)
		nends++;
	assert_int_equal(nends, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(deadlines_hold_while_nobody_reads),
		harness_test(nothing_is_lost),
	};

	return cmocka_run_group_tests_name("slow reader", tests, NULL, NULL);
}
