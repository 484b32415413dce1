/* SPDX-License-Identifier: MIT */
#include "base/tree_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[32];
static int dir_fd;

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/proctor-tree-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0 || mkdirat(dir_fd, "tree", 0700) < 0 || mkdirat(dir_fd, "beside", 0700) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	close(dir_fd);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void make_file(const char *path)
{
	int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static bool is_there(const char *path)
{
	return faccessat(dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void check_removed(void)
{
	char left[256];

	if (tree_remove(dir_fd, "tree", left, sizeof(left)) != 0)
		fail_msg("%s is left", left);
	assert_false(is_there("tree"));
	assert_true(is_there("beside"));
}

static void links_are_removed_and_not_followed(void **state)
{
	(void)state;
	make_file("beside/file");
	assert_int_equal(symlinkat("../beside", dir_fd, "tree/link"), 0);
	assert_int_equal(mkdirat(dir_fd, "tree/sub", 0700), 0);
	assert_int_equal(symlinkat("../../beside", dir_fd, "tree/sub/link"), 0);
	assert_int_equal(symlinkat("nowhere", dir_fd, "tree/sub/dangling"), 0);
	check_removed();
	assert_true(is_there("beside/file"));

	assert_int_equal(symlinkat("beside", dir_fd, "tree"), 0);
	check_removed();
	assert_true(is_there("beside/file"));
}

static void what_is_not_there_is_removed(void **state)
{
	(void)state;
	check_removed();
	check_removed();
}

static void rights_that_were_taken_away_are_put_back(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir_fd, "tree/a", 0700), 0);
	assert_int_equal(mkdirat(dir_fd, "tree/a/b", 0700), 0);
	make_file("tree/a/b/file");
	assert_int_equal(fchmodat(dir_fd, "tree/a/b", 0, 0), 0);
	assert_int_equal(fchmodat(dir_fd, "tree/a", 0, 0), 0);
	assert_int_equal(fchmodat(dir_fd, "tree", 0, 0), 0);
	/* Root may do all of that as it is. */
	if (geteuid() == 0 && (fchown(dir_fd, 65534, 65534) < 0 || fchownat(dir_fd, "tree", 65534, 65534, 0) < 0 ||
			       fchownat(dir_fd, "tree/a", 65534, 65534, 0) < 0 ||
			       fchownat(dir_fd, "tree/a/b", 65534, 65534, 0) < 0 ||
			       fchownat(dir_fd, "tree/a/b/file", 65534, 65534, 0) < 0 || seteuid(65534) < 0))
		skip();
	check_removed();
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void a_tree_may_be_deeper_than_a_path_is_long(void **state)
{
	int fd = openat(dir_fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (int i = 0; i < 500; i++) {
		int below;

		assert_int_equal(mkdirat(fd, "a directory", 0700), 0);
		if (i % 50 == 0)
			assert_int_equal(mkdirat(fd, "another", 0700) | mkdirat(fd, "another/one", 0700), 0);
		below = openat(fd, "a directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	close(fd);
	check_removed();
}

/* All else goes, and the first that stays is named, whatever stands before and behind it. */
static void what_cannot_be_removed_is_named(void **state)
{
	int fd, flags = FS_IMMUTABLE_FL, none = 0;
	char left[256], name[64];

	(void)state;
	assert_int_equal(mkdirat(dir_fd, "tree/a", 0700), 0);
	make_file("tree/a/stays");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "tree/a/%d", i);
		assert_int_equal(mkdirat(dir_fd, name, 0700), 0);
		strcat(name, "/file");
		make_file(name);
	}
	fd = openat(dir_fd, "tree/a/stays", O_RDONLY | O_CLOEXEC);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0) {
		close(fd);
		skip();
	}
	assert_int_equal(tree_remove(dir_fd, "tree", left, sizeof(left)), -EPERM);
	assert_string_equal(left, "a/stays");
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &none), 0);
	close(fd);
	assert_false(is_there("tree/a/0"));
	assert_false(is_there("tree/a/99"));
	check_removed();
}

static _Atomic bool swapping;

/* A directory and a link to one that is not of the tree, in turn under one name. */
static void *swap(void *data)
{
	while (swapping) {
		mkdirat(dir_fd, "tree/x", 0700);
		mkdirat(dir_fd, "tree/x/file", 0700);
		renameat(dir_fd, "tree/x", dir_fd, "tree/y");
		symlinkat("../beside", dir_fd, "tree/x");
		unlinkat(dir_fd, "tree/x", 0);
	}
	return data;
}

static void nothing_else_is_removed_while_others_swap(void **state)
{
	pthread_t thread;

	(void)state;
	make_file("beside/file");
	swapping = true;
	assert_int_equal(pthread_create(&thread, NULL, swap, NULL), 0);
	for (int i = 0; i < 300; i++) {
		mkdirat(dir_fd, "tree", 0700);
		tree_remove(dir_fd, "tree", NULL, 0);
	}
	swapping = false;
	pthread_join(thread, NULL);
	check_removed();
	assert_true(is_there("beside/file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(links_are_removed_and_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(rights_that_were_taken_away_are_put_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tree_may_be_deeper_than_a_path_is_long, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_removed_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_else_is_removed_while_others_swap, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
