/* SPDX-License-Identifier: MIT */
/* What is told of GoogleTest's programs. The output is recorded from versions 1.12 and 1.18. */
#include "adapter/adapter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser_fixture.h"

#define EXITED(status) ((status) << 8)	/* as wait(2) gives it */

/* ---- lists ---- */

static int list_json(const char *json, struct listing *list, struct proctor_error *err)
{
	const struct seed seed = { .out = "", .file = json };
	struct list_output output = { .out = "said by main\n", .nout = 13, .err = "", .file = json,
				      .nfile = strlen(json) };

	seed_write(&seed);
	return adapter_googletest.list_parse(&output, list, err);
}

static void a_list_has_files_lines_and_what_is_disabled(void **state)
{
	static const char json[] = "{\"tests\": 4, \"name\": \"AllTests\", \"testsuites\": [\n"
		"{\"name\": \"A\", \"tests\": 2, \"testsuite\": [\n"
		"  {\"name\": \"One\", \"file\": \"a.cc\", \"line\": 3}, {\"name\": \"DISABLED_Two\"}]},\n"
		"{\"name\": \"In\\/DISABLED_B\\/0\", \"tests\": 1, \"testsuite\": [\n"
		"  {\"name\": \"T\", \"type_param\": \"int\", \"file\": \"b.cc\", \"line\": -4}]},\n"
		"{\"name\": \"NotDISABLED_C\", \"testsuite\": [\n"
		"  {\"name\": \"IsEven\\/10\", \"value_param\": \"10\", \"file\": \"b.cc\", \"line\": 9}]}]}";
	struct listing list = { 0 };
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(list_json(json, &list, &err), 0);
	assert_int_equal(list.ntests, 4);
	assert_string_equal(list.tests[0].name, "A.One");
	assert_string_equal(list.tests[0].file, "a.cc");
	assert_int_equal(list.tests[0].line, 3);
	assert_null(list.tests[0].disabled);
	assert_string_equal(list.tests[1].name, "A.DISABLED_Two");
	assert_string_equal(list.tests[1].file, "");
	assert_non_null(list.tests[1].disabled);
	assert_string_equal(list.tests[2].name, "In/DISABLED_B/0.T");
	assert_int_equal(list.tests[2].line, 0);
	assert_non_null(list.tests[2].disabled);
	assert_string_equal(list.tests[3].name, "NotDISABLED_C.IsEven/10");
	assert_null(list.tests[3].disabled);
	listing_fini(&list);
}

static void a_file_that_is_no_list_is_refused(void **state)
{
	static const char *const wrong[] = {
		"{", "[]", "{\"testsuites\": 3}", "{\"testsuites\": [{\"testsuite\": []}]}",
		"{\"testsuites\": [{\"name\": \"A\", \"testsuite\": [{\"file\": \"a.cc\"}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct listing list = { 0 };
		struct proctor_error err = { 0 };

		assert_int_equal(list_json(wrong[i], &list, &err), -ENOEXEC);
		assert_non_null(strstr(err.text, "no list of GoogleTest's"));
		listing_fini(&list);
	}
}

static void a_list_of_text_is_read(void **state)
{
	static const char text[] = "Running main() from gtest_main.cc\nA.\n  One\n  DISABLED_Two\n"
		"T/0.  # TypeParam = int\n  Is\nIn/V.\n  IsEven/0  # GetParam() = \"a.\"\n";
	struct listing list = { 0 };
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(list_of(&adapter_googletest, text, 0, &list, &err), 0);
	assert_int_equal(list.ntests, 4);
	assert_string_equal(list.tests[0].name, "A.One");
	assert_non_null(list.tests[1].disabled);
	assert_string_equal(list.tests[2].name, "T/0.Is");
	assert_string_equal(list.tests[3].name, "In/V.IsEven/0");
	listing_fini(&list);
	assert_int_equal(list_of(&adapter_googletest, "hello\n", 0, &list, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "--framework=exe"));
	listing_fini(&list);
	assert_int_equal(list_of(&adapter_googletest, text, EXITED(7), &list, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "exit status 7"));
	listing_fini(&list);
}

/* ---- runs ---- */

