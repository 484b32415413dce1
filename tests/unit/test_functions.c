/* SPDX-License-Identifier: MIT */
/* src/coverage/functions.h: the files of TML's function coverage, good and damaged. */
#include "coverage/functions.h"

#include "fixture.h"

static void add(struct functions *f, const char *text)
{
	struct proctor_error err;

	fixture_write("names", text, strlen(text));
	if (functions_add_file(f, "names", &err) < 0)
		fail_msg("%s", err.text);
}

static void refuse(const char *bytes, size_t n, const char *says)
{
	struct functions f = { 0 };
	struct proctor_error err;

	fixture_write("names", bytes, n);
	assert_int_equal(functions_add_file(&f, "names", &err), -EBADMSG);
	if (!strstr(err.text, "names") || !strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
	assert_int_equal(f.n, 0);
	functions_fini(&f);
}

static void names_of_processes_are_united(void **state)
{
	struct functions f = { 0 };

	(void)state;
	add(&f, "b::two\na::one\n");
	add(&f, "b::two\nc::three[Str]\n");
	functions_sort(&f);
	assert_int_equal(f.n, 3);
	assert_string_equal(f.list[0].name, "a::one");
	assert_string_equal(f.list[1].name, "b::two");
	assert_string_equal(f.list[2].name, "c::three[Str]");
	assert_int_equal(f.list[1].nprocesses, 2);
	assert_false(f.list[1].counted);
	functions_fini(&f);
}

static void hits_add_up_and_stop_at_the_largest_number(void **state)
{
	struct functions f = { 0 };

	(void)state;
	add(&f, "#hits\n2 1 a name with blanks\n18446744073709551615 1 b\n");
	add(&f, "#hits\n3 4 a name with blanks\n9 1 b\n");
	functions_sort(&f);
	assert_int_equal(f.n, 2);
	assert_true(f.list[0].counted);
	assert_int_equal(f.list[0].hits, 5);
	assert_int_equal(f.list[0].nprocesses, 5);
	assert_true(f.list[1].hits == UINT64_MAX);
	functions_fini(&f);
}

/* A program writes a function twice whose name is a long one. */
static void a_process_counts_once(void **state)
{
	struct functions f = { 0 };

	(void)state;
	add(&f, "a\na\n");
	assert_int_equal(f.n, 1);
	assert_int_equal(f.list[0].nprocesses, 1);
	functions_fini(&f);
}

static void a_name_without_count_makes_the_sum_unknown(void **state)
{
	struct functions f = { 0 };

	(void)state;
	add(&f, "#hits\n4 1 a\n");
	add(&f, "a\n");
	assert_false(f.list[0].counted);
	assert_int_equal(f.list[0].nprocesses, 2);
	functions_fini(&f);
}

static void damage_is_named_by_its_line(void **state)
{
	struct functions f = { 0 };
	struct proctor_error err;

	(void)state;
	refuse("a\nb", 3, "last line does not end");
	refuse("a\n\nb\n", 5, "line 2");
	refuse("a\nb\0c\n", 6, "line 2");
	refuse("#hits\n1 1 a\nb\n", 14, "line 3");
	refuse("#hits\n0 1 a\n", 12, "line 2");
	refuse("#hits\n1 0 a\n", 12, "line 2");
	refuse("#hits\n1 1 \n", 11, "line 2");
	refuse("#hits\n1 a\n", 10, "line 2");
	refuse("#hits\n1 4294967296 a\n", 21, "line 2");
	refuse("#hits\n99999999999999999999999 1 a\n", 34, "line 2");
	assert_int_equal(functions_add_file(&f, "missing", &err), -ENOENT);
	assert_int_equal(mkfifo("fifo", 0666), 0);
	assert_int_equal(functions_add_file(&f, "fifo", &err), -EBADMSG);
	functions_fini(&f);
}

static void an_empty_file_is_a_process_that_called_nothing(void **state)
{
	struct functions f = { 0 };

	(void)state;
	add(&f, "");
	add(&f, "#hits\n");
	functions_sort(&f);
	assert_int_equal(f.n, 0);
	functions_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_processes_are_united),
		cmocka_unit_test(hits_add_up_and_stop_at_the_largest_number),
		cmocka_unit_test(a_process_counts_once),
		cmocka_unit_test(a_name_without_count_makes_the_sum_unknown),
		cmocka_unit_test(damage_is_named_by_its_line),
		cmocka_unit_test(an_empty_file_is_a_process_that_called_nothing),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
