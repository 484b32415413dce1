/* SPDX-License-Identifier: MIT */
#include "base/quantity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/container.h"

static void times_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
	} good[] = {
		{"30", 30000000}, {"30s", 30000000}, {"500ms", 500000}, {"2m", 120000000},
		{"0", 0},	  {"7us", 7},	     {"1h", 3600000000},
	};
	static const char *const bad[] = {"", "s", "-1", "+1", " 1", "1 ", "1x", "1.5", "1ss", "ms"};
	struct proctor_error err;
	uint64_t us = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(quantity_time_us(good[i].text, &us, NULL), 0);
		assert_int_equal(us, good[i].us);
	}
	us = 42;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(quantity_time_us(bad[i], &us, NULL), -EINVAL);
	assert_int_equal(quantity_time_us("99999999999999999999", &us, &err), -ERANGE);
	assert_int_equal(quantity_time_us("18446744073709552s", &us, &err), -ERANGE);
	assert_non_null(strstr(err.text, "18446744073709552s"));
	assert_int_equal(us, 42);
}

static void sizes_are_powers_of_1024(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(quantity_bytes("64K", &bytes, NULL), 0);
	assert_int_equal(bytes, 65536);
	assert_int_equal(quantity_bytes("1M", &bytes, NULL), 0);
	assert_int_equal(bytes, 1048576);
	assert_int_equal(quantity_bytes("2G", &bytes, NULL), 0);
	assert_int_equal(bytes, 2147483648u);
	assert_int_equal(quantity_bytes("12", &bytes, NULL), 0);
	assert_int_equal(bytes, 12);
	assert_int_equal(quantity_bytes("1k", &bytes, NULL), -EINVAL);
	assert_int_equal(quantity_bytes("17179869184G", &bytes, NULL), -ERANGE);
	assert_int_equal(bytes, 12);
}

static void numbers_have_bounds(void **state)
{
	struct proctor_error err;
	uint64_t n = 5;

	(void)state;
	assert_int_equal(quantity_number("64", 1, 64, &n, &err), 0);
	assert_int_equal(n, 64);
	assert_int_equal(quantity_number("0", 1, 64, &n, &err), -ERANGE);
	assert_string_equal(err.text, "0 is not between 1 and 64");
	assert_int_equal(quantity_number("65", 1, 64, &n, &err), -ERANGE);
	assert_int_equal(quantity_number("4x", 1, 64, &n, &err), -EINVAL);
	assert_int_equal(quantity_number("18446744073709551615", 0, UINT64_MAX, &n, &err), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(quantity_number("18446744073709551616", 0, UINT64_MAX, &n, &err), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(numbers_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
