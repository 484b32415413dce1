/* SPDX-License-Identifier: MIT */
#include "coverage/raw_names.h"

#include "base/md5.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define NROUNDS 20000

/* The hashes are md5sum's. */
static void a_hash_is_the_beginning_of_md5(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} table[] = {
		{ 0, 0x04b2008fd98c1dd4 }, { 55, 0x22a1f9dfb67217ef }, { 56, 0xb028f803c78a0c3b },
		{ 64, 0x4971b580d4424801 }, { 119, 0x8ca2d62e73d07b8a }, { 1000, 0x665baec9dc45beca },
	};
	char text[1000];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_true(md5_low64(text, table[i].n) == table[i].hash);
	/* As LLVM has it in the data record of a function. */
	assert_true(md5_low64("tml_helper", 10) == 0xb829044dbc9e1838);
}

/* Appends a block; returns its bytes. */
static size_t block_put(unsigned char *to, const char *text, bool compress_it)
{
	size_t ntext = strlen(text), n = 0;
	unsigned char packed[4096];
	uLongf npacked = sizeof(packed);
	size_t sizes[2];

	assert_int_equal(compress(packed, &npacked, (const Bytef *)text, ntext), Z_OK);
	sizes[0] = ntext;
	sizes[1] = compress_it ? npacked : 0;
	for (int i = 0; i < 2; i++) {
		size_t left = sizes[i];

		do {
			to[n++] = (unsigned char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
			left >>= 7;
		} while (left > 0);
	}
	memcpy(to + n, compress_it ? (const void *)packed : text, compress_it ? npacked : ntext);
	return n + (compress_it ? npacked : ntext);
}

static uint64_t hash_of(const char *name)
{
	return md5_low64(name, strlen(name));
}

/* Two objects were linked: one with zlib, one without, and padding between. */
static size_t names_make(unsigned char *bytes)
{
	char many[1200] = "first";
	size_t n;

	for (int i = 0; i < 100; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "\1name_%d", i);
	n = block_put(bytes, many, true);
	memset(bytes + n, 0, 3);
	n += 3;
	return n + block_put(bytes + n, "main\1s.c:helper", false);
}

static void names_are_found_by_their_hashes(void **state)
{
	unsigned char bytes[4096];
	size_t n = names_make(bytes);
	struct proctor_error err;
	struct raw_names names;

	(void)state;
	assert_int_equal(raw_names_read(&names, bytes, n, &err), 0);
	assert_int_equal(names.n, 103);
	assert_string_equal(raw_names_find(&names, hash_of("first")), "first");
	assert_string_equal(raw_names_find(&names, hash_of("name_99")), "name_99");
	assert_string_equal(raw_names_find(&names, hash_of("s.c:helper")), "s.c:helper");
	assert_null(raw_names_find(&names, hash_of("name_100")));
	raw_names_fini(&names);
	assert_int_equal(raw_names_read(&names, "", 0, &err), 0);
	assert_null(raw_names_find(&names, hash_of("first")));
	raw_names_fini(&names);
}

/* A block that ends early, claims more than it has, or is no zlib. */
static void what_does_not_hold_is_damaged(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} table[] = {
		{ "\x80", 1 }, { "\5", 1 }, { "\5\0abcd", 6 }, { "\5\4abcd", 6 }, { "\5\5ab", 4 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0", 12 },
		{ "\xff\xff\xff\xff\xff\x7f\4abcd", 11 },
	};
	struct proctor_error err;
	struct raw_names names;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(raw_names_read(&names, table[i].bytes, table[i].n, &err), -EBADMSG);
		assert_non_null(strstr(err.text, "damaged"));
		assert_null(names.list);
	}
}

static void any_bytes_are_answered(void **state)
{
	unsigned char good[4096], bytes[4096];
	size_t ngood = names_make(good);
	struct proctor_error err;
	struct raw_names names;

	(void)state;
	srandom(22);
	for (int round = 0; round < NROUNDS; round++) {
		size_t n = (size_t)random() % (ngood + 1);

		memcpy(bytes, good, ngood);
		for (int i = 0; i < round % 5; i++)
			bytes[(size_t)random() % ngood] = (unsigned char)random();
		if (raw_names_read(&names, bytes, n, &err) == 0) {
			for (size_t i = 0; i < names.n; i++)
				assert_true(strlen(names.list[i].text) <= ngood * 1033);
			raw_names_fini(&names);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_is_the_beginning_of_md5),
		cmocka_unit_test(names_are_found_by_their_hashes),
		cmocka_unit_test(what_does_not_hold_is_damaged),
		cmocka_unit_test(any_bytes_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
