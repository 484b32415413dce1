/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "base/container.h"
#include "plan/model.h"

/* What a fuzzer of the reader best begins with, where PARSER_SEEDS names a directory for it. */
static void write_text(const char *path, const char *text)
{
	static unsigned nseeds;
	const char *seeds = getenv("PARSER_SEEDS");
	char seed[4096];

	fixture_write(path, text, strlen(text));
	if (seeds) {
		snprintf(seed, sizeof(seed), "%s/%u", seeds, nseeds++);
		fixture_write(seed, text, strlen(text));
	}
}

static struct proctor_plan *plan_of(const char *text)
{
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_error err = {0};

	write_text("m/plan.json", text);
	if (proctor_plan_add_path(plan, "m/plan.json", NULL, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

static void a_manifest_says_what_the_library_does_not(void **state)
{
	struct proctor_plan *plan = plan_of(
		"{\"version\": 1, \"suites\": [\n"
		" {\"name\": \"core\", \"group\": \"g\", \"path\": \"libtml.so\", \"tests\": [\n"
		"  {\"index\": 2, \"name\": \"two\", \"timeout_ms\": 1500, \"workdir\": \"w\",\n"
		"   \"env\": {\"A\": \"1\", \"B\": \"\"}},\n"
		"  {\"index\": 0, \"file\": \"a.test.tml\", \"tests\": 3, \"duration_ms\": 0.25},\n"
		"  {\"index\": 9}, {\"name\": \"tml_test_1\"}]},\n"
		" {\"path\": \"libtml.so\"},\n"
		" {\"path\": \"prog.sh\", \"tests\": [{\"index\": 0, \"name\": \"all of it\"}]}]}");
	const struct test *t;

	(void)state;
	assert_int_equal(plan->nsuites, 3);
	assert_int_equal(proctor_plan_ntests(plan), 4 + 3 + 1);
	t = plan->tests[0];
	assert_string_equal(t->pub.id, "core::tml_test_0");
	assert_string_equal(t->pub.group, "g");
	assert_string_equal(t->pub.file, "a.test.tml");
	assert_int_equal(t->pub.ntests, 3);
	assert_int_equal(t->duration_us, 250);
	assert_null(t->workdir);
	assert_null(t->env);
	assert_string_equal(plan->tests[1]->pub.id, "core::tml_test_1");
	assert_int_equal(plan->tests[1]->pub.index, 1);
	t = plan->tests[2];
	assert_string_equal(t->pub.id, "core::two");
	assert_string_equal(t->symbol, "tml_test_2");
	assert_int_equal(t->pub.timeout_us, 1500000);
	assert_int_equal(t->workdir[0], '/');
	assert_non_null(strstr(t->workdir, "/m/w"));
	assert_string_equal(t->env[0], "A=1");
	assert_string_equal(t->env[1], "B=");
	assert_null(t->env[2]);
	/* What the library has not is the host's to find missing. */
	assert_string_equal(plan->tests[3]->symbol, "tml_test_9");
	assert_string_equal(plan->tests[4]->pub.id, "tml::tml_test_0");
	t = plan->tests[7];
	assert_string_equal(t->pub.id, "prog.sh::all of it");
	assert_ptr_equal(t->suite->adapter, &adapter_exe);
	assert_null(t->symbol);
	proctor_plan_free(plan);
}

static void a_framework_that_was_asked_for_is_its_suites(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();

	(void)state;
	write_text("m/tap.json", "{\"version\": 1, \"suites\": [{\"path\": \"prog.sh\"}]}");
	assert_non_null(plan);
	assert_int_equal(proctor_plan_set_framework(plan, "tap", NULL), 0);
	assert_int_equal(proctor_plan_add_path(plan, "m/tap.json", NULL, NULL), 0);
	assert_int_equal(proctor_plan_ntests(plan), 1);
	assert_ptr_equal(plan->suites[0]->adapter, &adapter_tap);
	assert_null(plan->suites[0]->error);
	proctor_plan_free(plan);
}

static void a_manifest_says_how_a_suite_is_started(void **state)
{
	struct proctor_plan *plan = plan_of(
		"{\"version\": 1, \"suites\": [\n"
		" {\"path\": \"prog.sh\", \"framework\": \"tap\", \"args\": [\"-x\", \"\"],\n"
		"  \"workdir\": \"w\", \"env\": {\"A\": \"1\"}},\n"
		" {\"path\": \"libtml.so\", \"env\": {}}]}");
	const struct suite *s = plan->suites[0];

	(void)state;
	assert_ptr_equal(s->adapter, &adapter_tap);
	assert_string_equal(s->arguments[0], "-x");
	assert_string_equal(s->arguments[1], "");
	assert_null(s->arguments[2]);
	assert_non_null(strstr(s->workdir, "/m/w"));
	assert_string_equal(s->env[0], "A=1");
	assert_null(s->env[1]);
	assert_ptr_equal(plan->suites[1]->adapter, &adapter_tml);
	assert_null(plan->suites[1]->arguments);
	proctor_plan_free(plan);
}

static void each_line_may_be_a_suite(void **state)
{
	struct proctor_plan *plan = plan_of(
		"\n{\"path\": \"libtml.so\", \"name\": \"first\", \"tests\": [{\"index\": 1}]}\n"
		"  \n{\"path\": \"prog.sh\"}");

	(void)state;
	assert_int_equal(plan->nsuites, 2);
	assert_int_equal(proctor_plan_ntests(plan), 2);
	assert_string_equal(plan->tests[0]->pub.id, "first::tml_test_1");
	assert_string_equal(plan->tests[1]->pub.id, "prog.sh");
	proctor_plan_free(plan);
}

static void a_wrong_line_is_named_by_its_number(void **state)
{
	static const struct {
		const char *line, *error;
	} wrong[] = {
		{ "{\"pth\": 1}", "m/plan.json:3: pth: unknown field" },
		{ "{\"path\": \"a\", \"tests\": [{\"index\": 0}, {}]}", "m/plan.json:3: tests[1]: has neither" },
		{ "{\"path\": \"a\",", "m/plan.json:3:" }, { "[]", "m/plan.json:3: must be an object" },
		{ "{\"path\": \"a\"} {}", "m/plan.json:3:15: end of file expected" },
	};
	struct proctor_error err = { 0 };
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct proctor_plan *plan = proctor_plan_new();

		snprintf(text, sizeof(text), "{\"path\": \"libtml.so\"}\n\n%s\n", wrong[i].line);
		write_text("m/plan.json", text);
		assert_int_equal(proctor_plan_add_manifest(plan, "m/plan.json", &err), -EINVAL);
		if (strncmp(err.text, wrong[i].error, strlen(wrong[i].error)) != 0)
			fail_msg("\"%s\", expected \"%s\"", err.text, wrong[i].error);
		assert_int_equal(plan->nsuites, 0);
		proctor_plan_free(plan);
	}
}

static void a_manifest_is_known_by_its_content(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_error err;

	(void)state;
	write_text("m/handed-over", " \n\t{\"version\": 1, \"suites\": [{\"path\": \"libtml.so\"}]}");
	assert_int_equal(proctor_plan_add_path(plan, "m/handed-over", NULL, &err), 0);
	assert_int_equal(proctor_plan_ntests(plan), 3);
	write_text("m/empty.json", "");
	assert_int_equal(proctor_plan_add_path(plan, "m/empty.json", NULL, &err), -EINVAL);
	assert_int_equal(proctor_plan_ntests(plan), 3);
	proctor_plan_free(plan);
}

static void tests_of_suite_h_are_known_by_index_or_name(void **state)
{
	struct proctor_plan *plan = plan_of(
		"{\"version\": 1, \"suites\": [{\"path\": \"entries.so\", \"tests\": [\n"
		"  {\"name\": \"second\"}, {\"index\": 0, \"name\": \"renamed\"}, {\"name\": \"none\"}]}]}");

	(void)state;
	assert_int_equal(plan->ntests, 0);	/* collected when somebody looks */
	assert_int_equal(proctor_plan_ntests(plan), 3);
	assert_string_equal(plan->suites[0]->tests[0].pub.name, "renamed");
	assert_string_equal(plan->suites[0]->tests[0].symbol, "proctor_entry__a");
	assert_string_equal(plan->suites[0]->tests[0].pub.file, "f.c");
	assert_string_equal(plan->suites[0]->tests[2].pub.name, "second");
	assert_string_equal(plan->suites[0]->tests[2].symbol, "proctor_entry__b");
	assert_int_equal(plan->suites[0]->tests[2].pub.timeout_us, 7000);
	proctor_plan_free(plan);
}

static void a_broken_library_is_an_error_of_its_tests(void **state)
{
	struct proctor_plan *plan = plan_of(
		"{\"version\": 1, \"suites\": [\n"
		" {\"path\": \"gone.so\", \"tests\": [{\"index\": 4}, {\"name\": \"x\"}]},\n"
		" {\"path\": \"gone2.so\"}, {\"path\": \"libtml.so\"},\n"
		" {\"path\": \"prog.sh\", \"tests\": [{\"index\": 0}, {\"index\": 1}]}]}");

	(void)state;
	assert_int_equal(proctor_plan_ntests(plan), 2 + 1 + 3 + 2);
	assert_non_null(strstr(plan->suites[0]->error, "gone.so: No such file"));
	assert_false(plan->suites[0]->tests[0].placeholder);
	assert_string_equal(proctor_plan_test(plan, 2)->id, "gone2::(load)");
	assert_null(plan->suites[2]->error);
	assert_non_null(strstr(plan->suites[3]->error, "is an executable, which is one test"));
	proctor_plan_free(plan);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
#define SUITE(text) "{\"version\": 1, \"suites\": [{\"path\": \"libtml.so\"}, " text "]}"
#define TEST(text) SUITE("{\"path\": \"libtml.so\", \"tests\": [{\"index\": 0}, " text "]}")
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{"{\"version\": 1,\n \"suites\": [,]}", "m/plan.json:2:13: "},
		{"{\"version\": 1, \"suites\": []", "m/plan.json:1:"},
		{"{\"version\": 1, \"suites\": [\"a\\u0000\"]}", "a text may not hold \\u0000"},
		{"{\"version\": 1, \"version\": 1}", "duplicate object key"},
		{"{\"suites\": []}", "m/plan.json: version: is missing"},
		{"{\"version\": 1,\n\"sui\\\n\ntes\": 2}", "m/plan.json:3:"},
		{"{\"version\": 1, \"suites\": [], \"a\\nb\": 1}", "m/plan.json: a b: unknown field"},
		{"{\"version\": 2, \"suites\": []}", "version: is 2, and this proctor knows 1"},
		{"{\"version\": \"1\", \"suites\": []}", "version: must be an integer, but is a string"},
		{"{\"version\": 1}", "suites: is missing"},
		{"{\"version\": 1, \"suites\": {}}", "suites: must be an array, but is an object"},
		{"{\"version\": 1, \"suites\": [], \"x\": 1}", "m/plan.json: x: unknown field"},
		{SUITE("7"), "suites[1]: must be an object, but is an integer"},
		{SUITE("{\"name\": \"a\"}"), "suites[1].path: is missing"},
		{SUITE("{\"path\": 7}"), "suites[1].path: must be a string, but is an integer"},
		{SUITE("{\"path\": \"\"}"), "suites[1].path: must not be empty"},
		{SUITE("{\"path\": \"a\", \"pth\": 1}"), "suites[1].pth: unknown field"},
		{SUITE("{\"path\": \"a\", \"args\": \"-x\"}"), "suites[1].args: must be an array"},
		{SUITE("{\"path\": \"a\", \"args\": [\"-x\", 1]}"), "args[1]: must be a string"},
		{SUITE("{\"path\": \"a\", \"framework\": \"tup\"}"),
		 "suites[1].framework: there is no framework \"tup\"; known are "},
		{SUITE("{\"path\": \"a\", \"env\": {\"A\": 1}}"), "suites[1].env.A: must be a string"},
		{SUITE("{\"path\": \"a\", \"tests\": []}"), "suites[1].tests: is empty"},
		{SUITE("{\"path\": \"a\", \"name\": \"a\\nb\"}"), "suites[1].name: has control"},
		{TEST("null"), "suites[1].tests[1]: must be an object, but is null"},
		{TEST("{}"), "suites[1].tests[1]: has neither an index nor a name"},
		{TEST("{\"index\": 0}"), "suites[1].tests[1].index: 0 is the index of tests[0] already"},
		{TEST("{\"index\": -1}"), "suites[1].tests[1].index: -1 is not between 0 and"},
		{TEST("{\"index\": 1.5}"), "suites[1].tests[1].index: must be an integer, but is a fr"},
		{TEST("{\"index\": 1, \"timeout_ms\": true}"), "tests[1].timeout_ms: must be a number"},
		{TEST("{\"index\": 1, \"duration_ms\": -1}"), "tests[1].duration_ms: is not between"},
		{TEST("{\"index\": 1, \"env\": []}"), "tests[1].env: must be an object"},
		{TEST("{\"index\": 1, \"env\": {\"A\": 1}}"), "tests[1].env.A: must be a string"},
		{TEST("{\"index\": 1, \"env\": {\"A=\": \"\"}}"), "tests[1].env.A=: is no name"},
		{TEST("{\"index\": 1, \"typo\": 1}"), "suites[1].tests[1].typo: unknown field"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct proctor_plan *plan = proctor_plan_new();
		struct proctor_error err = {0};

		write_text("m/plan.json", wrong[i].text);
		assert_int_equal(proctor_plan_add_path(plan, "m/plan.json", NULL, &err), -EINVAL);
		if (!strstr(err.text, wrong[i].error) || strchr(err.text, '\n') ||
		    strncmp(err.text, "m/plan.json:", 12) != 0)
			fail_msg("%s\n\"%s\", expected \"%s\"", wrong[i].text, err.text,
				 wrong[i].error);
		assert_int_equal(plan->nsuites, 0);
		proctor_plan_free(plan);
	}
}

static void a_manifest_can_be_cut_off_anywhere(void **state)
{
	static const char text[] = TEST("{\"index\": 1, \"env\": {\"A\": \"\xc3\xa9\"}}");
	struct proctor_error err;

	(void)state;
	for (size_t n = 1; n < sizeof(text) - 1; n++) {
		struct proctor_plan *plan = proctor_plan_new();

		fixture_write("m/cut.json", text, n);
		assert_int_equal(proctor_plan_add_path(plan, "m/cut.json", NULL, &err), -EINVAL);
		assert_int_equal(plan->nsuites, 0);
		proctor_plan_free(plan);
	}
}

static int setup(void **state)
{
	if (fixture_setup(state) < 0)
		return -1;
	fixture_run("mkdir m && printf '#!/bin/sh\\n' >m/prog.sh && chmod +x m/prog.sh");
	fixture_library("m/libtml.so", "int tml_test_0(void) { return 0; }\n"
			"int tml_test_1(void) { return 0; } int tml_test_2(void) { return 0; }\n");
	fixture_library("m/entries.so",
		"struct entry { unsigned abi, size, timeout_ms, expect_fail, line, reserved;\n"
		"	void (*run)(void); const void **calls; };\n"
		"static void run(void) {}\n"
		"struct entry proctor_entry__a = {1, 40, 0, 0, 1, 0, run, 0};\n"
		"struct entry proctor_entry__b = {1, 40, 7, 0, 2, 0, run, 0};\n"
		"char proctor_label__a[] = \"first\\0f.c\"; char proctor_label__b[] = "
		"\"second\\0f.c\";\n");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_says_what_the_library_does_not),
		cmocka_unit_test(a_framework_that_was_asked_for_is_its_suites),
		cmocka_unit_test(a_manifest_says_how_a_suite_is_started),
		cmocka_unit_test(each_line_may_be_a_suite),
		cmocka_unit_test(a_wrong_line_is_named_by_its_number),
		cmocka_unit_test(a_manifest_is_known_by_its_content),
		cmocka_unit_test(tests_of_suite_h_are_known_by_index_or_name),
		cmocka_unit_test(a_broken_library_is_an_error_of_its_tests),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(a_manifest_can_be_cut_off_anywhere),
	};

	return cmocka_run_group_tests(tests, setup, fixture_teardown);
}
