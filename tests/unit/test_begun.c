/* SPDX-License-Identifier: MIT */
#include "run/begun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NITEMS 200

static void what_has_begun_begins_once_until_it_ends(void **state)
{
	struct begun b = { 0 };

	(void)state;
	assert_int_equal(begun_init(&b, NITEMS), 0);
	for (item_t i = 0; i < NITEMS; i++) {
		assert_false(begun_has(&b, i));
		assert_true(begun_add(&b, i));
		assert_true(begun_has(&b, i));
		assert_false(begun_add(&b, i));
	}
	begun_remove(&b, 64);
	for (item_t i = 0; i < NITEMS; i++)
		assert_int_equal(begun_has(&b, i), i != 64);
	assert_true(begun_add(&b, 64));
	begun_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_begun_begins_once_until_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
