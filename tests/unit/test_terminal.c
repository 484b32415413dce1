/* SPDX-License-Identifier: MIT */
#include "report_fixture.h"

#include <errno.h>
#include <signal.h>

#include "report/status_line.h"
#include "report/terminal.h"

/* What a run looks like with these options. */
static char *shown(const struct terminal_options *options, void (*feeder)(struct reporter *r))
{
	struct proctor_error err;
	struct reporter *r;
	char path[32];
	int fd = report_file(path);

	assert_int_equal(terminal_open(&r, fd, options, &err), 0);
	feeder(r);
	assert_int_equal(r->ops->close(r, &err), 0);
	close(fd);
	return report_read(path);
}

static void assert_shows(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), nend = strlen(end);

	return n >= nend && strcmp(text + n - nend, end) == 0;
}

static void a_failure_shows_all_that_is_known(void **state)
{
	char *text = shown(&(struct terminal_options){ 0 }, feed_run);

	(void)state;
	assert_shows(text, "proctor " PROCTOR_VERSION ": 2 tests, 4 threads on 2 cores, epoll\n"
			   "io_uring refused: no; using epoll\n");
	assert_shows(text, "\nCRASH   [    12 ms] alpha::tml_test_1\n"
			   "  file     lib/a.test.tml\n"
			   "  suite    alpha of core, /s/libalpha.so\n"
			   "  verdict  crashed, SIGSEGV, on worker 2\n");
	assert_shows(text, "    SIGSEGV, address not mapped, at 0x0\n");
	assert_shows(text, "    #0 f at a.c:1\n    #1 g\n");
	assert_shows(text, "  stdout, 9 bytes:\n    | a\\x1b[2J\\xff\\x00z\n");
	assert_shows(text, "    | head\n    … 1,072,693,248 bytes not kept …\n    | tail<&>\n");
	assert_shows(text, "\n1 crashed; 12 ms\n");
	assert_true(ends_with(text, "\nTests: 1 passed, 1 failed, 0 skipped\n"));
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "beta::"));
	free(text);
}

static void verbose_has_a_line_for_each_test(void **state)
{
	char *text = shown(&(struct terminal_options){ .volume = TERMINAL_VERBOSE }, feed_run);

	(void)state;
	assert_shows(text, "PASS    [   100 µs] beta::tml_test_0\n");
	free(text);
}

static void quiet_has_failures_and_the_last_line(void **state)
{
	char *text = shown(&(struct terminal_options){ .volume = TERMINAL_QUIET }, feed_run);

	(void)state;
	assert_string_equal(text, "CRASH   [    12 ms] alpha::tml_test_1: "
				  "SIGSEGV, address not mapped, at 0x0\n"
				  "Tests: 1 passed, 1 failed, 0 skipped\n");
	free(text);
}

static void what_was_not_run_has_its_reason(void **state)
{
	char *text = shown(&(struct terminal_options){ 0 }, feed_stopped_run);

	(void)state;
	assert_shows(text, "\n12 not run: the run ended at the crash of alpha::tml_test_1\n"
			   "1 crashed; 12 ms\n"
			   "Tests: 0 passed, 1 failed, 0 skipped\n");
	assert_null(strstr(text, "NOT RUN"));
	free(text);
	text = shown(&(struct terminal_options){ .volume = TERMINAL_VERBOSE }, feed_stopped_run);
	assert_shows(text, "NOT RUN [        -] late: 12 repetitions not run: the run ended at the crash of ");
	free(text);
}

