/* SPDX-License-Identifier: MIT */
/* src/coverage/area_functions.h: entries in the counter area, also where a test wrote over them. */
#include "coverage/area_functions.h"

#include "fixture.h"

#include <errno.h>

static struct {
	_Atomic uint32_t *index;
	char *entries;
} area;

static int area_setup(void **state)
{
	area.index = calloc(1, AREA_FUNCTIONS_BYTES);
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

/* Returns what area_functions_write() does; `text` gets what it wrote. */
static int written(char text[static 256])
{
	FILE *f = fmemopen(text, 256, "w");
	int ret = area_functions_write(area.index, f);

	fclose(f);
	return ret;
}

static void entries_become_lines(void **state)
{
	char text[256];

	(void)state;
	put(7, 0, "a::one", 3, 2);
	put(AREA_FUNCTIONS - 1, 64, "b::two[Str]", UINT64_MAX, 1);
	put(9, 128, "made, and never added to", 0, 0);
	assert_int_equal(written(text), 0);
	assert_string_equal(text, "#hits\n3 2 a::one\n18446744073709551615 1 b::two[Str]\n");
}

static void the_last_entry_may_end_with_the_area(void **state)
{
	uint32_t at = AREA_FUNCTION_BYTES - sizeof(struct area_function) - 8;
	char text[256];

	(void)state;
	put(0, at, "12345678", 1, 1);
	assert_int_equal(written(text), 0);
	assert_string_equal(text, "#hits\n1 1 12345678\n");
	((struct area_function *)(area.entries + at))->nname = 9;
	assert_int_equal(written(text), -EBADMSG);
}

static void what_was_written_over_is_refused(void **state)
{
	static const uint32_t slots[] = {
		2, 5, AREA_FUNCTION_BYTES + 1, AREA_FUNCTION_BYTES - 7, UINT32_MAX, 0x80000001u,
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		area.index[3] = slots[i];
		assert_int_equal(written(text), -EBADMSG);
	}
	put(3, 0, "", 1, 1);
	assert_int_equal(written(text), -EBADMSG);
	put(3, 0, "two\nlines", 1, 1);
	assert_int_equal(written(text), -EBADMSG);
	put(3, 0, "x", 1, 1);
	((struct area_function *)area.entries)->name[1] = '\0';
	((struct area_function *)area.entries)->nname = 2;
	assert_int_equal(written(text), -EBADMSG);
	((struct area_function *)area.entries)->nname = UINT32_MAX;
	assert_int_equal(written(text), -EBADMSG);
}

static void a_full_disk_is_told(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(area_functions_write(area.index, full), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(entries_become_lines, area_setup, area_teardown),
		cmocka_unit_test_setup_teardown(the_last_entry_may_end_with_the_area, area_setup,
						area_teardown),
		cmocka_unit_test_setup_teardown(what_was_written_over_is_refused, area_setup,
						area_teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_is_told, area_setup, area_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