static const char batch[] =
	"Note: Google Test filter = A.*\n"
	"[==========] Running 5 tests from 2 test suites.\n"
	"[----------] Global test environment set-up.\n"
	"said by the environment\n"
	"[----------] 3 tests from A\n"
	"[ RUN      ] A.Passes\n"
	"no newline[       OK ] A.Passes (0 ms)\n"
	"[ RUN      ] A.Fails\n"
	"a.cc:3: Failure\n"
	"Expected equality of these values:\n  1\n  2\n\n"
	"a.cc:4: Failure\nFailed\n\n"
	"[  FAILED  ] A.Fails (1 ms)\n"
	"[ RUN      ] A.Skips\n"
	"a.cc:5: Skipped\n"
	"not today\n\n"
	"[  SKIPPED ] A.Skips (0 ms)\n"
	"[----------] 3 tests from A (1 ms total)\n\n"
	"[----------] 1 test from T/0, where TypeParam = std::pair<int, char>\n"
	"[ RUN      ] T/0.Is\n"
	"[  FAILED  ] T/0.Is, where TypeParam = std::pair<int, char> (0 ms)\n"
	"[----------] 1 test from T/0 (0 ms total)\n\n"
	"[----------] 1 test from In/V\n"
	"[ RUN      ] In/V.IsShort/2\n"
	"v.cc:9: Failure\r\nExpected: short\n"
	"[  FAILED  ] In/V.IsShort/2, where GetParam() = \"[  FAILED  ] A.Passes (0 ms)\" (0 ms)\n"
	"[----------] 1 test from In/V (0 ms total)\n\n"
	"[----------] Global test environment tear-down\n"
	"[==========] 5 tests from 3 test suites ran. (1 ms total)\n"
	"[  PASSED  ] 1 test.\n"
	"[  SKIPPED ] 1 test, listed below:\n"
	"[  SKIPPED ] A.Skips\n"
	"[  FAILED  ] 3 tests, listed below:\n"
	"[  FAILED  ] A.Fails\n"
	"[  FAILED  ] T/0.Is, where TypeParam = std::pair<int, char>\n"
	"[  FAILED  ] In/V.IsShort/2, where GetParam() = \"[  FAILED  ] A.Passes (0 ms)\"\n\n"
	" 3 FAILED TESTS\n"
	"  YOU HAVE 2 DISABLED TESTS\n\n";

/* The last lines' names are no second ends. */
static void starts_and_ends_are_told_in_order(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 4000; piece = piece * 3 + 1) {
		struct script s = { .ops = adapter_googletest.parser, .out = batch, .piece = piece,
				    .status = EXITED(1) };

		script_run(&s);
		assert_string_equal(s.told,
			"start A.Passes\nend A.Passes pass\n"
			"start A.Fails\nend A.Fails fail: a.cc:3: Failure\nExpected equality of these values:\n"
			"  1\n  2\n\na.cc:4: Failure\nFailed\n"
			"start A.Skips\nend A.Skips skip: not today\n"
			"start T/0.Is\nend T/0.Is fail\n"
			"start In/V.IsShort/2\nend In/V.IsShort/2 fail: v.cc:9: Failure\nExpected: short\n"
			"complete\nover\n");
	}
}

static void output_ends_where_the_next_test_begins(void **state)
{
	struct script s = { .ops = adapter_googletest.parser, .out = batch, .piece = 1 };

	(void)state;
	script_run(&s);
	assert_memory_equal(batch + s.ends[0], "[ RUN      ] A.Fails", 20);
	assert_memory_equal(batch + s.ends[1], "[ RUN      ] A.Skips", 20);
}

#define SET_UP "[==========] Running 2 tests from 1 test suite.\n[----------] Global test environment set-up.\n"
#define SUITE "[----------] 2 tests from S\n"
#define TORN "[----------] 2 tests from S (0 ms total)\n\n[----------] Global test environment tear-down\n"
#define THROUGH "[==========] 2 tests from 1 test suite ran. (0 ms total)\n"
#define TEST(name, end) "[ RUN      ] S." name "\n[" end "] S." name " (0 ms)\n"
#define SKIPPED(name) "[ RUN      ] S." name "\ns.cc:1: Skipped\n\n[  SKIPPED ] S." name " (0 ms)\n"

