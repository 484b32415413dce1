/* SPDX-License-Identifier: MIT */
/*
 * Small limits and namespaces: right verdicts, or one sentence that names the true cause, and exit
 * code 3.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS WORDS("--on-crash=continue", "--test-threads=4", "--grace=100ms", \
		   suite_path("soak/libmixed.so"), suite_path("exe_options/passes"))

static void check_verdicts(const struct run *run)
{
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "mixed::passes", "pass");
	run_check_verdict(run, "mixed::fails", "fail");
	run_check_verdict(run, "mixed::crashes", "crash");
	run_check_verdict(run, "mixed::hangs", "timeout");
	run_check_verdict(run, "mixed::passes_at_the_end", "pass");
	run_check_verdict(run, "passes", "pass");
}

static void needs_plain_memory(void)
{
	/* A sanitizer reserves terabytes, and more stack than is left here. */
	if (getenv("SAN") && *getenv("SAN"))
		skip();
}

/* Threads have stacks of their own size; the main one has what the limit says. */
static void stacks_may_be_small_or_endless(void **state)
{
	static const char *const limits[] = { "ulimit -s 96; exec \"$0\" \"$@\"",
					      "ulimit -s unlimited; exec \"$0\" \"$@\"" };
	size_t i;

	(void)state;
	needs_plain_memory();
	for (i = 0; i < 2; i++)
		check_verdicts(run_proctor(&(struct run_setup){
			.prefix = WORDS("sh", "-c", limits[i]), .args = ARGS }));
}

static void little_address_space_is_enough_or_named(void **state)
{
	static const char *const limits[] = { "ulimit -v 100000; exec \"$0\" \"$@\"",
					      "ulimit -v 20000; exec \"$0\" \"$@\"" };
	size_t i;

	(void)state;
	needs_plain_memory();
	for (i = 0; i < 2; i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.prefix = WORDS("sh", "-c", limits[i]), .args = ARGS, .cut_short = true });

		if (run->exit_code == 3)
			assert_true(run->nerr > 0);
		else
			check_verdicts(run);
		run_await_processes(run, NULL, 0);
	}
}

/* The kernel answers EINVAL where a descriptor's number is above the limit. */
static void too_few_descriptors_are_called_that(void **state)
{
	struct run *run;

	(void)state;
	needs_plain_memory();
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("sh", "-c", "ulimit -n 6; exec \"$0\" \"$@\""),
		.args = ARGS, .no_events = true, .cut_short = true });
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "Too many open files"));
}

/* Said once, and not as the error of every test. Programs have no page. */
static void a_small_limit_of_file_sizes_is_told_before_the_start(void **state)
{
	const char *limit = "ulimit -f 64; exec \"$0\" \"$@\"";
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("sh", "-c", limit), .args = ARGS, .no_events = true,
		.cut_short = true });
	assert_int_equal(run->exit_code, 3);
	assert_string_equal(run->out, "");
	assert_non_null(strstr(run->err, "ulimit -f"));
	assert_ptr_equal(strchr(run->err, '\n'), strrchr(run->err, '\n'));
	run_free(run);
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("sh", "-c", limit),
		.args = WORDS(suite_path("exe_options/passes")) });
	assert_int_equal(run->exit_code, 0);
}

static void need_namespaces(const char *options)
{
	char command[256];

	need_program("unshare");
	snprintf(command, sizeof(command), "unshare %s true >/dev/null 2>&1", options);
	if (system(command) != 0)
		skip();
}

/* Its numbers would be those of other processes: nothing may be looked up there, or killed. */
static void a_foreign_proc_is_named(void **state)
{
	struct run *run;

	(void)state;
	need_namespaces("--fork --pid");
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("unshare", "--fork", "--pid"), .args = ARGS, .cut_short = true });
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "/proc is that of another pid namespace"));
	run_free(run);
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("unshare", "--fork", "--pid"), .command = "doctor",
		.no_events = true, .cut_short = true });
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->out, "/proc is that of another pid namespace"));
}

static void process_1_of_a_namespace_is_like_any_other(void **state)
{
	(void)state;
	need_namespaces("--fork --pid --mount-proc");
	check_verdicts(run_proctor(&(struct run_setup){
		.prefix = WORDS("unshare", "--fork", "--pid", "--mount-proc"), .args = ARGS }));
}

static void without_proc_the_verdicts_are_the_same(void **state)
{
	struct run *run;

	(void)state;
	needs_plain_memory();
	need_namespaces("--mount");
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("unshare", "--mount", "sh", "-c",
				"mount -t tmpfs none /proc && exec \"$0\" \"$@\""),
		.args = ARGS, .cut_short = true });
	check_verdicts(run);
	/* What was killed is dead soon; proctor cannot look whether it is. */
	run_await_processes(run, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(stacks_may_be_small_or_endless),
		harness_test(little_address_space_is_enough_or_named),
		harness_test(too_few_descriptors_are_called_that),
		harness_test(a_small_limit_of_file_sizes_is_told_before_the_start),
		harness_test(a_foreign_proc_is_named),
		harness_test(process_1_of_a_namespace_is_like_any_other),
		harness_test(without_proc_the_verdicts_are_the_same),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
