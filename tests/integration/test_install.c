/* SPDX-License-Identifier: MIT */
/* What `make install` promises. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the Makefile is: here or above. */
static void to_sources(void)
{
	for (int up = 0; access("Makefile", R_OK) < 0 && up < 4; up++)
		assert_int_equal(chdir(".."), 0);
}

/* Makes the object that knows where proctor-host is installed, in a build directory of its own. */
static void make_object(const char *dir, const char *prefix)
{
	char command[512];

	/* A make that runs this test shall not speak to this one. */
	snprintf(command, sizeof(command), "env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES "
		 "make -s B=%s PREFIX=%s %s/obj/src/lib/host_path.o >&2", dir, prefix, dir);
	if (system(command) != 0)
		fail_msg("%s fails", command);
}

static bool object_has(const char *dir, const char *text)
{
	char command[512];

	snprintf(command, sizeof(command), "grep -q '%s' %s/obj/src/lib/host_path.o", text, dir);
	return system(command) == 0;
}

static void another_prefix_than_last_time_counts(void **state)
{
	char dir[] = "/tmp/proctor-install-XXXXXX", path[128], command[128];
	struct stat before, after;

	(void)state;
	to_sources();
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/obj/src/lib/host_path.o", dir);
	make_object(dir, "/usr/local");
	assert_true(object_has(dir, "/usr/local/libexec/proctor"));
	make_object(dir, "/else/where");
	assert_true(object_has(dir, "/else/where/libexec/proctor"));
	assert_false(object_has(dir, "/usr/local/libexec/proctor"));
	/* The same again: nothing is to be done. */
	assert_int_equal(stat(path, &before), 0);
	make_object(dir, "/else/where");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_prefix_than_last_time_counts),
	};

	return cmocka_run_group_tests_name("install", tests, NULL, NULL);
}