/* What goes wrong around the tests. */
static const struct around {
	const char *out, *told;
} arounds[] = {
	/* The environment cannot be set up: none of the tests is more than skipped. */
	{ SET_UP "e.cc:7: Failure\nFailed\nno environment\n\n" SUITE SKIPPED("One") SKIPPED("Two") TORN THROUGH,
	  "start S.One\nend S.One fail: e.cc:7: Failure\nFailed\nno environment\n"
	  "start S.Two\nend S.Two fail: e.cc:7: Failure\nFailed\nno environment\ncomplete\nover\n" },
	/* It is skipped: no test starts. */
	{ SET_UP "e.cc:7: Skipped\nno network\n\nno network\n\n[----------] Global test environment tear-down\n"
	  THROUGH "[  PASSED  ] 2 tests.\n", "passed over skip: no network\ncomplete\nover\n" },
	/* A suite cannot be set up. */
	{ SET_UP SUITE "s.cc:3: Failure\nFailed\nno suite\n\n" SKIPPED("One") SKIPPED("Two") TORN THROUGH,
	  "start S.One\nend S.One fail: s.cc:3: Failure\nFailed\nno suite\n"
	  "start S.Two\nend S.Two fail: s.cc:3: Failure\nFailed\nno suite\ncomplete\nover\n" },
	/* It is skipped; so from version 1.13 on. */
	{ SET_UP SUITE "s.cc:3: Skipped\nno disk\n\n" SKIPPED("One") SKIPPED("Two") TORN THROUGH,
	  "start S.One\nend S.One skip: no disk\nstart S.Two\nend S.Two skip: no disk\ncomplete\nover\n" },
	/* A suite's or the environment's tearing down fails. */
	{ SET_UP SUITE TEST("One", "       OK ") TEST("Two", "       OK ") "s.cc:4: Failure\nFailed\ntorn\n\n" TORN
	  THROUGH, "start S.One\nend S.One pass\nstart S.Two\nend S.Two pass\namended S.Two fail: s.cc:4: Failure\nFailed\ntorn\ncomplete\nover\n"
	  "end S.Two fail: s.cc:4: Failure\nFailed\ntorn\n" },
	{ SET_UP SUITE TEST("One", "       OK ") TEST("Two", "       OK ") TORN "e.cc:8: Failure\nFailed\ntorn\n\n"
	  THROUGH, "start S.One\nend S.One pass\nstart S.Two\nend S.Two pass\namended S.Two fail: e.cc:8: Failure\nFailed\ntorn\ncomplete\nover\n"
	  "end S.Two fail: e.cc:8: Failure\nFailed\ntorn\n" },
	/* Who skips there, for whatever that is good, has not failed. */
	{ SET_UP SUITE TEST("One", "       OK ") "s.cc:4: Skipped\nlate\n\n" TORN THROUGH,
	  "start S.One\nend S.One pass\ncomplete\nover\n" },
};

static void what_goes_wrong_around_the_tests_is_told_of_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(arounds) / sizeof(arounds[0]); i++) {
		struct script s = { .ops = adapter_googletest.parser, .out = arounds[i].out, .piece = 9,
				    .status = EXITED(1) };

		script_run(&s);
		assert_string_equal(s.told, arounds[i].told);
	}
}

static void in_the_midst_of_a_test_only_its_end_is_believed(void **state)
{
	static const char out[] = "[ RUN      ] A.One\n[ RUN      ] A.Two\n[       OK ] A.Two (0 ms)\n"
		"[----------] Global test environment tear-down\n[==========] 2 tests ran.\n"
		"[       OK ] A.OneMore (0 ms)\n[       OK ] A.One, it is\n[  FAILED  ] A.One (0 ms)\n"
		/* And what ends it a second time is told of. */
		"[ RUN      ] A.Two\n[       OK ] A.Two (0 ms)\n[       OK ] A.Two (0 ms)\n";
	struct script s = { .ops = adapter_googletest.parser, .out = out, .piece = 5 };

	(void)state;
	script_run(&s);
	assert_string_equal(s.told, "start A.One\nend A.One fail\nstart A.Two\nend A.Two pass\n"
			    "end A.Two fail\nover\n");
}

/* A test that wrote its end itself and failed then is not what was set up before the others. */
static void what_a_test_wrote_is_no_reason_of_another(void **state)
{
	static const char out[] = "[ RUN      ] A.One\n[       OK ] A.One (0 ms)\na.cc:1: Failure\nsums\n"
		"[  FAILED  ] A.One (0 ms)\n[ RUN      ] A.Two\n[  SKIPPED ] A.Two (0 ms)\n";
	/* It wrote a reason, too, and the start of the next one. */
	static const char more[] = "[ RUN      ] A.One\n[       OK ] A.One (0 ms)\na.cc:1: Failure\nsums\n"
		"[ RUN      ] A.Two\n[       OK ] A.One (0 ms)\n[ RUN      ] A.Two\n[       OK ] A.Two (0 ms)\n"
		"[ RUN      ] A.Three\n[  SKIPPED ] A.Three (0 ms)\n";
	struct script s = { .ops = adapter_googletest.parser, .out = out, .piece = 5 };

	(void)state;
	script_run(&s);
	assert_string_equal(s.told, "start A.One\nend A.One pass\nend A.One fail\nstart A.Two\nend A.Two skip\nover\n");
	s.out = more;
	script_run(&s);
	assert_non_null(strstr(s.told, "end A.Three fail: a.cc:1: Failure\nsums\n"
			       "end A.Three fail: a.cc:1: Failure\nsums\n"));
}

