/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/container.h"

static void utf8_is_checked_strictly(void **state)
{
	static const char *const bad[] = {
		"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x80\x80\x80",
		"\x80", "\xc3", "\xe2\x82", "\xff",
	};

	(void)state;
	assert_true(utf8_valid("a\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 11));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_false(utf8_valid("\xe2\x82\xac", 2));
	assert_true(utf8_is_name("na\xc3\xafve test"));
	assert_false(utf8_is_name(""));
	assert_false(utf8_is_name("two\nlines"));
	assert_false(utf8_is_name("\xc2\x9b" "1m"));
	assert_true(utf8_is_name("\xc2\xa0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_checked_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
