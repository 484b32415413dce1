/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "base/file_stamp.h"

#include <fcntl.h>

static struct file_stamp stamp(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return file_stamp_of(&st);
}

static void a_file_left_alone_is_the_same(void **state)
{
	struct file_stamp then;

	(void)state;
	fixture_write("same", "abc", 3);
	then = stamp("same");
	fixture_run("cat same && ln same another && chmod 600 same");
	assert_int_equal(file_look("same", &then), FILE_SAME);
	assert_int_equal(file_look("another", &then), FILE_SAME);
	assert_int_equal(file_look("nowhere", &(struct file_stamp){ 0 }), FILE_SAME);
}

/* Even if size and modification time are put back; the change time cannot be. */
static void what_is_written_is_seen(void **state)
{
	struct file_stamp then;

	(void)state;
	fixture_write("old", "abc", 3);
	fixture_write("written", "abc", 3);
	fixture_run("touch -d '2001-01-01' old written");
	then = stamp("written");
	fixture_run("printf abcd >written");
	assert_int_equal(file_look("written", &then), FILE_WRITTEN);
	fixture_run("printf xyz >written && touch -r old written");
	assert_int_equal(file_look("written", &then), FILE_WRITTEN);
}

static void another_file_is_seen(void **state)
{
	struct file_stamp then;

	(void)state;
	fixture_write("first", "abc", 3);
	then = stamp("first");
	fixture_run("cp -p first second && mv second first");
	assert_int_equal(file_look("first", &then), FILE_REPLACED);
	fixture_run("rm first");
	assert_int_equal(file_look("first", &then), FILE_GONE);
	assert_int_equal(file_look("first/below", &then), FILE_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_left_alone_is_the_same),
		cmocka_unit_test(what_is_written_is_seen),
		cmocka_unit_test(another_file_is_seen),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
