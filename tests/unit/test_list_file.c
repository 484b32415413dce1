/* SPDX-License-Identifier: MIT */
#include "plan/list_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct listed tests[] = {
	{ .name = "A.one", .file = "a.cc", .line = 7, .none_expected = true },
	{ .name = "A.two", .file = "a.cc", .line = 9, .disabled = "disabled", .timeout_us = 5 },
	{ .name = "B.\xff three", .file = "", .disabled = "disabled" },
	{ .name = "B.four", .file = "b.cc" },
};
static struct listing list = { .tests = tests, .ntests = sizeof(tests) / sizeof(*tests) };
static char key_text[] = "a\0key\0of 13";
static const struct bytes key = { .data = key_text, .nbytes = sizeof(key_text) };

static void same_text(const char *a, const char *b)
{
	if (b)
		assert_string_equal(a, b);
	else
		assert_null(a);
}

static bool is_read(const void *bytes, size_t nbytes, const struct bytes *for_key)
{
	struct arena arena = { 0 };
	struct kept_list kept = { 0 };
	bool read = list_file_read(bytes, nbytes, for_key, &arena, &kept);

	/* Whatever was read can be looked at. */
	for (size_t i = 0; read && i < kept.ntests; i++)
		assert_true(strlen(kept.tests[i].name) > 0 && strlen(kept.tests[i].file) < nbytes &&
			    (!kept.tests[i].disabled || strlen(kept.tests[i].disabled) < nbytes));
	arena_fini(&arena);
	return read;
}

static void what_is_written_is_read(void **state)
{
	struct arena arena = { 0 };
	struct kept_list kept = { 0 };
	struct bytes file = { 0 };

	(void)state;
	list_file_write(&file, &key, &adapter_googletest, &list, 1000);
	assert_false(file.failed);
	assert_true(list_file_read(file.data, file.nbytes, &key, &arena, &kept));
	assert_ptr_equal(kept.adapter, &adapter_googletest);
	assert_int_equal(kept.ntests, list.ntests);
	for (size_t i = 0; i < list.ntests; i++) {
		assert_int_equal(kept.tests[i].index, i);
		assert_int_equal(kept.tests[i].line, tests[i].line);
		assert_int_equal(kept.tests[i].none_expected, tests[i].none_expected);
		assert_int_equal(kept.tests[i].timeout_us, tests[i].timeout_us);
		same_text(kept.tests[i].name, tests[i].name);
		same_text(kept.tests[i].file, tests[i].file);
		same_text(kept.tests[i].disabled, tests[i].disabled);
		assert_null(kept.tests[i].symbol);
	}
	arena_fini(&arena);
	bytes_fini(&file);
}

static void times_that_are_written_later_are_read(void **state)
{
	const struct list_file_times times = list_file_times(&(struct program_times){ 12, 34 });
	struct arena arena = { 0 };
	struct kept_list kept = { 0 };
	struct bytes file = { 0 };
	uint64_t sum;

	(void)state;
	sum = list_file_write(&file, &key, &adapter_googletest, &list, 1000);
	assert_true(list_file_is(file.data, file.nbytes, sum));
	assert_false(list_file_is(file.data, file.nbytes, sum + 1));
	assert_false(list_file_is(file.data, 20, sum));
	assert_true(list_file_read(file.data, file.nbytes, &key, &arena, &kept));
	assert_int_equal(kept.asked_s, 1000);
	assert_int_equal(kept.times.test_ns, 0);
	memcpy(file.data + LIST_FILE_TIMES_AT, &times, sizeof(times));
	assert_true(list_file_read(file.data, file.nbytes, &key, &arena, &kept));
	assert_int_equal(kept.sum, sum);
	assert_int_equal(kept.times.start_ns, 12);
	assert_int_equal(kept.times.test_ns, 34);
	/* Half written. */
	file.data[LIST_FILE_TIMES_AT] ^= 1;
	kept = (struct kept_list){ 0 };
	assert_true(list_file_read(file.data, file.nbytes, &key, &arena, &kept));
	assert_int_equal(kept.times.test_ns, 0);
	arena_fini(&arena);
	bytes_fini(&file);
}

static void another_key_has_no_list(void **state)
{
	char other_text[] = "a\0key\0of 14";
	const struct bytes other = { .data = other_text, .nbytes = sizeof(other_text) };
	const struct bytes shorter = { .data = key_text, .nbytes = sizeof(key_text) - 1 };
	struct bytes file = { 0 };

	(void)state;
	list_file_write(&file, &key, &adapter_googletest, &list, 1000);
	assert_true(is_read(file.data, file.nbytes, &key));
	assert_false(is_read(file.data, file.nbytes, &other));
	assert_false(is_read(file.data, file.nbytes, &shorter));
	bytes_fini(&file);
}

static void a_file_cut_off_has_no_list(void **state)
{
	struct bytes file = { 0 };

	(void)state;
	list_file_write(&file, &key, &adapter_googletest, &list, 1000);
	for (size_t n = 0; n < file.nbytes; n++)
		assert_false(is_read(file.data, n, &key));
	bytes_append(&file, "more", 4);
	assert_false(is_read(file.data, file.nbytes, &key));
	bytes_fini(&file);
}

static void no_single_bit_may_differ(void **state)
{
	struct bytes file = { 0 };

	(void)state;
	list_file_write(&file, &key, &adapter_googletest, &list, 1000);
	for (size_t i = 0; i < file.nbytes * 8; i++) {
		/* The times are written later, and have a sum of their own. */
		bool of_times = i / 8 >= LIST_FILE_TIMES_AT &&
				i / 8 < LIST_FILE_TIMES_AT + sizeof(struct list_file_times);

		file.data[i / 8] ^= (char)(1 << i % 8);
		assert_int_equal(is_read(file.data, file.nbytes, &key), of_times);
		file.data[i / 8] ^= (char)(1 << i % 8);
	}
	assert_true(is_read(file.data, file.nbytes, &key));
	bytes_fini(&file);
}

static uint64_t below(size_t n)
{
	return (uint64_t)random() % n;
}

/* As if the sum had been made to fit. */
static void what_a_right_sum_is_on_is_checked_too(void **state)
{
	enum { ROUNDS = 20000 };
	struct bytes file = { 0 };
	uint64_t *words;
	size_t nwords;

	(void)state;
	srandom(1);	/* always the same ones */
	list_file_write(&file, &key, &adapter_googletest, &list, 1000);
	bytes_append(&file, "\0\0\0\0\0\0\0", (8 - file.nbytes % 8) % 8);
	words = (uint64_t *)(void *)file.data;
	nwords = file.nbytes / 8;
	for (int i = 0; i < ROUNDS; i++) {
		size_t at = 2 + below(nwords - 2);
		uint64_t was = words[at];

		words[at] = below(3) ? was ^ (uint64_t)1 << below(64) : below(1000);
		words[1] = list_file_sum(file.data, file.nbytes);
		is_read(file.data, file.nbytes, &key);
		words[at] = was;
	}
	bytes_fini(&file);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(times_that_are_written_later_are_read),
		cmocka_unit_test(another_key_has_no_list),
		cmocka_unit_test(a_file_cut_off_has_no_list),
		cmocka_unit_test(no_single_bit_may_differ),
		cmocka_unit_test(what_a_right_sum_is_on_is_checked_too),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
