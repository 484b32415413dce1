/* SPDX-License-Identifier: MIT */
/* A reader of stdout that sleeps: deadlines hold, nothing is lost once it wakes. */
#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool deadlines_hold(void)
{
	const json_t *end;
	json_int_t took;
	struct run *run;

	run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=2", "--timeout=3s", "--grace=200ms",
			      suite_path("exe_options/fails_loudly"),
			      suite_path("exe/ignores_sigterm")),
		.hold_stdout = true,
		.deadline_s = 120,
	});
	/* The least a pipe can hold: stdout is full with the first failures. */
	fcntl(run->out_fd, F_SETPIPE_SZ, 4096);
	run_await_processes(run, "ignores_sigterm", 1);
	await_full(run);
	run_await_processes(run, "ignores_sigterm", 0);
	run_release_stdout(run);
	run_finish(run);
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), 2);
	end = run_end(run, "ignores_sigterm");
	took = event_number(end, "duration_us");
	assert_string_equal(event_text(end, "verdict"), "timeout");
	run_free(run);
	return took >= 3200000 && took <= 4500000;
}

static void deadlines_hold_while_nobody_reads(void **state)
{
	(void)state;
	test_in_time(deadlines_hold);
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
	run_await_processes(run, "fails_loudly", 0);
	run_release_stdout(run);
	run_finish(run);
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), 100);
	for (at = run->out; (at = strstr(at, "line 0000009999")); at++)
		nends++;
	assert_int_equal(nends, 100);
}

/* More tests than the queue of results has room for, none of which will ever be begun. */
#define NLATE 40000

static const char *late_manifest(void)
{
	static char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/proctor-late-%d.json", (int)getpid());
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "{\"version\": 1, \"suites\": [{\"path\": \"%s\", \"tests\": [",
		suite_path("smoke/libsmoke_0.so"));
	for (unsigned i = 0; i < NLATE; i++)
		fprintf(f, "%s{\"index\": %u}", i > 0 ? ", " : "", i);
	fputs("]}]}\n", f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static unsigned nthreads_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	return stat(path, &st) == 0 ? (unsigned)st.st_nlink - 2 : 0;
}

/* Waits until the workers are gone, and what was not run is being told to nobody. */
static void late_await(const struct run *run)
{
	const char *san = getenv("SAN");
	/* The supervisor and the writer are left, and ThreadSanitizer's own thread. */
	unsigned nleft = san && strstr(san, "thread") ? 3 : 2;

	for (unsigned turns = 0; turns < 30000 && nthreads_of(run->pid) != nleft; turns++)
		poll(NULL, 0, 1);
	assert_int_equal(nthreads_of(run->pid), nleft);
}

static struct run *late_start(const char *manifest, bool cut_short)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--verbose", "--fail-fast",
			      suite_path("exe_options/fails"), manifest),
		.hold_stdout = true, .cut_short = cut_short, .deadline_s = 120,
	});

	fcntl(run->out_fd, F_SETPIPE_SZ, 4096);
	run_await(run, "test-end", "fails");
	late_await(run);
	return run;
}

/* How many were not run: a task or two may have begun before the failure was taken in. */
static size_t nnot_run(const struct run *run)
{
	size_t n = (size_t)event_number(json_object_get(run_event(run, "run-end"), "counts"),
					"not-run");

	assert_in_range(n, NLATE - 20, NLATE);
	return n;
}

static size_t lines_with(const struct run *run, const char *word)
{
	size_t n = 0;

	/* Line by line: where a sanitizer watches, strstr() goes through all that is left each time. */
	for (const char *at = run->out, *end; (end = strchr(at, '\n')); at = end + 1)
		n += memmem(at, (size_t)(end - at), word, strlen(word)) != NULL;
	return n;
}

static void all_that_was_not_run_is_told(void **state)
{
	const char *manifest = late_manifest();
	struct run *run;

	(void)state;
	run = late_start(manifest, false);
	run_release_stdout(run);
	run_finish(run);
	unlink(manifest);
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(lines_with(run, "NOT RUN "), nnot_run(run));
}

/* Who interrupts a run that only waits for its reader does not want the rest. */
static void an_interrupt_ends_the_telling(void **state)
{
	const char *manifest = late_manifest();
	char sum[128];
	struct run *run;

	(void)state;
	run = late_start(manifest, true);
	assert_int_equal(kill(run->pid, SIGINT), 0);
	run_release_stdout(run);
	run_finish(run);
	unlink(manifest);
	assert_int_equal(run->exit_code, 130);
	assert_in_range(lines_with(run, "NOT RUN "), 1, NLATE - 1);
	/* One that had begun before the failure was taken in may be among those named here. */
	snprintf(sum, sizeof(sum), "%zu not run", nnot_run(run));
	assert_non_null(strstr(run->out, sum));
	assert_non_null(strstr(run->out, ": the run ended at the first failure, fails\n"));
}

/* The first one ended the run; the next, with nothing left to be stopped, ends the telling. */
static void a_second_interrupt_ends_the_telling(void **state)
{
	const char *manifest = late_manifest();
	struct run *run;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--verbose", "--grace=100ms", "--timeout=60s",
			      suite_path("exe_ends/hangs"), manifest),
		.hold_stdout = true, .cut_short = true, .deadline_s = 120,
	});
	fcntl(run->out_fd, F_SETPIPE_SZ, 4096);
	run_await(run, "test-start", "hangs");
	assert_int_equal(kill(run->pid, SIGINT), 0);
	run_await(run, "test-end", "hangs");
	late_await(run);
	/* Until an interrupt is another one: only time tells. */
	poll(NULL, 0, 1050);
	assert_int_equal(kill(run->pid, SIGTERM), 0);
	run_release_stdout(run);
	run_finish(run);
	unlink(manifest);
	assert_int_equal(run->exit_code, 130);
	assert_in_range(lines_with(run, "NOT RUN "), 1, NLATE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(deadlines_hold_while_nobody_reads),
		harness_test(nothing_is_lost),
		harness_test(all_that_was_not_run_is_told),
		harness_test(an_interrupt_ends_the_telling),
		harness_test(a_second_interrupt_ends_the_telling),
	};

	return cmocka_run_group_tests_name("slow reader", tests, NULL, NULL);
}
