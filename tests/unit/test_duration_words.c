/* SPDX-License-Identifier: MIT */
#include "base/duration_words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/container.h"

static void a_duration_has_its_unit(void **state)
{
	static const struct {
		uint64_t us;
		const char *words;
	} table[] = {
		{ 0, "0 µs" }, { 70, "70 µs" }, { 999, "999 µs" }, { 1000, "1.0 ms" },
		{ 9999, "9.9 ms" }, { 10000, "10 ms" }, { 31400, "31 ms" }, { 999999, "999 ms" },
		{ 1000000, "1 s" }, { 1000999, "1 s" }, { 1204567, "1.204 s" }, { 59999999, "59.999 s" },
		{ 60000000, "1 min" }, { 7384000000, "123 min 4 s" },
	};
	char buf[DURATION_WORDS_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_string_equal(duration_words(table[i].us, buf, sizeof(buf)), table[i].words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_has_its_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
