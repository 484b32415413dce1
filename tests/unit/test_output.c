/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "base/output.h"

#include <errno.h>
#include <fcntl.h>

static void an_open_file_has_one_writer_and_keeps_its_content(void **state)
{
	struct proctor_error err;
	bool shared;
	int fd;

	(void)state;
	fixture_write("old", "abc", 3);
	fixture_run("ln -s old link && ln old hard");
	fd = output_open("link", &shared, &err);
	assert_true(fd >= 0 && !shared);
	fixture_run("test $(cat old) = abc");
	assert_int_equal(output_open("old", &shared, &err), -EBUSY);
	assert_int_equal(output_open("hard", &shared, &err), -EBUSY);
	assert_non_null(strstr(err.text, "hard is being written by another proctor"));
	close(fd);
	fd = output_open("hard", &shared, &err);
	assert_true(fd >= 0);
	close(fd);
}

static void devices_and_pipes_are_nobodys(void **state)
{
	struct proctor_error err;
	bool shared;
	int one, two, reader;

	(void)state;
	fixture_run("mkfifo pipe");
	reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	one = output_open("pipe", &shared, &err);
	two = output_open("pipe", &shared, &err);
	assert_true(one >= 0 && two >= 0);
	close(one);
	close(two);
	close(reader);
	one = output_open("/dev/null", &shared, &err);
	two = output_open("/dev/null", &shared, &err);
	assert_true(one >= 0 && two >= 0);
	close(one);
	close(two);
	assert_int_equal(output_open("nowhere/file", &shared, &err), -ENOENT);
	assert_int_equal(output_open(".", &shared, &err), -EISDIR);
}

/* What stdout is redirected to has one place for both. */
static void the_file_of_stdout_is_shared_with_it(void **state)
{
	int own = dup(1), fd, to = open("log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct proctor_error err;
	bool shared;

	(void)state;
	fflush(stdout);
	assert_int_equal(dup2(to, 1), 1);
	fd = output_open("log", &shared, &err);
	if (write(1, "one ", 4) != 4 || write(fd, "two ", 4) != 4 || write(1, "three", 5) != 5)
		shared = false;
	dup2(own, 1);
	close(own);
	close(to);
	assert_true(fd >= 0 && shared);
	close(fd);
	fixture_run("test \"$(cat log)\" = 'one two three'");
}

static void names_of_one_file_are_known_as_such(void **state)
{
	(void)state;
	fixture_run("mkdir -p in && : >there && : >other && ln -s there by_link && ln there by_inode &&"
		    " ln -s absent dangling && ln -s ../absent in/dangling && ln -s loop loop");
	assert_true(output_same("there", "./in/../there"));
	assert_true(output_same("there", "by_link"));
	assert_true(output_same("by_inode", "by_link"));
	assert_false(output_same("there", "other"));
	assert_true(output_same("absent", "./absent"));
	assert_true(output_same("absent", "dangling"));
	assert_true(output_same("in/dangling", "dangling"));
	assert_false(output_same("absent", "absent2"));
	assert_false(output_same("absent", "in/absent"));
	assert_false(output_same("absent", "there"));
	assert_false(output_same("loop", "absent"));
	assert_false(output_same("/dev/null", "/dev/null"));
	assert_false(output_same("nowhere/a", "nowhere/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_file_has_one_writer_and_keeps_its_content),
		cmocka_unit_test(devices_and_pipes_are_nobodys),
		cmocka_unit_test(the_file_of_stdout_is_shared_with_it),
		cmocka_unit_test(names_of_one_file_are_known_as_such),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
