/* SPDX-License-Identifier: MIT */
/* Events by hand, and what a reporter makes of them, for unit tests of reporters. */
#ifndef UNIT_REPORT_FIXTURE_H
#define UNIT_REPORT_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/reporter.h"

static const struct proctor_test crash_test = {
	.id = "alpha::tml_test_1", .suite = "alpha", .group = "core", .name = "tml_test_1",
	.file = "lib/a.test.tml", .path = "/s/libalpha.so", .index = 1,
};

static const struct proctor_test pass_test = {
	.id = "beta::tml_test_0", .suite = "beta", .group = "", .name = "tml_test_0",
	.file = "", .path = "/s/libbeta.so", .index = 0,
};

/* Its output has an escape sequence, a byte that is no UTF-8, a NUL; the middle of stderr is gone. */
static const struct proctor_result crash_result = {
	.verdict = PROCTOR_CRASH, .final = true, .attempt = 1, .repetition = 1, .worker = 2,
	.core = -1, .start_us = 1000000, .end_us = 1012345, .duration_us = 12345, .nrepetitions = 1,
	.exit_code = -1, .signal = 11,
	.message = "SIGSEGV, address not mapped, at 0x0", .backtrace = "#0 f at a.c:1\n#1 g",
	.out = "a\033[2J\xff\0z\n", .nout = 9, .out_head = 9, .out_bytes = 9,
	.err = "head\ntail<&>\n", .nerr = 13, .err_head = 5, .err_bytes = 1072693261,
};

static const struct proctor_result pass_result = {
	.verdict = PROCTOR_PASS, .final = true, .attempt = 1, .repetition = 1, .core = 0,
	.start_us = 1000000, .end_us = 1000100, .duration_us = 100,
};

static const struct proctor_test late_test = {
	.id = "late", .suite = "late", .group = "", .name = "late", .file = "", .path = "/s/late",
};

static const struct proctor_result late_result = {
	.verdict = PROCTOR_NOT_RUN, .final = true, .attempt = 1, .repetition = 3, .nrepetitions = 12,
	.core = -1, .exit_code = -1, .out = "", .err = "",
	.message = "12 repetitions not run: the run ended at the crash of alpha::tml_test_1",
};

/* The crash was the other test's fault. */
static const struct proctor_test *const crash_after[] = { &pass_test };
static const struct proctor_confirmation crash_confirmation = {
	.finding = PROCTOR_FAILS_AFTER, .failed = PROCTOR_CRASH, .alone = PROCTOR_PASS, .attempt = 1,
	.repetition = 1, .nbefore = 12, .after = crash_after, .nafter = 1, .nruns = 14,
	.text = "fails only after beta::tml_test_0", .command = "proctor run x.so --sequence='a b'",
};

static inline struct proctor_event run_start(void)
{
	return (struct proctor_event){
		.kind = PROCTOR_RUN_START, .time_us = 999999, .ntests = 2, .nthreads = 4,
		.ncores = 2, .loop = "epoll", .text = "io_uring refused: no; using epoll",
		.run_id = "00ff",
	};
}

static inline struct proctor_event test_event(enum proctor_event_kind kind, uint64_t time_us,
					      const struct proctor_test *test,
					      const struct proctor_result *result)
{
	return (struct proctor_event){
		.kind = kind, .time_us = time_us, .test = test, .result = result,
	};
}

static inline void feed(struct reporter *r, struct proctor_event event)
{
	struct proctor_error err;

	assert_int_equal(r->ops->event(r, &event, &err), 0);
}

/* A start, both tests, one beside the other, and the end. */
static inline void feed_run(struct reporter *r)
{
	static const struct proctor_counts counts = {
		.by_verdict = { [PROCTOR_PASS] = 1, [PROCTOR_CRASH] = 1 }, .total = 2,
	};

	feed(r, run_start());
	feed(r, test_event(PROCTOR_TEST_START, 1000000, &crash_test, &crash_result));
	feed(r, test_event(PROCTOR_TEST_START, 1000000, &pass_test, &pass_result));
	feed(r, test_event(PROCTOR_TEST_END, 1000100, &pass_test, &pass_result));
	feed(r, test_event(PROCTOR_TEST_END, 1012345, &crash_test, &crash_result));
	feed(r, (struct proctor_event){ .kind = PROCTOR_RUN_END, .time_us = 1012400,
					.counts = &counts, .duration_us = 12401, .exit_code = 1 });
}

/* The same, and what was found out about the crash. */
static inline void feed_confirmed_run(struct reporter *r)
{
	static const struct proctor_counts counts = {
		.by_verdict = { [PROCTOR_PASS] = 1, [PROCTOR_CRASH] = 1 }, .total = 2,
	};

	feed(r, run_start());
	feed(r, test_event(PROCTOR_TEST_END, 1000100, &pass_test, &pass_result));
	feed(r, test_event(PROCTOR_TEST_END, 1012345, &crash_test, &crash_result));
	feed(r, (struct proctor_event){ .kind = PROCTOR_TEST_CONFIRMED, .time_us = 1012390,
					.test = &crash_test, .confirmation = &crash_confirmation });
	feed(r, (struct proctor_event){ .kind = PROCTOR_RUN_END, .time_us = 1012400,
					.counts = &counts, .duration_us = 12401, .exit_code = 1 });
}

/* A test that is never begun, as the other crashes. */
static inline void feed_stopped_run(struct reporter *r)
{
	static const struct proctor_counts counts = {
		.by_verdict = { [PROCTOR_CRASH] = 1, [PROCTOR_NOT_RUN] = 12 }, .total = 13,
	};

	feed(r, run_start());
	feed(r, test_event(PROCTOR_TEST_START, 1000000, &crash_test, &crash_result));
	feed(r, test_event(PROCTOR_TEST_END, 1012345, &crash_test, &crash_result));
	feed(r, test_event(PROCTOR_TEST_END, 1012350, &late_test, &late_result));
	feed(r, (struct proctor_event){ .kind = PROCTOR_RUN_END, .time_us = 1012400,
					.counts = &counts, .duration_us = 12401, .exit_code = 1,
					.text = "the run ended at the crash of alpha::tml_test_1" });
}

/* An empty file without a name to others. */
static inline int report_file(char path[32])
{
	int fd;

	strcpy(path, "/tmp/proctor-unit-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	return fd;
}

/* All of a file, with a NUL behind it; removes it. */
static inline char *report_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 64 * 1024);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, 64 * 1024 - 1, f) > 0);
	fclose(f);
	unlink(path);
	return text;
}

#endif
