/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/container.h"

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
		cmocka_unit_test(an_arena_keeps_what_it_gave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
