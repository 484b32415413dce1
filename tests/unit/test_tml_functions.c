/* SPDX-License-Identifier: MIT */
/* src/coverage/tml_functions.h: files and counter areas with TML's functions, good and damaged. */
#include "coverage/tml_functions.h"

#include "wire/counter_area.h"

#include "fixture.h"

#include <errno.h>

static struct {
	_Atomic uint32_t *index;
	char *entries;
} area;

static int area_setup(void **state)
{
	area.index = calloc(1, AREA_FUNCTIONS * sizeof(uint32_t) + AREA_FUNCTION_BYTES);
	area.entries = (char *)(area.index + AREA_FUNCTIONS);
	return fixture_setup(state);
}

static int area_teardown(void **state)
{
	free(area.index);
	return fixture_teardown(state);
}

static void put(uint32_t slot, uint32_t at, const char *name, uint64_t hits, uint32_t nprocesses)
{
	struct area_function *entry = (struct area_function *)(area.entries + at);

	entry->hits = hits;
	entry->nprocesses = nprocesses;
	entry->nname = (uint32_t)strlen(name);
	memcpy(entry->name, name, strlen(name));
	area.index[slot] = at + 1;
}

static void add(struct functions *f, const char *text)
{
	struct proctor_error err;

	fixture_write("names", text, strlen(text));
	if (functions_add_file(f, "names", &err) < 0)
		fail_msg("%s", err.text);
}

static void refuse_file(const char *bytes, size_t n, const char *says)
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

static void refuse_area(void)
{
	struct functions f = { 0 };

	assert_int_equal(functions_add_area(&f, area.index), -EBADMSG);
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
	assert_int_equal(functions_add(&f, "a name with blanks", 2, 1), 0);
	assert_int_equal(functions_add(&f, "b", UINT64_MAX, 1), 0);
	assert_int_equal(functions_add(&f, "a name with blanks", 3, 4), 0);
	assert_int_equal(functions_add(&f, "b", 9, 1), 0);
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
	assert_int_equal(functions_add(&f, "a", 4, 1), 0);
	add(&f, "a\n");
	assert_false(f.list[0].counted);
	assert_int_equal(f.list[0].nprocesses, 2);
	functions_fini(&f);
}

/* More than are in the table at first, and in the list. */
static void many_are_told_apart(void **state)
{
	struct functions f = { 0 };
	char name[32];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "function %04d", i % 1000);
		assert_int_equal(functions_add(&f, name, 1, 1), 0);
	}
	functions_sort(&f);
	assert_int_equal(f.n, 1000);
	for (size_t i = 0; i < f.n; i++) {
		snprintf(name, sizeof(name), "function %04zu", i);
		assert_string_equal(f.list[i].name, name);
		assert_int_equal(f.list[i].hits, 3);
	}
	functions_fini(&f);
}

static void damage_is_named_by_its_line(void **state)
{
	struct functions f = { 0 };
	struct proctor_error err;

	(void)state;
	refuse_file("a\nb", 3, "last line does not end");
	refuse_file("a\n\nb\n", 5, "line 2");
	refuse_file("a\nb\0c\n", 6, "line 2");
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
	functions_sort(&f);
	assert_int_equal(f.n, 0);
	functions_fini(&f);
}

static void entries_of_an_area_are_added(void **state)
{
	struct functions f = { 0 };

	(void)state;
	put(7, 0, "a::one", 3, 2);
	put(AREA_FUNCTIONS - 1, 64, "b::two[Str]", UINT64_MAX, 1);
	put(9, 128, "made, and never added to", 0, 0);
	assert_int_equal(functions_add_area(&f, area.index), 0);
	assert_int_equal(functions_add_area(&f, area.index), 0);
	functions_sort(&f);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.list[0].name, "a::one");
	assert_int_equal(f.list[0].hits, 6);
	assert_int_equal(f.list[0].nprocesses, 4);
	assert_true(f.list[0].counted);
	assert_string_equal(f.list[1].name, "b::two[Str]");
	assert_true(f.list[1].hits == UINT64_MAX);
	functions_fini(&f);
}

static void the_last_entry_may_end_with_the_area(void **state)
{
	uint32_t at = AREA_FUNCTION_BYTES - sizeof(struct area_function) - 8;
	struct functions f = { 0 };

	(void)state;
	put(0, at, "12345678", 1, 1);
	assert_int_equal(functions_add_area(&f, area.index), 0);
	assert_string_equal(f.list[0].name, "12345678");
	functions_fini(&f);
	((struct area_function *)(area.entries + at))->nname = 9;
	refuse_area();
}

/* Also where good entries stand before the bad one. */
static void an_area_that_was_written_over_is_refused(void **state)
{
	static const uint32_t slots[] = {
		2, 5, AREA_FUNCTION_BYTES + 1, AREA_FUNCTION_BYTES - 7, UINT32_MAX, 0x80000001u,
	};

	(void)state;
	put(1, 4096, "good", 1, 1);
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		area.index[3] = slots[i];
		refuse_area();
	}
	put(3, 0, "", 1, 1);
	refuse_area();
	put(3, 0, "two\nlines", 1, 1);
	refuse_area();
	put(3, 0, "x", 1, 1);
	((struct area_function *)area.entries)->name[1] = '\0';
	((struct area_function *)area.entries)->nname = 2;
	refuse_area();
	((struct area_function *)area.entries)->nname = UINT32_MAX;
	refuse_area();
}

#define AREA_TEST(function) cmocka_unit_test_setup_teardown(function, area_setup, area_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AREA_TEST(names_of_processes_are_united),
		AREA_TEST(hits_add_up_and_stop_at_the_largest_number),
		AREA_TEST(a_process_counts_once),
		AREA_TEST(a_name_without_count_makes_the_sum_unknown),
		AREA_TEST(many_are_told_apart),
		AREA_TEST(damage_is_named_by_its_line),
		AREA_TEST(an_empty_file_is_a_process_that_called_nothing),
		AREA_TEST(entries_of_an_area_are_added),
		AREA_TEST(the_last_entry_may_end_with_the_area),
		AREA_TEST(an_area_that_was_written_over_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