static void the_last_line_may_lack_its_end(void **state)
{
	struct script s = { .ops = adapter_googletest.parser, .piece = 5,
			    .out = "[ RUN      ] A.One\n[       OK ] A.One (0 ms)" };

	(void)state;
	script_run(&s);
	assert_string_equal(s.told, "start A.One\nover\nend A.One pass\n");
	s.out = "[ RUN      ] A.On";
	script_run(&s);
	assert_string_equal(s.told, "over\n");
}

/* ---- the result file ---- */

#define RESULT(test) "{\"testsuites\": [{\"name\": \"A\", \"testsuite\": [{" test "}]}]}"

static void the_file_has_the_last_word(void **state)
{
	static const struct {
		const char *file, *told;
	} rows[] = {
		{ RESULT("\"name\": \"One\", \"status\": \"RUN\", \"result\": \"COMPLETED\", "
			 "\"timestamp\": \"2026-01-01T00:00:00Z\""), "over\nend A.One pass\n" },
		{ RESULT("\"name\": \"One\", \"status\": \"RUN\""), "over\nend A.One pass\n" },
		{ RESULT("\"name\": \"One\", \"status\": \"RUN\", \"result\": \"COMPLETED\", \"failures\": "
			 "[{\"failure\": \"a.cc:3\\nfirst\"}, {\"failure\": \"second\"}]"),
		  "over\nend A.One fail: a.cc:3\nfirst\nsecond\n" },
		/* Its reason is in the output. */
		{ RESULT("\"name\": \"One\", \"status\": \"RUN\", \"result\": \"SKIPPED\""), "over\n" },
		{ RESULT("\"name\": \"One\", \"status\": \"NOTRUN\", \"result\": \"SUPPRESSED\""), "over\n" },
		/* As the file has it where the environment was skipped: it did not begin. */
		{ RESULT("\"name\": \"One\", \"status\": \"RUN\", \"result\": \"COMPLETED\", "
			 "\"timestamp\": \"1970-01-01T00:00:00Z\""), "over\n" },
		/* Version 1.12 wants a comma where the environment failed. */
		{ "{\"testsuites\": [{\"name\": \"A\"} {\"name\": \"NonTestSuiteFailure\"}]}", "over\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script s = { .ops = adapter_googletest.parser, .file = rows[i].file, .piece = 5 };

		script_run(&s);
		assert_string_equal(s.told, rows[i].told);
	}
}

static void damage_is_survived(void **state)
{
	(void)state;
	script_damage(adapter_googletest.parser, batch, arounds[0].out,
		      RESULT("\"name\": \"One\", \"status\": \"RUN\""));
}

/* The line's end is kept, wherever the reading cuts it. */
static void a_long_line_ends_a_test(void **state)
{
	static const size_t lengths[] = { 4000, 4090, 4096, 4100, 8180, 8192, 9000, 40000 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (size_t piece = 1; piece < 100000; piece = piece * 7 + 1) {
			size_t n = lengths[i];
			char *out = malloc(n + 200);
			struct script s = { .ops = adapter_googletest.parser, .piece = piece };

			assert_non_null(out);
			strcpy(out, "[ RUN      ] A.One\n");
			memset(out + 19, 'x', n);
			strcpy(out + 19 + n, "[       OK ] A.One (0 ms)\n");
			script_run_bytes(&s, out, strlen(out));
			assert_string_equal(s.told, "start A.One\nend A.One pass\nover\n");
			free(out);
		}
}

/* ---- commands ---- */

static void names_are_a_filter(void **state)
{
	static const char *const names[] = { "A.One", "In/V.Is/0", "T-.x:*?" };
	const struct program_request request = { .names = names, .ntests = 3, .dir = "/none" };
	struct command_line line = { 0 };
	struct proctor_error err;

	(void)state;
	assert_int_equal(adapter_googletest.run_command(&request, &line, &err), 0);
	assert_string_equal(line.words.list[line.words.n - 1], "--gtest_filter=A.One:In/V.Is/0:T?.x???");
	command_line_fini(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_has_files_lines_and_what_is_disabled),
		cmocka_unit_test(a_file_that_is_no_list_is_refused),
		cmocka_unit_test(a_list_of_text_is_read),
		cmocka_unit_test(starts_and_ends_are_told_in_order),
		cmocka_unit_test(output_ends_where_the_next_test_begins),
		cmocka_unit_test(what_goes_wrong_around_the_tests_is_told_of_them),
		cmocka_unit_test(in_the_midst_of_a_test_only_its_end_is_believed),
		cmocka_unit_test(what_a_test_wrote_is_no_reason_of_another),
		cmocka_unit_test(the_last_line_may_lack_its_end),
		cmocka_unit_test(the_file_has_the_last_word),
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(a_long_line_ends_a_test),
		cmocka_unit_test(names_are_a_filter),
	};

	return cmocka_run_group_tests_name("googletest", tests, NULL, NULL);
}
