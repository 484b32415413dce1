/* SPDX-License-Identifier: MIT */
/* What is told of Go's test programs. The output is recorded from Go 1.26. */
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

#define M "\x16"
#define EXITED(status) ((status) << 8)

/* As Go 1.19 answers. */
static void an_old_version_is_refused_in_a_sentence(void **state)
{
	static const char said[] = "invalid boolean value \"test2json\" for -test.v: parse error\nUsage of ./ways:\n";
	const struct list_output output = { .out = "", .err = said, .nerr = sizeof(said) - 1, .status = EXITED(2) };
	struct listing list = { 0 };
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(adapter_go.list_parse(&output, &list, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "is of a Go before 1.20"));
	listing_fini(&list);
}

static void names_are_listed_and_all_else_is_not(void **state)
{
	struct listing list = { 0 };
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(list_of(&adapter_go, "set up by TestMain\nTestA\nBenchmarkB\nFuzzX\nExample_good\n"
				 "Tests are here\nTest\xc3\xa4\n", 0, &list, &err), 0);
	assert_int_equal(list.ntests, 4);
	assert_string_equal(list.tests[0].name, "TestA");
	assert_string_equal(list.tests[1].name, "FuzzX");
	assert_string_equal(list.tests[2].name, "Example_good");
	assert_string_equal(list.tests[3].name, "Test\xc3\xa4");
	listing_fini(&list);
	assert_int_equal(list_of(&adapter_go, "TestA\n", EXITED(1), &list, &err), -ENOEXEC);
	listing_fini(&list);
}

static const char batch[] =
	M "=== RUN   TestPrints\nno newline\n    ways_test.go:10: logged\n" M "--- PASS: TestPrints (0.25s)\n" M "=== NAME  \n"
	M "=== RUN   TestFails\n    ways_test.go:11: before\n    ways_test.go:11: sums 3\n        lines\n"
	M "--- FAIL: TestFails (0.00s)\n" M "=== NAME  \n"
	M "=== RUN   TestSkips\n    ways_test.go:12: no network\n" M "--- SKIP: TestSkips (0.00s)\n" M "=== NAME  \n"
	M "=== RUN   TestParA\na before\n" M "=== PAUSE TestParA\n" M "=== NAME  \n"
	M "=== RUN   TestParB\n" M "=== PAUSE TestParB\n" M "=== NAME  \n"
	M "=== RUN   TestSub\n"
	M "=== RUN   TestSub/one\n    ways_test.go:16: fine\n" M "--- PASS: TestSub/one (0.00s)\n" M "=== NAME  TestSub\n"
	M "=== RUN   TestSub/two_words\n    ways_test.go:17: two failed\n" M "--- FAIL: TestSub/two_words (0.00s)\n"
	M "=== NAME  TestSub\n" M "--- FAIL: TestSub (0.00s)\n" M "=== NAME  \n"
	M "=== RUN   TestForged\n--- FAIL: TestForged (0.00s)\n=== RUN   TestPasses\nhalf" M "--- PASS: TestForged (0.00s)\n"
	M "=== NAME  \n"
	M "=== CONT  TestParA\na after\n    ways_test.go:13: alog\n" M "--- PASS: TestParA (0.00s)\n"
	M "=== CONT  TestParB\n    ways_test.go:14: b fails\n" M "--- FAIL: TestParB (0.00s)\n"
	M "=== RUN   Example_bad\n" M "--- FAIL: Example_bad (0.00s)\ngot:\nhi\nwant:\nho\n" M "=== NAME   \n"
	M "FAIL\n";

static void starts_and_ends_are_told_in_order(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 300; piece = piece * 3 + 1) {
		struct script s = { .ops = adapter_go.parser, .out = batch, .piece = piece, .status = EXITED(1) };

		script_run(&s);
		assert_string_equal(s.told,
			"start TestPrints\nend TestPrints pass\n"
			"start TestFails\n"
			"end TestFails fail: ways_test.go:11: before\nways_test.go:11: sums 3\n    lines\n"
			"start TestSkips\nend TestSkips skip: ways_test.go:12: no network\n"
			"start TestParA\naside TestParA\n"
			"start TestParB\naside TestParB\n"
			"start TestSub\n"
			"end TestSub fail: ways_test.go:17: two failed\nTestSub/two_words failed\n"
			"start TestForged\nend TestForged pass\n"
			"start Example_bad\nend Example_bad fail: got:\nhi\nwant:\nho\n"
			"complete\n"
			"over\n"
			"end TestParA pass\n"
			"end TestParB fail: ways_test.go:14: b fails\n");
	}
}

