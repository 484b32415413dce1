/* SPDX-License-Identifier: MIT */
#include "hosts/temp_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char under[64];
static struct temp_dirs t;
static struct proctor_error err;

static int setup(void **state)
{
	(void)state;
	snprintf(under, sizeof(under), "/tmp/proctor-temp-XXXXXX");
	return mkdtemp(under) && setenv("TMPDIR", under, 1) == 0 &&
	       temp_dirs_open(&t, "0123456789abcdef", false, &err) == 0 ? 0 : -1;
}

/* All were removed. */
static int teardown(void **state)
{
	(void)state;
	assert_int_equal(temp_dirs_finish(&t, &err), 0);
	temp_dirs_close(&t);
	return rmdir(under);
}

static char *take(void)
{
	char *path;

	assert_int_equal(temp_dirs_take(&t, &path, &err), 0);
	assert_int_equal(rmdir(path), 0);	/* it is empty */
	assert_int_equal(mkdir(path, 0700), 0);
	return path;
}

static void make_file(const char *dir, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void one_is_nobody_elses_until_it_is_given_back(void **state)
{
	char *one = take(), *two = take(), *first = strdup(one);

	(void)state;
	assert_string_not_equal(one, two);
	make_file(one, "left");
	temp_dirs_give(&t, &one);
	assert_null(one);
	one = take();
	assert_string_equal(one, first);
	temp_dirs_give(&t, &one);
	temp_dirs_give(&t, &two);
	free(first);
}

static void one_that_was_tampered_with_is_not_used_again(void **state)
{
	char *one = take(), *path = strdup(one), *two;

	(void)state;
	temp_dirs_give(&t, &one);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/", path), 0);
	two = take();
	assert_string_not_equal(two, path);
	temp_dirs_give(&t, &two);
	unlink(path);
	free(path);
}

static void one_that_is_gone_is_no_error(void **state)
{
	char *one = take();

	(void)state;
	rmdir(one);
	temp_dirs_give(&t, &one);
	one = take();
	temp_dirs_give(&t, &one);
}

static void only_what_is_in_it_keeps_one(void **state)
{
	char *one = take(), *two = take(), *path = strdup(one);

	(void)state;
	t.keep = true;
	make_file(one, "left");
	assert_true(temp_dirs_keeps(&t, one));
	assert_false(temp_dirs_keeps(&t, two));
	temp_dirs_leave(&t, &one);
	temp_dirs_leave(&t, &two);
	assert_true(t.kept);
	t.keep = false;
	assert_int_equal(access(path, F_OK), 0);
	temp_dirs_give(&t, &path);
}

static void a_variable_that_names_another_is_left_alone(void **state)
{
	struct child_environment env = { 0 };

	(void)state;
	assert_int_equal(temp_dir_tell(&env, "/a"), 0);
	assert_string_equal(child_environment_get(&env, "TMPDIR"), "/a");
	assert_int_equal(child_environment_set(&env, "TMPDIR", "/mine"), 0);
	assert_int_equal(temp_dir_tell_other(&env, "/a", "/b"), 0);
	assert_string_equal(child_environment_get(&env, "TMPDIR"), "/mine");
	assert_string_equal(child_environment_get(&env, "TEST_TMPDIR"), "/b");
	child_environment_fini(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_is_nobody_elses_until_it_is_given_back, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_was_tampered_with_is_not_used_again, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_is_gone_is_no_error, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_is_in_it_keeps_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_variable_that_names_another_is_left_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
