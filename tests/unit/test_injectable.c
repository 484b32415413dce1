/* SPDX-License-Identifier: MIT */
/* Into which programs a library can be put: the plan reads it from their files. */
#include "plan/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_injectable(const char *path)
{
	struct proctor_plan *plan = plan_new();
	struct suite *suite = plan_suite_new(plan, "s", "", path);
	bool injectable;

	assert_non_null(suite);
	assert_int_equal(suite_inspect(suite, NULL), 0);
	injectable = suite->injectable;
	plan_free(plan);
	return injectable;
}

static const char *program(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/program/%s", getenv("PROCTOR_SUITES"), name);
	return path;
}

static void dynamic_programs_are(void **state)
{
	(void)state;
	assert_true(is_injectable(program("faults")));
	assert_true(is_injectable(program("faults_stripped")));
	assert_true(is_injectable(program("throws")));
	assert_true(is_injectable("/bin/true"));
}

static void static_ones_scripts_and_those_in_go_are_not(void **state)
{
	char script[] = "/tmp/proctor-injectable-XXXXXX";
	int fd = mkstemp(script);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	assert_false(is_injectable(script));
	unlink(script);
	assert_false(is_injectable(program("faults_static")));
	assert_false(is_injectable(program("faults_go")));
}

static void privileged_ones_are_not(void **state)
{
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s", program("faults_setuid"));
	assert_int_equal(chmod(path, 0755 | S_ISUID), 0);
	assert_false(is_injectable(path));
	assert_int_equal(chmod(path, 0755), 0);
	assert_true(is_injectable(path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dynamic_programs_are),
		cmocka_unit_test(static_ones_scripts_and_those_in_go_are_not),
		cmocka_unit_test(privileged_ones_are_not),
	};

	return cmocka_run_group_tests_name("injectable", tests, NULL, NULL);
}