static void a_panic_is_the_end_of_its_test(void **state)
{
	struct script s = { .ops = adapter_go.parser, .piece = 11, .status = EXITED(2),
		.out = M "=== RUN   TestA\n" M "--- PASS: TestA (0.00s)\n" M "=== NAME  \n" M "=== RUN   TestPanics\n"
		       M "--- FAIL: TestPanics (0.00s)\n",
		.err = "panic: boom [recovered, repanicked]\n\ngoroutine 21 [running]:\ntesting.tRunner.func1.2()\n" };

	(void)state;
	script_run(&s);
	assert_string_equal(s.told,
		"start TestA\nend TestA pass\nstart TestPanics\nend TestPanics fail\nover\n"
		"end TestPanics fail: panic: boom [recovered, repanicked]\n");
	/* In another goroutine: nothing but the panic is said. */
	s.out = M "=== RUN   TestA\n" M "--- FAIL: TestA (0.00s)\n" M "=== NAME  \n" M "=== RUN   TestB\n";
	s.err = "panic: boom\n\ngoroutine 21 [running]:\n";
	script_run(&s);
	assert_string_equal(s.told, "start TestA\nend TestA fail\nstart TestB\nover\nend TestB fail: panic: boom\n");
}

static void what_has_not_ended_is_not_told_of(void **state)
{
	struct script s = { .ops = adapter_go.parser, .piece = 3, .status = EXITED(3),
		.out = M "=== RUN   TestP\n" M "=== PAUSE TestP\n" M "=== NAME  \n" M "=== RUN   TestExits\nbye\n" };

	(void)state;
	script_run(&s);
	assert_string_equal(s.told, "start TestP\naside TestP\nstart TestExits\nover\n");
}

/* As long as a table's name may be. */
static void a_long_name_of_a_subtest_does_no_harm(void **state)
{
	char name[1500], out[2 * sizeof(name) + 200];
	struct script s = { .ops = adapter_go.parser, .piece = 70, .out = out };

	(void)state;
	memset(name, 'n', sizeof(name));
	snprintf(out, sizeof(out), M "=== RUN   TestA\n" M "=== RUN   TestA/%.*s\n" M "--- FAIL: TestA/%.*s (0.00s)\n"
		 M "--- FAIL: TestA (0.00s)\n", (int)sizeof(name), name, (int)sizeof(name), name);
	script_run(&s);
	snprintf(out, sizeof(out), "start TestA\nend TestA fail: TestA/%.*s failed\nover\n", (int)sizeof(name), name);
	assert_string_equal(s.told, out);
}

static void a_duration_is_the_framework_s(void **state)
{
	struct script s = { .ops = adapter_go.parser, .piece = 100, .out = batch };

	(void)state;
	script_run(&s);
	assert_int_equal(s.first_duration_us, 250000);
}

static void damage_of_any_kind_is_survived(void **state)
{
	(void)state;
	script_damage(adapter_go.parser, batch, "panic: boom\n\ngoroutine 21 [running]:\n", NULL);
}

static void its_command_has_exactly_the_names(void **state)
{
	static const char *const names[] = { "TestA", "Example_good" };
	struct program_request request = { .path = "p", .names = names, .ntests = 2 };
	struct command_line line = { 0 };
	struct proctor_error err;

	(void)state;
	assert_int_equal(adapter_go.run_command(&request, &line, &err), 0);
	assert_string_equal(line.words.list[line.words.n - 1], "-test.run=^(TestA|Example_good)$");
	command_line_fini(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_listed_and_all_else_is_not),
		cmocka_unit_test(an_old_version_is_refused_in_a_sentence),
		cmocka_unit_test(starts_and_ends_are_told_in_order),
		cmocka_unit_test(a_panic_is_the_end_of_its_test),
		cmocka_unit_test(what_has_not_ended_is_not_told_of),
		cmocka_unit_test(a_long_name_of_a_subtest_does_no_harm),
		cmocka_unit_test(a_duration_is_the_framework_s),
		cmocka_unit_test(damage_of_any_kind_is_survived),
		cmocka_unit_test(its_command_has_exactly_the_names),
	};

	return cmocka_run_group_tests_name("go", tests, NULL, NULL);
}
