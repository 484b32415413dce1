/* SPDX-License-Identifier: MIT */
/* What is told of Rust's test programs. The output is recorded from rustc 1.95 and 1.63. */
#include "adapter/adapter.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser_fixture.h"

static void a_line_is_a_test(void **state)
{
	static const char listed[] = "m::one: test\nm::speed: benchmark\ntwo: test\n";
	struct listing list = { 0 };
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(list_of(&adapter_rust, listed, 0, &list, &err), 0);
	assert_int_equal(list.ntests, 2);
	assert_string_equal(list.tests[0].name, "m::one");
	assert_string_equal(list.tests[1].name, "two");
	listing_fini(&list);
	assert_int_equal(list_of(&adapter_rust, "hello\n", 0, &list, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "hello"));
	listing_fini(&list);
	assert_int_equal(list_of(&adapter_rust, listed, 101 << 8, &list, &err), -ENOEXEC);
	listing_fini(&list);
}

static const char batch_out[] =
	"\nrunning 5 tests\n"
	"test m::fails ... before\n"
	"FAILED\n"
	"test m::ign_why ... ignored, why\n"
	"test m::prints ... middle out\n"
	"all is ok\n"
	"ok\n"
	"test m::raw ... no newlineok\n"
	"test m::should_not - should panic ... FAILED\n"
	"\nfailures:\n\n---- m::should_not stdout ----\n"
	"note: test did not panic as expected at ways.rs:7:32\n\nfailures:\n    m::fails\n    m::should_not\n\n"
	"test result: FAILED. 2 passed; 2 failed; 1 ignored; 0 measured; 12 filtered out; finished in 0.16s\n\n";
static const char batch_err[] =
	"warning: `--logfile` is deprecated\n"
	"thread 'm::fails' (4653) panicked at ways.rs:4:46:\n"
	"assertion `left == right` failed: sums\n  left: 1\n right: 2\n"
	"note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
static const char batch_log[] =
	"failed m::fails\nignored: why m::ign_why\nok m::prints\nok m::raw\n"
	"failed: test did not panic as expected at ways.rs:7:32 m::should_not\n";

#define PANIC "panicked at ways.rs:4:46:\nassertion `left == right` failed: sums\n  left: 1\n right: 2"

static void starts_and_ends_are_told_in_order(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 300; piece = piece * 3 + 1) {
		struct script s = { .ops = adapter_rust.parser, .err = batch_err, .out = batch_out, .piece = piece,
				    .status = 101 << 8 };

		script_run(&s);
		assert_string_equal(s.told,
			"start m::fails\n"
			"end m::fails fail: " PANIC "\n"
			"start m::ign_why\n"
			"end m::ign_why skip: why\n"
			"start m::prints\nend m::prints pass\n"
			"start m::raw\nend m::raw pass\n"
			"start m::should_not\nend m::should_not fail: it failed; its output says why\n"
			"complete\nover\n"
			"end m::fails fail: " PANIC "\n"
			"end m::should_not fail: it failed; its output says why\n");
	}
}

static void the_log_has_the_last_word(void **state)
{
	struct script s = { .ops = adapter_rust.parser, .out = batch_out, .err = batch_err, .file = batch_log,
			    .piece = 7 };

	(void)state;
	script_run(&s);
	assert_string_equal(strstr(s.told, "over\n"),
		"over\n"
		"end m::fails fail: " PANIC "\n"
		"end m::ign_why skip: why\n"
		"end m::prints pass\nend m::raw pass\n"
		"end m::should_not fail: test did not panic as expected at ways.rs:7:32\n");
}

static void a_reason_of_several_lines_is_one_record(void **state)
{
	struct script s = { .ops = adapter_rust.parser, .piece = 5,
		.file = "failed: panic did not contain expected string\n      panic message: \"yes\"\n"
			" expected substring: \"abc\" m::other\nok m::th" };

	(void)state;
	script_run(&s);
	/* The last one was cut off. */
	assert_string_equal(s.told, "over\nend m::other fail: panic did not contain expected string\n"
		"      panic message: \"yes\"\n expected substring: \"abc\"\n");
}

