/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/container.h"
#include "base/text.h"

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
		assert_int_equal(text_time_us(good[i].text, &us, NULL), 0);
		assert_int_equal(us, good[i].us);
	}
	us = 42;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(text_time_us(bad[i], &us, NULL), -EINVAL);
	assert_int_equal(text_time_us("99999999999999999999", &us, &err), -ERANGE);
	assert_int_equal(text_time_us("18446744073709552s", &us, &err), -ERANGE);
	assert_non_null(strstr(err.text, "18446744073709552s"));
	assert_int_equal(us, 42);
}

static void sizes_are_powers_of_1024(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(text_size_bytes("64K", &bytes, NULL), 0);
	assert_int_equal(bytes, 65536);
	assert_int_equal(text_size_bytes("1M", &bytes, NULL), 0);
	assert_int_equal(bytes, 1048576);
	assert_int_equal(text_size_bytes("2G", &bytes, NULL), 0);
	assert_int_equal(bytes, 2147483648u);
	assert_int_equal(text_size_bytes("12", &bytes, NULL), 0);
	assert_int_equal(bytes, 12);
	assert_int_equal(text_size_bytes("1k", &bytes, NULL), -EINVAL);
	assert_int_equal(text_size_bytes("17179869184G", &bytes, NULL), -ERANGE);
	assert_int_equal(bytes, 12);
}

static void numbers_have_bounds(void **state)
{
	struct proctor_error err;
	uint64_t n = 5;

	(void)state;
	assert_int_equal(text_number("64", 1, 64, &n, &err), 0);
	assert_int_equal(n, 64);
	assert_int_equal(text_number("0", 1, 64, &n, &err), -ERANGE);
	assert_string_equal(err.text, "0 is not between 1 and 64");
	assert_int_equal(text_number("65", 1, 64, &n, &err), -ERANGE);
	assert_int_equal(text_number("4x", 1, 64, &n, &err), -EINVAL);
	assert_int_equal(text_number("18446744073709551615", 0, UINT64_MAX, &n, &err), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(text_number("18446744073709551616", 0, UINT64_MAX, &n, &err), -ERANGE);
}

static void patterns_are_parts_or_globs(void **state)
{
	(void)state;
	assert_true(text_matches("math::add", "th::a"));
	assert_false(text_matches("math::add", "sub"));
	assert_true(text_matches("math::add", "*::a??"));
	assert_false(text_matches("math::add", "a*"));
	assert_true(text_matches("math::add[1]", "add[1]"));
	assert_true(text_matches("math::add", "math::[a-c]*"));
	assert_true(text_matches("a/b::c", "a*c"));
}

static void utf8_is_checked_strictly(void **state)
{
	static const char *const bad[] = {
		"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x80\x80\x80",
		"\x80", "\xc3", "\xe2\x82", "\xff",
	};

	(void)state;
	assert_true(text_is_utf8("a\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 11));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
	assert_false(text_is_utf8("\xe2\x82\xac", 2));
	assert_true(text_is_name("na\xc3\xafve test"));
	assert_false(text_is_name(""));
	assert_false(text_is_name("two\nlines"));
	assert_false(text_is_name("\xc2\x9b" "1m"));
	assert_true(text_is_name("\xc2\xa0"));
}

static void the_hash_never_changes(void **state)
{
	(void)state;
	assert_true(text_hash("") == 0xcbf29ce484222325u);
	assert_true(text_hash("a") == 0xaf63dc4c8601ec8cu);
	assert_true(text_hash("foobar") == 0x85944171f73967e8u);
}

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

static void an_arena_keeps_what_it_gave(void **state)
{
	struct arena a = {0};
	char *texts[2000], *big;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		texts[i] = arena_text(&a, i);
		memset(texts[i], 'a' + (int)(i % 26), i);
		if (i == 1000) {
			big = arena_alloc(&a, 1 << 20);
			memset(big, 'B', 1 << 20);
		}
		assert_int_equal((uintptr_t)arena_alloc(&a, 8) % sizeof(void *), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(strlen(texts[i]), i);
		for (size_t j = 0; j < i; j++)
			assert_int_equal(texts[i][j], 'a' + (int)(i % 26));
	}
	assert_null(arena_text(&a, SIZE_MAX));
	assert_string_equal(arena_copy(&a, "copy"), "copy");
	arena_fini(&a);
	assert_null(a.chunks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(patterns_are_parts_or_globs),
		cmocka_unit_test(utf8_is_checked_strictly),
		cmocka_unit_test(the_hash_never_changes),
		cmocka_unit_test(bytes_grow_and_stay_terminated),
		cmocka_unit_test(bytes_printf_fits_at_every_length),
		cmocka_unit_test(an_arena_keeps_what_it_gave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
