/* SPDX-License-Identifier: MIT */
/*
 * System calls of proctor that fail, one by one: a clear error or correct results; never a hang,
 * never a lost verdict, nothing left behind. Hosts are left alone in one half of the matrix and
 * meet the same failures in the other.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *call, *error;
	unsigned from, upto;		/* which calls, one run each */
	bool early;			/* may hit the dynamic loader: no sentence of ours then */
};

static const struct row rows[] = {
	{ "pipe2", "EMFILE", 1, 6 },
	{ "pipe2", "ENFILE", 1, 3 },
	{ "clone,clone3,vfork", "EAGAIN", 1, 6 },
	{ "clone,clone3,vfork", "ENOMEM", 1, 6 },
	{ "memfd_create", "EMFILE", 1, 4 },
	{ "mmap", "ENOMEM", 40, 100, .early = true },
	{ "write", "EINTR", 1, 8 },
	{ "write", "ENOSPC", 1, 8 },
	{ "writev", "ENOSPC", 1, 3 },
	{ "pidfd_open", "EMFILE", 1, 3 },
	{ "eventfd2", "EMFILE", 1, 2 },
	{ "signalfd4", "EMFILE", 1, 2 },
	{ "epoll_ctl", "ENOMEM", 1, 4 },
	{ "openat", "EMFILE", 10, 60, .early = true },
};

/* How the run may end, and what must be true then. */
static void check_outcome(const struct row *row, const struct run *run, unsigned when)
{
	switch (run->exit_code) {
	case 0:
		assert_non_null(strstr(run->out, "Tests: 11 passed, 0 failed, 0 skipped\n"));
		run_check(run);
		return;
	case 1:
		/* Something could not be run and says why; what was planned has its verdict. */
		run_check(run);
		assert_int_equal(run_count(run, "run-end"), 1);
		return;
	case 2:
	case 3:
		if (run->nerr == 0)
			fail_msg("%s:error=%s:when=%u: no word on stderr", row->call, row->error,
				 when);
		return;
	case 127:
		if (row->early && strstr(run->err, "error while loading"))
			return;
		break;
	}
	fail_msg("%s:error=%s:when=%u: exit code %d; stdout: %.500s; stderr: %.500s", row->call,
		 row->error, when, run->exit_code, run->out, run->err);
}

static void inject(const struct row *row, unsigned when, bool hosts_too)
{
	char expression[128], trace[64];
	struct run *run;

	snprintf(trace, sizeof(trace), "trace=%s", row->call);
	snprintf(expression, sizeof(expression), "inject=%s:error=%s:when=%u", row->call,
		 row->error, when);
	run = run_start(&(struct run_setup){
		.prefix = WORDS("strace", "-f", "-qqq", "-o", "/dev/null", "-e", trace, "-e",
				expression, "-e", "signal=none", "-e", "status=none",
				hosts_too ? "-f" : "--detach-on=execve"),
		.args = WORDS("--test-threads=2", "--timeout=10s", "--grace=200ms",
			      "--on-crash=continue", suite_path("smoke/libsmoke_0.so"),
			      suite_path("exe_options/passes"), suite_path("entry/libentry.so"),
			      suite_path("many/libmany_0.so")),
		.cut_short = true,
	});
	run_finish(run);
	run_await_processes(run, NULL, 0);
	check_outcome(row, run, when);
	run_free(run);
}

static void failures_are_survived(void **state)
{
	const struct row *row = *state;
	const unsigned step = getenv("PROCTOR_SOAK") || row->upto <= 8 ? 1 : 6;
	unsigned when;

	need_program("strace");
	/* The leak sanitizer cannot work in a traced process. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	/* A sanitizer's own runtime does not go on without its memory. */
	if (strcmp(row->call, "mmap") == 0 && getenv("SAN") && *getenv("SAN"))
		skip();
	for (when = row->from; when <= row->upto; when += step) {
		inject(row, when, false);
		if (getenv("PROCTOR_SOAK"))
			inject(row, when, true);
	}
}

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	static char titles[NROWS][64];
	struct CMUnitTest tests[NROWS];
	size_t i;

	for (i = 0; i < NROWS; i++) {
		snprintf(titles[i], sizeof(titles[i]), "%s: %s", rows[i].call, rows[i].error);
		tests[i] = (struct CMUnitTest)harness_row_test(titles[i], failures_are_survived,
							       &rows[i]);
	}
	return cmocka_run_group_tests_name("inject", tests, NULL, NULL);
}
