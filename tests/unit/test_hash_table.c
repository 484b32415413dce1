/* SPDX-License-Identifier: MIT */
/* src/base/hash_table.h and src/base/vector.h: what was added is found, and nothing else. */
#include "base/hash_table.h"

#include "base/hash.h"
#include "base/vector.h"

#include "fixture.h"

#define MANY 3000

static bool is_text(const void *item, const void *key)
{
	return strcmp(item, key) == 0;
}

static char *find(const struct hash_table *t, const char *text, bool poor)
{
	return hash_table_find(t, poor ? 7 : hash_text(text), is_text, text);
}

/* With hashes that are good, and with one hash for all. */
static void what_was_added_is_found(void **state)
{
	static char texts[MANY][16];

	(void)state;
	for (int poor = 0; poor < 2; poor++) {
		size_t n = poor ? 100 : MANY;
		struct hash_table t = { 0 };

		assert_null(find(&t, "0", poor));
		for (size_t i = 0; i < n; i++) {
			snprintf(texts[i], sizeof(texts[i]), "%zu", i);
			assert_null(find(&t, texts[i], poor));
			assert_true(hash_table_add(&t, poor ? 7 : hash_text(texts[i]), texts[i]));
		}
		assert_int_equal(t.n, n);
		for (size_t i = 0; i < n; i++) {
			char key[16];

			snprintf(key, sizeof(key), "%zu", i);
			assert_ptr_equal(find(&t, key, poor), texts[i]);
		}
		assert_null(find(&t, "none", poor));
		hash_table_fini(&t);
	}
}

static void a_cleared_table_takes_as_many_again(void **state)
{
	struct hash_table t = { 0 };
	size_t nslots;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		assert_true(hash_table_add(&t, i << 32, "x"));
	nslots = t.nslots;
	hash_table_clear(&t);
	assert_null(hash_table_find(&t, 1ull << 32, is_text, "x"));
	for (size_t i = 0; i < MANY; i++)
		assert_true(hash_table_add(&t, i << 32, "y"));
	assert_int_equal(t.nslots, nslots);
	assert_non_null(hash_table_find(&t, 1ull << 32, is_text, "y"));
	hash_table_fini(&t);
}

static void a_vector_keeps_what_it_has(void **state)
{
	VECTOR(struct { size_t number; void *zero; }) v = { 0 };

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		__typeof__(v.list) item = vector_add(&v);

		assert_non_null(item);
		assert_int_equal(item->number, 0);
		assert_null(item->zero);
		item->number = i + 1;
	}
	assert_int_equal(v.n, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(v.list[i].number, i + 1);
	free(v.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found),
		cmocka_unit_test(a_cleared_table_takes_as_many_again),
		cmocka_unit_test(a_vector_keeps_what_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
