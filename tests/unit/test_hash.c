/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void the_hash_never_changes(void **state)
{
	(void)state;
	assert_true(hash_text("") == 0xcbf29ce484222325u);
	assert_true(hash_text("a") == 0xaf63dc4c8601ec8cu);
	assert_true(hash_text("foobar") == 0x85944171f73967e8u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_never_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
