/* SPDX-License-Identifier: MIT */
/* What is told of programs of Boost.Test. The texts are recorded from version 1.74, and shortened. */
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

static int list_dot(const char *dot, struct listing *list, struct proctor_error *err)
{
	const struct seed seed = { .out = "", .err = dot };
	struct list_output output = { .out = "", .err = dot, .nerr = strlen(dot) };

	seed_write(&seed);
	return adapter_boost.list_parse(&output, list, err);
}

#define UNIT(id, colour, label) \
	"tu" id "[shape=Mrecord,fontname=Helvetica,color=" colour ",label=\"" label "\"];\n"
#define MODULE "digraph G {rankdir=LR;\ntu1[shape=ellipse,peripheries=2,fontname=Helvetica,color=green,label=\"m\"];\n{\n"
#define UNDER(parent, id) "tu" parent " -> tu" id ";\n"
#define NEEDS(id, other) "tu" id " -> tu" other "[color=red,style=dotted,constraint=false];\n"

static const char tree[] =
	MODULE
	UNIT("65536", "green", "late|t.cc(7)") UNDER("1", "65536") NEEDS("65536", "65540")
	UNIT("2", "green", "outer|t.cc(9)|labels: @x|y(3) @z") UNDER("1", "2") "{\n"
	UNIT("3", "green", "data|t.cc(10)") UNDER("2", "3") "{\n"
	UNIT("65550", "green", "_0|t.cc(10)|timeout=1") UNDER("3", "65550")
	UNIT("65551", "green", "a/b \"c\"|d|t.cc(10)|expected failures=2") UNDER("3", "65551")
	"}\n"
	UNIT("65538", "yellow", "off|t.cc(14)") UNDER("2", "65538")
	"}\n"
	UNIT("65539", "green", "needs_off|(0)") UNDER("1", "65539") NEEDS("65539", "65538")
	UNIT("65540", "green", "needs_data|t.cc(20)") UNDER("1", "65540") NEEDS("65540", "3")
	UNIT("65541", "green", "new\nline|t.cc(21)") UNDER("1", "65541") NEEDS("65541", "65539")
	"}\n}\n";