/* Tags and times of any length stand in columns. */
static void feed_columns(struct reporter *r)
{
	static const struct {
		enum proctor_verdict verdict;
		uint64_t duration_us;
	} rows[] = {
		{ PROCTOR_PASS, 0 }, { PROCTOR_FAIL, 999 }, { PROCTOR_TIMEOUT, 20000000 },
		{ PROCTOR_ERROR, 1234 }, { PROCTOR_SKIP, 98765 }, { PROCTOR_NOT_RUN, 0 },
		{ PROCTOR_TIMEOUT, 545000000 },
	};

	feed(r, run_start());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct proctor_result result = pass_result;

		result.verdict = rows[i].verdict;
		result.duration_us = rows[i].duration_us;
		feed(r, test_event(PROCTOR_TEST_END, 1000100, &pass_test, &result));
	}
}

static void columns_hold_for_every_verdict(void **state)
{
	const struct terminal_options options = { .volume = TERMINAL_VERBOSE,
						  .output = TERMINAL_OUTPUT_NONE };
	char *text = shown(&options, feed_columns);
	unsigned nlines = 0;

	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *id = strstr(line, "] beta::tml_test_0");
		size_t ncolumns = 0;

		if (!id)
			continue;
		for (char *at = line; at < id; at++)
			ncolumns += ((unsigned char)*at & 0xc0) != 0x80;
		assert_int_equal(ncolumns, 7 + 2 + 9);
		nlines++;
	}
	assert_int_equal(nlines, 7);
	free(text);
}

static void feed_outputs(struct reporter *r)
{
	struct proctor_result result = pass_result;

	result.out = "said\n";
	result.nout = result.out_head = 5;
	result.out_bytes = 5;
	feed_run(r);
	feed(r, test_event(PROCTOR_TEST_END, 1000100, &pass_test, &result));
}

