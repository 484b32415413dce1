/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void bytes_grow_and_stay_terminated(void **state)
{
	struct bytes b = {0};

	(void)state;
	assert_string_equal(bytes_string(&b), "");
	for (int i = 0; i < 1000; i++)
		bytes_printf(&b, "%03d,", i);
	assert_int_equal(b.nbytes, 4000);
	assert_int_equal(strlen(bytes_string(&b)), 4000);
	assert_memory_equal(b.data + 3996, "999,", 5);
	bytes_clear(&b);
	bytes_append(&b, "a\0b", 3);
	bytes_text(&b, "c");
	assert_int_equal(b.nbytes, 4);
	assert_memory_equal(b.data, "a\0bc", 5);
	bytes_append(&b, "", SIZE_MAX);
	assert_true(b.failed);
	assert_null(bytes_string(&b));
	bytes_text(&b, "lost");
	assert_int_equal(b.nbytes, 4);
	bytes_clear(&b);
	assert_string_equal(bytes_string(&b), "");
	bytes_fini(&b);
}

static void bytes_printf_fits_at_every_length(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int n = 0; n < (int)sizeof(text); n++) {
		struct bytes b = {0};

		bytes_printf(&b, "%.*s", n, text);
		assert_int_equal(strlen(bytes_string(&b)), n);
		bytes_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_grow_and_stay_terminated),
		cmocka_unit_test(bytes_printf_fits_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
