/* SPDX-License-Identifier: MIT */
/* What is told of suites of TML's that are programs. */
#include "adapter/adapter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser_fixture.h"

static const char out[] =
	"said\nTML_RESULT:0:PASS:0\n"
	"no line's endTML_RESULT:1:FAIL:3\n"
	"TML_RESULT:2:MAYBE:3\nTML_RESULT::PASS:0\nTML_RESULT:2:PASS:0x\nTML_RESULT:2:FAIL:\nTML_RESULT:-1:PASS:0\n"
	"{\"event\": \"test_start\", \"index\": 2, \"name\": \"x\"}\n"
	"said{\"event\": \"test_pass\", \"index\": 2, \"duration_us\": 12}\n"
	"{\"type\": \"test_fail\", \"index\": 3, \"error\": \"assertion failed at a.tml:3\"}\n"
	"{\"event\": \"test_crash\", \"index\": 4, \"signal\": 11, \"backtrace\": \"#0 f\"}\n"
	"{\"event\": \"test_timeout\", \"index\": 5, \"timeout_ms\": 20}\n"
	"{\"event\": \"test_pass\"}\n{\"event\": \"test_pass\", \"index\": -1}\n{ \n"
	"TML_RESULT:6:FAIL:-1\n";
static const char told[] =
	"end tml_test_0 pass\nend tml_test_1 fail: returned 3\nend tml_test_2 pass\n"
	"end tml_test_3 fail: assertion failed at a.tml:3\nend tml_test_4 crash: signal 11\n#0 f\n"
	"end tml_test_5 timeout: timed out after 20 ms\nend tml_test_6 fail: returned -1\nover\n";

static void a_line_is_the_end_of_a_test(void **state)
{
	struct script *s = calloc(1, sizeof(*s));
	char expected[1024];

	(void)state;
	assert_non_null(s);
	snprintf(expected, sizeof(expected), "%send (null) fail: exit status 1\n", told);
	*s = (struct script){ .ops = adapter_tml_exe.parser, .out = out, .status = 1 << 8 };
	for (s->piece = 1; s->piece < sizeof(out); s->piece += s->piece / 3 + 1) {
		script_run(s);
		assert_string_equal(s->told, expected);
	}
	free(s);
}

static void alone_the_exit_status_tells(void **state)
{
	struct script *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	*s = (struct script){ .ops = adapter_tml_exe.parser, .out = "", .piece = 1 };
	script_run(s);
	assert_string_equal(s->told, "over\nend (null) pass\n");
	s->status = 99 << 8;
	script_run(s);
	assert_string_equal(s->told, "over\nend (null) error: ended with exit status 99: it has no such test\n");
	free(s);
}

static void a_program_runs_one_test_or_all(void **state)
{
	static const char *const names[] = { "a", "b" };
	static const unsigned indices[] = { 4, 7 };
	struct program_request request = { .path = "p", .names = names, .indices = indices, .ntests = 1 };
	struct command_line line = { 0 };
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(adapter_tml_exe.run_command(&request, &line, &err), 0);
	assert_string_equal(line.words.list[0], "--test-index=4");
	command_line_fini(&line);
	line = (struct command_line){ 0 };
	request.ntests = 2;
	assert_int_equal(adapter_tml_exe.run_command(&request, &line, &err), -ENOTSUP);
	request.whole = true;
	assert_int_equal(adapter_tml_exe.run_command(&request, &line, &err), 0);
	assert_string_equal(line.words.list[0], "--run-all");
	command_line_fini(&line);
}

static void damage_does_no_harm(void **state)
{
	(void)state;
	script_damage(adapter_tml_exe.parser, out, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_the_end_of_a_test),
		cmocka_unit_test(alone_the_exit_status_tells),
		cmocka_unit_test(a_program_runs_one_test_or_all),
		cmocka_unit_test(damage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