static void the_output_of_a_test_ends_before_the_next(void **state)
{
	static const char out[] = "\nrunning 2 tests\ntest a ... xok\ntest b ... ok\n\ntest result: ok.\n";
	struct script s = { .ops = adapter_rust.parser, .out = out, .piece = 1 };

	(void)state;
	script_run(&s);
	assert_int_equal(s.nends, 2);
	assert_memory_equal(out + s.ends[0], "test b ...", 10);
}

static void words_of_older_versions_are_understood(void **state)
{
	struct script s = { .ops = adapter_rust.parser, .piece = 9,
		.out = "test a ... FAILED\n\ntest result: FAILED.\n",
		.err = "thread 'a' panicked at 'boom', src/lib.rs:3:5\nnote: run with `RUST_BACKTRACE=1`\n" };

	(void)state;
	script_run(&s);
	assert_non_null(strstr(s.told, "end a fail: panicked at 'boom', src/lib.rs:3:5\n"));
}

static void a_panic_of_the_first_thread_is_a_lone_test_s(void **state)
{
	struct script s = { .ops = adapter_rust.parser, .piece = 9,
		.out = "test a ... FAILED\n\ntest result: FAILED.\n",
		.err = "thread 'main' panicked at 'boom\nmore', src/lib.rs:3:5\nnote: run with `RUST_BACKTRACE=1`\n" };

	(void)state;
	script_run(&s);
	assert_non_null(strstr(s.told, "end a fail: panicked at 'boom\nmore', src/lib.rs:3:5\n"));
	s.out = "test b ... ok\ntest a ... FAILED\n\ntest result: FAILED.\n";
	script_run(&s);
	assert_non_null(strstr(s.told, "end a fail: it failed; its output says why\n"));
}

static void an_error_that_was_returned_is_its_message_where_it_is_alone(void **state)
{
	struct script s = { .ops = adapter_rust.parser, .piece = 9,
		.out = "test a ... FAILED\n\ntest result: FAILED.\n",
		.err = "warning: `--logfile` is deprecatedError: \"bad\"\n" };

	(void)state;
	script_run(&s);
	assert_non_null(strstr(s.told, "end a fail: it returned Error: \"bad\"\n"));
}

static void what_is_cut_off_has_not_ended(void **state)
{
	struct script s = { .ops = adapter_rust.parser, .out = "test a ... ok\ntest b ... half", .piece = 4 };

	(void)state;
	script_run(&s);
	assert_string_equal(s.told, "start a\nend a pass\nstart b\nover\n");
	/* Its last word may have been the test's own. */
	s = (struct script){ .ops = adapter_rust.parser, .out = "test b ... ok\n", .piece = 4 };
	script_run(&s);
	assert_string_equal(s.told, "start b\nover\n");
}

static void damage_of_any_kind_is_survived(void **state)
{
	(void)state;
	script_damage(adapter_rust.parser, batch_out, batch_err, batch_log);
}

static void its_command_has_exactly_the_names(void **state)
{
	static const char *const names[] = { "m::a", "b" };
	struct program_request request = { .path = "p", .names = names, .ntests = 2, .dir = "/d" };
	struct command_line line = { 0 };
	struct proctor_error err;

	(void)state;
	assert_int_equal(adapter_rust.run_command(&request, &line, &err), 0);
	assert_string_equal(line.words.list[line.words.n - 4], "--exact");
	assert_string_equal(line.words.list[line.words.n - 3], "--");
	assert_string_equal(line.words.list[line.words.n - 2], "m::a");
	assert_string_equal(line.words.list[line.words.n - 1], "b");
	assert_string_equal(line.words.list[4], "--logfile=/d/log");
	command_line_fini(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_test),
		cmocka_unit_test(starts_and_ends_are_told_in_order),
		cmocka_unit_test(the_log_has_the_last_word),
		cmocka_unit_test(a_reason_of_several_lines_is_one_record),
		cmocka_unit_test(the_output_of_a_test_ends_before_the_next),
		cmocka_unit_test(words_of_older_versions_are_understood),
		cmocka_unit_test(a_panic_of_the_first_thread_is_a_lone_test_s),
		cmocka_unit_test(an_error_that_was_returned_is_its_message_where_it_is_alone),
		cmocka_unit_test(what_is_cut_off_has_not_ended),
		cmocka_unit_test(damage_of_any_kind_is_survived),
		cmocka_unit_test(its_command_has_exactly_the_names),
	};

	return cmocka_run_group_tests_name("rust", tests, NULL, NULL);
}
