/* SPDX-License-Identifier: MIT */
/* A crash of a program leaves what one in a library does; what the program sees and means stays its own. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct run *run_program(const char *name, const char *option)
{
	char path[64];

	snprintf(path, sizeof(path), "program/%s", name);
	return run_proctor(&(struct run_setup){ .args = WORDS(option, suite_path(path)) });
}

static const char *backtrace_of(const struct run *run, const char *id)
{
	const json_t *end = run_end(run, id);

	return json_object_get(end, "backtrace") ? event_text(end, "backtrace") : "";
}

struct crash_row {
	const char *name, *message, *frame, *frame_2;
};

static const struct crash_row crash_rows[] = {
	{ "faults", "SIGSEGV, address not mapped, at 0x10", "reads_nowhere (", "in main (" },
	{ "throws", "SIGABRT", "throws_it(std::", "thrower::call(int) const" },
	{ "faults_stripped", "SIGSEGV, address not mapped, at 0x10", " faults_stripped+0x", "#1 " },
	{ "restores", "SIGSEGV", "reads_nowhere (", "calls_the_reader (" },
	{ "returns", "SIGSEGV, address not mapped, at 0x10", "reads_nowhere (", "calls_the_reader (" },
	{ "resets", "SIGSEGV, address not mapped, at 0x10", "reads_nowhere (", "calls_the_reader (" },
	{ "closes_all", "SIGSEGV, address not mapped, at 0x10", "reads_nowhere (", "calls_the_reader (" },
	{ "parent_crashes_later", "SIGABRT", "gives_up (", "parent_crashes_later (" },
	{ "crashes_in_library", "SIGSEGV, address not mapped, at 0x10", "libm.so.6+0x", "crashes_in_library (" },
	{ "overflows", "SIGSEGV", "recurses (", "#1 " },
};

static void a_crash_has_a_backtrace(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(crash_rows) / sizeof(crash_rows[0]); i++) {
		const struct crash_row *row = &crash_rows[i];
		struct run *run = run_program(row->name, "--no-color");
		const char *backtrace = backtrace_of(run, row->name);

		run_check_verdict(run, row->name, "crash");
		if (!strstr(event_text(run_end(run, row->name), "message"), row->message) ||
		    !strstr(backtrace, row->frame) || !strstr(backtrace, row->frame_2) ||
		    strstr(backtrace, "libc_start"))
			fail_msg("%s: %s\n%s", row->name,
				 event_text(run_end(run, row->name), "message"), backtrace);
		run_free(run);
	}
}

/* Where nothing is put in, all is as it is with it but the backtrace. */
static void check_plain(const char *name, const char *option)
{
	struct run *run = run_program(name, option);

	run_check_verdict(run, name, "crash");
	assert_string_equal(backtrace_of(run, name), "");
	assert_non_null(strstr(event_text(run_end(run, name), "message"), "SIGSEGV ("));
	run_free(run);
}

static void a_program_that_nothing_can_be_put_into_loses_its_backtrace_alone(void **state)
{
	char path[4096];
	struct stat st;

	(void)state;
	check_plain("faults_static", "--no-color");
	check_plain("faults_go", "--no-color");
	snprintf(path, sizeof(path), "%s", suite_path("program/faults_setuid"));
	if (stat(path, &st) == 0 && chmod(path, st.st_mode | S_ISUID) == 0)
		check_plain("faults_setuid", "--no-color");
}

static void no_inject_puts_nothing_in(void **state)
{
	(void)state;
	check_plain("faults", "--no-inject");
}

/* With and without anything put in. */
static void check_both(const char *name, const char *verdict, const char *out)
{
	static const char *const options[] = { "--no-color", "--no-inject" };

	for (size_t i = 0; i < 2; i++) {
		struct run *run = run_program(name, options[i]);

		run_check_verdict(run, name, verdict);
		assert_string_equal(event_text(run_end(run, name), "stdout"), out);
		assert_string_equal(backtrace_of(run, name), "");
		run_free(run);
	}
}

static void a_handler_of_the_program_keeps_its_meaning(void **state)
{
	struct run *run;

	(void)state;
	check_both("handles", "fail", "handled\n");
	check_both("ignores", "pass", "");
	run = run_program("handles", "--no-color");
	assert_int_equal(event_number(run_end(run, "handles"), "exit_code"), 3);
	run_free(run);
	run = run_program("restores", "--no-color");
	assert_string_equal(event_text(run_end(run, "restores"), "stdout"), "there was none\n");
	run_free(run);
}

static void a_program_and_what_it_starts_see_nothing_of_it(void **state)
{
	(void)state;
	check_both("looks", "pass", "descriptors: 3\npreloaded: no\nin a child: no\n");
	check_both("executes", "crash", "preloaded: no\n4\n");
	check_both("child_crashes", "pass", "");
	check_both("daemonizes", "pass", "");
}

static void a_former_crash_is_forgotten(void **state)
{
	struct run *run;

	(void)state;
	/* One worker: its programs have the same page after each other. */
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--repeat=3", suite_path("program/faults"),
			      suite_path("program/executes"), suite_path("program/passes")),
	});
	assert_int_equal(run_count(run, "test-end"), 9);
	assert_string_equal(backtrace_of(run, "executes"), "");
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(a_crash_has_a_backtrace),
		harness_test(a_program_that_nothing_can_be_put_into_loses_its_backtrace_alone),
		harness_test(no_inject_puts_nothing_in),
		harness_test(a_handler_of_the_program_keeps_its_meaning),
		harness_test(a_program_and_what_it_starts_see_nothing_of_it),
		harness_test(a_former_crash_is_forgotten),
	};

	return cmocka_run_group_tests_name("program_crash", tests, NULL, NULL);
}
