/* SPDX-License-Identifier: MIT */
#include "report_fixture.h"

#include "report/tml_style.h"

static char *shown(const struct terminal_options *options, void (*feeder)(struct reporter *r))
{
	struct proctor_error err;
	struct reporter *r;
	char path[32];
	int fd = report_file(path);

	assert_int_equal(tml_style_open(&r, fd, options, &err), 0);
	feeder(r);
	assert_int_equal(r->ops->close(r, &err), 0);
	close(fd);
	return report_read(path);
}

/* A test without a group is of its suite's. */
static void groups_failures_and_the_result_are_told(void **state)
{
	char *text = shown(&(struct terminal_options){ 0 }, feed_run);

	(void)state;
	assert_string_equal(text,
		"ok  beta  1 test  0ms\n"
		"FAILED  core  1 test  12ms\n"
		"\n"
		"failures:\n"
		"  alpha (lib/a.test.tml)\n"
		"    SIGSEGV, address not mapped, at 0x0\n"
		"    #0 f at a.c:1\n"
		"    #1 g\n"
		"  stdout, 9 bytes:\n"
		"    | a\\x1b[2J\\xff\\x00z\n"
		"  stderr, 1,072,693,261 bytes:\n"
		"    | head\n"
		"    … 1,072,693,248 bytes not kept …\n"
		"    | tail<&>\n"
		"\n"
		"test result: FAILED. 1 passed; 1 failed; 2 files; finished in 12ms\n");
	free(text);
}

static void what_was_not_run_is_told(void **state)
{
	char *text = shown(&(struct terminal_options){ .output = TERMINAL_OUTPUT_NONE }, feed_stopped_run);

	(void)state;
	assert_non_null(strstr(text, "\nthe run ended at the crash of alpha::tml_test_1\n"));
	assert_non_null(strstr(text, "0 passed; 1 failed; 12 not run; 13 files; finished in 12ms\n"));
	assert_null(strstr(text, "stdout"));
	free(text);
}

static void quiet_has_failures_and_the_result(void **state)
{
	char *text = shown(&(struct terminal_options){ .volume = TERMINAL_QUIET }, feed_run);

	(void)state;
	assert_null(strstr(text, "ok  beta"));
	assert_non_null(strstr(text, "failures:\n  alpha (lib/a.test.tml)\n"));
	free(text);
}

static void verbose_has_a_line_for_each_test(void **state)
{
	char *text = shown(&(struct terminal_options){ .volume = TERMINAL_VERBOSE }, feed_run);

	(void)state;
	assert_non_null(strstr(text, "beta::tml_test_0\n"));
	assert_non_null(strstr(text, "alpha::tml_test_1"));
	free(text);
}

static void feed_pass(struct reporter *r)
{
	static const struct proctor_counts counts = { .by_verdict = { [PROCTOR_PASS] = 1 }, .total = 1 };

	feed(r, run_start());
	feed(r, test_event(PROCTOR_TEST_END, 1000100, &pass_test, &pass_result));
	feed(r, (struct proctor_event){ .kind = PROCTOR_RUN_END, .counts = &counts,
					.duration_us = 2500 });
}

static void a_run_without_failures_is_ok(void **state)
{
	char *text = shown(&(struct terminal_options){ .color = true }, feed_pass);

	(void)state;
	assert_non_null(strstr(text, "ok\033["));
	assert_null(strstr(text, "failures:"));
	assert_non_null(strstr(text, ". 1 passed; 0 failed; 1 files; finished in 2ms\n"));
	free(text);
}

static void what_was_found_out_about_a_failure_stands_with_the_failures(void **state)
{
	char *text = shown(&(struct terminal_options){ 0 }, feed_confirmed_run);

	(void)state;
	assert_non_null(strstr(text, "  alpha, tml_test_1: fails only after beta::tml_test_0\n"
				     "    proctor run x.so --sequence='a b'\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_failures_and_the_result_are_told),
		cmocka_unit_test(what_was_not_run_is_told),
		cmocka_unit_test(quiet_has_failures_and_the_result),
		cmocka_unit_test(verbose_has_a_line_for_each_test),
		cmocka_unit_test(what_was_found_out_about_a_failure_stands_with_the_failures),
		cmocka_unit_test(a_run_without_failures_is_ok),
	};

	return cmocka_run_group_tests_name("tml style", tests, NULL, NULL);
}