static void a_list_is_in_the_order_in_which_tests_run(void **state)
{
	/* Each behind what it waits for, and else as declared. */
	static const char *const names[] = { "outer/data/_0", "outer/data/a\\x2Fb \"c\"|d", "outer/off", "needs_off",
					     "needs_data", "late", "new\\x0Aline" };
	struct listing list = { 0 };
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(list_dot(tree, &list, &err), 0);
	assert_int_equal(list.ntests, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(list.tests[i].name, names[i]);
	assert_string_equal(list.tests[0].file, "t.cc");
	assert_int_equal(list.tests[0].line, 10);
	assert_string_equal(list.tests[2].disabled, "disabled");
	assert_null(list.tests[0].disabled);
	/* Of the second one failures are expected. */
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(list.tests[i].none_expected, i != 1);
	listing_fini(&list);
}

static void what_depends_on_a_disabled_test_is_disabled(void **state)
{
	struct listing list = { 0 };
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(list_dot(tree, &list, &err), 0);
	for (size_t i = 0; i < list.ntests; i++) {
		const struct listed *l = &list.tests[i];

		if (strcmp(l->name, "needs_off") == 0)
			assert_string_equal(l->disabled, "dependency test case \"outer/off\" is disabled");
		else if (strcmp(l->name, "new\\x0Aline") == 0)
			assert_string_equal(l->disabled, "dependency test case \"needs_off\" was skipped");
		else if (strcmp(l->name, "outer/off") != 0)
			assert_null(l->disabled);
	}
	listing_fini(&list);
}

static void a_damaged_list_is_an_error(void **state)
{
	struct proctor_error err = { 0 };
	struct listing list = { 0 };
	struct list_output refused = { .out = "", .err = "", .status = EXITED(200),
				       .file = "Test setup error: twice\n", .nfile = 24 };

	(void)state;
	for (size_t n = 0; n + 1 < sizeof(tree) - 1; n++) {
		char *cut = strndup(tree, n);

		assert_non_null(cut);
		assert_int_equal(list_dot(cut, &list, &err), -ENOEXEC);
		assert_string_not_equal(err.text, "");
		listing_fini(&list);
		free(cut);
	}
	assert_int_equal(adapter_boost.list_parse(&refused, &list, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "Test setup error: twice"));
	listing_fini(&list);
}

/* ---- the log and the report ---- */

static const char log_text[] =
	"Running 9 test cases...\n"
	"Entering test module \"m: x\"\n"
	"t.cc(7): Entering test case \"passes\"\n"
	"said\n"
	"t.cc(7): Leaving test case \"passes\"; testing time: 87us\n"
	"t.cc(8): Entering test case \"fails\"\n"
	"t.cc(8): error: in \"fails\": check 1 == 2 has failed [1 != 2]\n"
	"Failure occurred in a following context:\n"
	"    n = 1; \n"
	"t.cc(9): Leaving test case \"expected\"\n"
	"t.cc(8): Leaving test case \"fails\"; testing time: 2ms\n"
	"t.cc(9): Entering test suite \"outer\"\n"
	"t.cc(10): Entering test suite \"inner\"\n"
	"t.cc(11): Entering test case \"expected\"\n"
	"unknown location(0): fatal error: in \"outer/inner/expected\": std::runtime_error: thrown\n"
	"t.cc(11): Leaving test case \"expected\"\n"
	"t.cc(12): Entering test case \"new\nline \"q\"\"\n"
	"t.cc(12): Leaving test case \"new\nline \"q\"\"; testing time: 1us\n"
	"t.cc(10): Leaving test suite \"inner\"; testing time: 69us\n"
	"t.cc(13): Test suite \"outer/pre\" is skipped because precondition failed: no\n"
	"t.cc(17): Test case \"outer/off\" is skipped because disabled\n"
	"t.cc(9): Leaving test suite \"outer\"; testing time: 69us\n"
	"t.cc(18): Test case \"pre\" is skipped because precondition failed\n"
	"t.cc(20): Entering test suite \"bad\"\n"
	"t.cc(20): fatal error: in \"bad\": setup failed\n"
	"t.cc(20): Leaving test suite \"bad\"\n"
	"t.cc(30): Entering test suite \"torn\"\n"
	"t.cc(31): Entering test case \"one\"\n"
	"t.cc(31): Leaving test case \"one\"\n"
	"t.cc(30): error: in \"torn\": down\n"
	"t.cc(30): Leaving test suite \"torn\"\n"
	"Leaving test module \"m: x\"; testing time: 1005948us\n";

static const char report_text[] =
	"\nTest module \"m: x\" has failed with:\n"
	"  1 test case out of 5 passed\n\n"
	"  Test case \"passes\" has passed with:\n    1 assertion out of 1 passed\n\n"
	"  Test case \"fails\" has failed with:\n    1 assertion out of 1 failed\n\n"
	"  Test suite \"outer\" has failed with:\n\n"
	"      Test case \"outer/inner/expected\" has passed with:\n        1 expected failure\n\n"
	"  Test case \"never_ran\" has passed\n\n";

#define CONTEXT "t.cc(8): error: in \"fails\": check 1 == 2 has failed [1 != 2]\n" \
	"Failure occurred in a following context:\n    n = 1; \nt.cc(9): Leaving test case \"expected\""
#define THROWN "unknown location(0): fatal error: in \"outer/inner/expected\": std::runtime_error: thrown"

static const char told[] =
	"start /\n"
	"start passes\noutput said\n\nend passes pass\n"
	"start fails\nend fails fail: " CONTEXT "\n"
	"start /\nstart /\n"
	"start outer/inner/expected\nend outer/inner/expected fail: " THROWN "\n"
	"start outer/inner/new\\x0Aline \"q\"\nend outer/inner/new\\x0Aline \"q\" pass\n"
	"end outer/pre/ skip: precondition failed: no\n"
	"start pre\nend pre skip: precondition failed\n"
	"start /\nend bad/ fail: t.cc(20): fatal error: in \"bad\": setup failed\n"
	"end bad/ fail: t.cc(20): fatal error: in \"bad\": setup failed\n"
	"start /\nstart torn/one\nend torn/one pass\n"
	"end torn/ fail: t.cc(30): error: in \"torn\": down\n"
	"complete\nover\n";

static void the_log_says_what_runs_and_the_report_what_came_of_it(void **state)
{
	struct script *s = calloc(1, sizeof(*s));
	char expected[4096];

	(void)state;
	assert_non_null(s);
	snprintf(expected, sizeof(expected), "%send fails fail: " CONTEXT "\nend outer/inner/expected pass\n"
		 "end torn/one fail: t.cc(30): error: in \"torn\": down\n", told);
	*s = (struct script){ .ops = adapter_boost.parser, .out = log_text, .file = report_text,
			      .status = EXITED(201) };
	for (s->piece = 1; s->piece < sizeof(log_text); s->piece += s->piece / 3 + 1) {
		script_run(s);
		assert_string_equal(s->told, expected);
		assert_int_equal(s->first_duration_us, 87);
	}
	free(s);
}

static void of_what_was_not_seen_to_run_a_report_is_not_believed(void **state)
{
	static const char setup[] = "\nTest module \"m\" has failed\n  Test case \"a\" has passed\n\n"
				    "Test setup error: no\nway\n";
	struct script *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	*s = (struct script){ .ops = adapter_boost.parser, .out = "", .file = setup, .piece = 7,
			      .status = EXITED(200) };
	script_run(s);
	assert_string_equal(s->told, "over\nend  error: Test setup error: no\nway\n");
	/* Unless the log is somewhere else, and nothing in the report speaks against it. */
	s->file = report_text;
	script_run(s);
	assert_non_null(strstr(s->told, "end never_ran pass\n"));
	assert_non_null(strstr(s->told, "complete\n"));
	free(s);
}

static void damage_does_no_harm(void **state)
{
	(void)state;
	script_damage(adapter_boost.parser, log_text, "", report_text);
}

/* ---- the command ---- */

static void check_filter(const char *const *names, size_t n, const char *expected)
{
	struct program_request request = { .path = "p", .names = names, .ntests = n, .dir = "/d" };
	struct command_line line = { 0 };
	struct proctor_error err = { 0 };

	assert_int_equal(adapter_boost.run_command(&request, &line, &err), 0);
	assert_string_equal(line.words.list[line.words.n - 1], expected);
	command_line_fini(&line);
}

static void names_are_filters(void **state)
{
	static const struct {
		const char *name, *filter;
	} one[] = {
		{ "a", "--run_test=a" }, { "s/t/a", "--run_test=s/t/a" }, { "s/a\\x2Fbc", "--run_test=s/*bc" },
		{ "abc,d", "--run_test=abc*" }, { "a:bcd", "--run_test=*bcd" }, { "!a", "--run_test=*a" },
		{ "s/ a", "--run_test=s/*a" }, { "a ", "--run_test=a*" }, { " a ", "--run_test=*" },
		{ "*a", "--run_test=*a" }, { "a*", "--run_test=a*" }, { "*a,bb", "--run_test=*bb" },
		{ "*a,bb*", "--run_test=*" }, { "", "--run_test=*" }, { "s/", "--run_test=s/*" }, { ",", "--run_test=*" },
	};
	static const char *const several[] = { "a", "b", "s/a", "s/b", "t/s/a", "c" };

	(void)state;
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		check_filter(&one[i].name, 1, one[i].filter);
	check_filter(several, 6, "--run_test=a,b:s/a,b:t/s/a:c");
}

static void many_names_go_in_several_arguments(void **state)
{
	enum { N = 5000 };
	const char **names = calloc(N, sizeof(*names));
	struct program_request request = { .path = "p", .names = names, .ntests = N, .dir = "/d" };
	struct command_line line = { 0 };
	struct proctor_error err = { 0 };
	size_t nbytes = 0;

	(void)state;
	assert_non_null(names);
	for (size_t i = 0; i < N; i++)
		names[i] = "suite/a_name_that_is_as_long_as_names_are_that_say_what_is_promised";
	assert_int_equal(adapter_boost.run_command(&request, &line, &err), 0);
	for (size_t i = 0; i < line.words.n; i++) {
		assert_true(strlen(line.words.list[i]) < 128 << 10);
		nbytes += strncmp(line.words.list[i], "--run_test=suite/", 17) == 0 ? strlen(line.words.list[i]) : 0;
	}
	assert_true(nbytes > N * 60);
	command_line_fini(&line);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_in_the_order_in_which_tests_run),
		cmocka_unit_test(what_depends_on_a_disabled_test_is_disabled),
		cmocka_unit_test(a_damaged_list_is_an_error),
		cmocka_unit_test(the_log_says_what_runs_and_the_report_what_came_of_it),
		cmocka_unit_test(of_what_was_not_seen_to_run_a_report_is_not_believed),
		cmocka_unit_test(damage_does_no_harm),
		cmocka_unit_test(names_are_filters),
		cmocka_unit_test(many_names_go_in_several_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