static void output_is_shown_of_those_that_were_asked_for(void **state)
{
	static const struct {
		enum terminal_output output;
		enum terminal_volume volume;
		bool failed, passed;
	} cases[] = {
		{ TERMINAL_OUTPUT_FAILED, TERMINAL_NORMAL, true, false },
		{ TERMINAL_OUTPUT_FAILED, TERMINAL_VERBOSE, true, false },
		{ TERMINAL_OUTPUT_ALL, TERMINAL_NORMAL, true, true },
		{ TERMINAL_OUTPUT_ALL, TERMINAL_VERBOSE, true, true },
		{ TERMINAL_OUTPUT_ALL, TERMINAL_QUIET, false, false },
		{ TERMINAL_OUTPUT_NONE, TERMINAL_NORMAL, false, false },
		{ TERMINAL_OUTPUT_NONE, TERMINAL_VERBOSE, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct terminal_options options = { .volume = cases[i].volume,
							  .output = cases[i].output };
		char *text = shown(&options, feed_outputs);

		assert_int_equal(strstr(text, "    | tail<&>\n") != NULL, cases[i].failed);
		assert_int_equal(strstr(text, "] beta::tml_test_0\n  stdout, 5 bytes:\n"
					      "    | said\n") != NULL, cases[i].passed);
		/* What failed is told in any case. */
		assert_shows(text, "CRASH   [    12 ms] alpha::tml_test_1");
		free(text);
	}
}

static void feed_retry(struct reporter *r)
{
	struct proctor_result result = crash_result;

	feed(r, run_start());
	result.final = false;
	feed(r, test_event(PROCTOR_TEST_END, 1012345, &crash_test, &result));
}

static void the_output_of_all_is_that_of_each_attempt(void **state)
{
	char *text = shown(&(struct terminal_options){ .output = TERMINAL_OUTPUT_ALL }, feed_retry);

	(void)state;
	assert_shows(text, "RETRY   [    12 ms] alpha::tml_test_1: SIGSEGV, address not mapped, at 0x0\n"
			   "  stdout, 9 bytes:\n");
	free(text);
	text = shown(&(struct terminal_options){ 0 }, feed_retry);
	assert_shows(text, "RETRY");
	assert_null(strstr(text, "stdout"));
	free(text);
}

static void feed_repetitions(struct reporter *r)
{
	struct proctor_result result = crash_result;

	feed(r, run_start());
	for (result.repetition = 1; result.repetition < 4; result.repetition += 2)
		feed(r, test_event(PROCTOR_TEST_END, 1012345, &crash_test, &result));
	feed(r, (struct proctor_event){ .kind = PROCTOR_RUN_END, .time_us = 1012400,
					.counts = &(struct proctor_counts){ .total = 2 } });
}

static void repetitions_are_told_apart(void **state)
{
	char *text = shown(&(struct terminal_options){ 0 }, feed_repetitions);

	(void)state;
	assert_shows(text, "Failed (2):\n  alpha::tml_test_1, crashed\n"
			   "  alpha::tml_test_1, crashed, repetition 3\n");
	free(text);
}

static void feed_slow(struct reporter *r)
{
	static const uint64_t durations_us[] = { 20, 7000, 300, 7000, 1500000, 1 };

	feed(r, run_start());
	for (size_t i = 0; i < sizeof(durations_us) / sizeof(durations_us[0]); i++) {
		struct proctor_result result = pass_result;
		struct proctor_test test = pass_test;
		char id[16];

		snprintf(id, sizeof(id), "t%zu", i);
		test.id = id;
		result.duration_us = durations_us[i];
		feed(r, test_event(PROCTOR_TEST_END, 1000100, &test, &result));
	}
	feed_run(r);
}

static void the_slowest_are_listed(void **state)
{
	char *text = shown(&(struct terminal_options){ .nslowest = 4 }, feed_slow);

	(void)state;
	assert_shows(text, "\nSlowest (4):\n"
			   "    1.500 s  t4\n"
			   "      12 ms  alpha::tml_test_1\n"
			   "     7.0 ms  t1\n"
			   "     7.0 ms  t3\n"
			   "\n1 crashed; 12 ms\n");
	free(text);
	text = shown(&(struct terminal_options){ .nslowest = 100 }, feed_slow);
	assert_shows(text, "Slowest (8):\n");
	free(text);
}

static void feed_ticks(struct reporter *r)
{
	feed(r, run_start());
	feed(r, test_event(PROCTOR_TEST_START, 1000000, &pass_test, &pass_result));
	feed(r, (struct proctor_event){ .kind = PROCTOR_TICK, .time_us = 1400000 });
	/* Of these two seconds the run stood still for one and a half. */
	feed(r, (struct proctor_event){ .kind = PROCTOR_TICK, .time_us = 3400000,
					.paused_us = 1500000 });
	feed(r, test_event(PROCTOR_TEST_END, 3500100, &pass_test, &pass_result));
	feed_run(r);
}

static void the_live_line_is_gone_at_the_end(void **state)
{
	const struct terminal_options options = { .status = true, .ncolumns = 60, .color = true };
	char *text = shown(&options, feed_ticks), *last;

	(void)state;
	assert_shows(text, "\r[0/2] 0 failed, 0:00 | beta::tml_test_0 0.4s\033[K");
	assert_shows(text, "beta::tml_test_0 0.9s\033[K");
	assert_shows(text, "\033[1;31mCRASH\033[0m");
	last = strstr(text, "\nTests: ");
	assert_non_null(last);
	assert_null(strchr(last, '\033'));
	free(text);
}

/* The line that shows these tests, the first started first, at 3.5 s. */
static const char *drawn(unsigned ncolumns, const char *const *ids)
{
	static struct bytes line;
	struct proctor_test test = crash_test;
	struct proctor_result result = crash_result;
	struct status s = { 0 };

	bytes_clear(&line);
	for (unsigned i = 0; ids[i]; i++) {
		struct proctor_event event = test_event(PROCTOR_TEST_START, 1000000 + i * 100000,
							&test, &result);

		test.id = ids[i];
		result.worker = 63 - i;
		status_event(&s, &event);
	}
	status_draw(&s, &line, ncolumns, 3500000);
	assert_false(status_due(&s, 3599999));
	assert_true(status_due(&s, 3600000));
	status_fini(&s);
	return line.data;
}

#define IDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define HEAD "\r[0/0] 0 failed, 0:03"

static void the_live_line_fits_its_columns(void **state)
{
	const char *wide = "日本語日本語日本語\033[2J";
	const char *reads = "parser::reads_a_list_of_one_and_a_half_elements";
	const char *writes = "writer::says_so_in_many_words_and_with_an_end";

	(void)state;
	/* The age stays, and both ends of the name. */
	assert_string_equal(drawn(80, IDS(wide)), HEAD " | 日本語日本語日本語\\x1b[2J 2.5s\033[K");
	assert_string_equal(drawn(50, IDS(wide)), HEAD " | 日本語日本…語\\x1b[2J 2.5s\033[K");
	assert_string_equal(drawn(60, IDS(reads)),
			    HEAD " | parser::reads_a…a_half_elements 2.5s\033[K");
	assert_string_equal(drawn(80, IDS(reads, writes)),
			    HEAD " | parser::re…lf_elements 2.5s, writer::sa…with_an_end 2.4s\033[K");
	/* A short name leaves its columns to the others. */
	assert_string_equal(drawn(80, IDS("a::b", reads)),
			    HEAD " | a::b 2.5s, parser::reads_a_lis…_and_a_half_elements 2.4s\033[K");
	/* Too many: the oldest, and a number. */
	assert_string_equal(drawn(80, IDS(reads, writes, reads, writes)),
			    HEAD " | parser::r…_elements 2.5s, writer::s…th_an_end 2.4s, +2\033[K");
	/* No room for any. */
	assert_string_equal(drawn(30, IDS(reads)), HEAD "\033[K");
	assert_string_equal(drawn(12, IDS(reads)), "\r[0/0] 0 fai\033[K");
	assert_string_equal(drawn(1, IDS(reads)), "\r[\033[K");
}

static void the_live_line_is_never_wider_than_told(void **state)
{
	const char *ids[PROCTOR_THREADS_MAX + 1] = { 0 };

	(void)state;
	for (unsigned n = 0; n < PROCTOR_THREADS_MAX; n++) {
		ids[n] = n % 3 == 0 ? "a" : n % 3 == 1 ? "suite::a_name_of_some_length" : "日本::語語語語語";
		for (unsigned ncolumns = 2; ncolumns < 300; ncolumns += 7) {
			const char *line = drawn(ncolumns, ids) + 1, *end = strstr(line, "\033[K");
			unsigned width = 0;

			for (const char *at = line; at < end; at++)
				width += ((unsigned char)*at & 0xc0) == 0x80 ? 0 :
					 (unsigned char)*at >= 0xe3 ? 2 : 1;
			assert_true(width < ncolumns);
		}
	}
}

static void a_reader_that_is_gone_is_an_error(void **state)
{
	struct proctor_event event = run_start();
	struct proctor_error err;
	struct reporter *r;
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(terminal_open(&r, fds[1], &(struct terminal_options){ 0 }, &err), 0);
	assert_int_equal(r->ops->event(r, &event, &err), -EPIPE);
	r->ops->close(r, &err);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_shows_all_that_is_known),
		cmocka_unit_test(verbose_has_a_line_for_each_test),
		cmocka_unit_test(quiet_has_failures_and_the_last_line),
		cmocka_unit_test(what_was_not_run_has_its_reason),
		cmocka_unit_test(columns_hold_for_every_verdict),
		cmocka_unit_test(output_is_shown_of_those_that_were_asked_for),
		cmocka_unit_test(the_output_of_all_is_that_of_each_attempt),
		cmocka_unit_test(repetitions_are_told_apart),
		cmocka_unit_test(the_slowest_are_listed),
		cmocka_unit_test(the_live_line_is_gone_at_the_end),
		cmocka_unit_test(the_live_line_fits_its_columns),
		cmocka_unit_test(the_live_line_is_never_wider_than_told),
		cmocka_unit_test(a_reader_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
