/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/error.h"

static void error_set_returns_the_code_and_keeps_the_sentence(void **state)
{
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, -EINVAL, "test %d of %s", 3, "suite"), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(err.text, "test 3 of suite");
}

static void error_sys_ends_with_the_cause(void **state)
{
	struct proctor_error err = { 0 };

	(void)state;
	assert_int_equal(error_sys(&err, ENOENT, "cannot open %s", "a.so"), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(err.text, "cannot open a.so: No such file or directory");
}

static void nobody_need_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, -EIO, "unheard"), -EIO);
	assert_int_equal(error_sys(NULL, EIO, "unheard"), -EIO);
}

static void a_sentence_that_is_too_long_is_cut_and_ends(void **state)
{
	struct {
		struct proctor_error err;
		char after;
	} place = { .after = 'x' };
	char longer[sizeof(place.err.text) + 100];

	(void)state;
	memset(longer, 'l', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	assert_int_equal(error_set(&place.err, -E2BIG, "%s", longer), -E2BIG);
	assert_int_equal(strlen(place.err.text), sizeof(place.err.text) - 1);
	assert_int_equal(error_sys(&place.err, E2BIG, "%s", longer), -E2BIG);
	assert_int_equal(strlen(place.err.text), sizeof(place.err.text) - 1);
	assert_int_equal(place.after, 'x');
}

static void a_callers_errno_may_be_the_number(void **state)
{
	struct proctor_error err = { 0 };

	(void)state;
	errno = EACCES;
	assert_int_equal(error_sys(&err, errno, "cannot read"), -EACCES);
	assert_non_null(strstr(err.text, "Permission denied"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_set_returns_the_code_and_keeps_the_sentence),
		cmocka_unit_test(error_sys_ends_with_the_cause),
		cmocka_unit_test(nobody_need_listen),
		cmocka_unit_test(a_sentence_that_is_too_long_is_cut_and_ends),
		cmocka_unit_test(a_callers_errno_may_be_the_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
