/* SPDX-License-Identifier: MIT */
/* src/coverage/raw.h: the raw profile of LLVM's runtime, good ones and damaged ones. */
#include "coverage/raw.h"

#include "fixture.h"
#include "profile_fixture.h"

static const unsigned versions[] = { 8, 10 };

#define FOR_EACH_VERSION(v) for (const unsigned *v = versions; v < versions + 2; v++)

static void the_header_tells_where_everything_is(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v) {
		struct profile p = profile_of(*v, 40);
		struct proctor_error err;
		struct raw_header h;
		uint64_t first;

		assert_int_equal(raw_version(p.bytes, p.nbytes), *v);
		assert_int_equal(raw_read_header(p.bytes, p.nbytes, p.nbytes, &h, &err), 0);
		assert_int_equal(h.ndata, PROFILE_FUNCTIONS);
		assert_int_equal(h.ncounters, PROFILE_COUNTERS);
		assert_int_equal(h.nbytes, p.nbytes);
		assert_memory_equal(p.bytes + h.names_at, "main names", h.nnames);
		memcpy(&first, p.bytes + h.counters_at, 8);
		assert_int_equal(first, 40);
	}
}

static void a_record_tells_the_place_of_its_counters(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v) {
		struct profile p = profile_of(*v, 0);
		struct proctor_error err;
		struct raw_function f;
		struct raw_header h;

		assert_int_equal(raw_read_header(p.bytes, p.nbytes, p.nbytes, &h, &err), 0);
		for (uint64_t i = 0; i < h.ndata; i++) {
			assert_int_equal(raw_read_function(&h, p.bytes + h.data_at +
							   i * h.data_record_bytes, i, &f, &err), 0);
			assert_int_equal(f.name_hash, 0x1111 * (i + 1));
			assert_int_equal(f.counters_offset, i * (i + 1) / 2 * 8);
			assert_int_equal(f.ncounters, i + 1);
			assert_int_equal(f.nvalue_sites, 0);
		}
	}
}

static void a_header_is_written_as_it_was_read(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v) {
		unsigned char bytes[RAW_HEADER_BYTES_MAX];
		struct profile p = profile_of(*v, 0);
		struct proctor_error err;
		struct raw_header h;

		assert_int_equal(raw_read_header(p.bytes, p.nbytes, p.nbytes, &h, &err), 0);
		assert_int_equal(raw_write_header(&h, bytes), h.nheader);
		assert_memory_equal(bytes, p.bytes, h.nheader);
	}
}

static void a_profile_cut_anywhere_is_damaged(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v) {
		struct profile p = profile_of(*v, 0);

		for (size_t n = 0; n < p.nbytes; n++) {
			struct proctor_error err = { 0 };
			struct raw_header h;
			/* Memory of exactly that size: reading past it is found by a sanitizer. */
			unsigned char *cut = malloc(n ? n : 1);

			memcpy(cut, p.bytes, n);
			assert_int_equal(raw_read_header(cut, n, n, &h, &err), -EBADMSG);
			assert_true(err.text[0] != '\0');
			free(cut);
		}
	}
}

static void a_huge_number_in_any_field_is_answered(void **state)
{
	static const uint64_t huge[] = {
		UINT64_MAX, UINT64_MAX - 7, 1ull << 63, 1ull << 61, 1ull << 58, 1ull << 32, 4096,
	};

	(void)state;
	FOR_EACH_VERSION(v) {
		struct profile p = profile_of(*v, 0);
		size_t nwords = *v == 10 ? 16 : 11;

		for (size_t i = 1; i < nwords; i++)
			for (size_t j = 0; j < sizeof(huge) / sizeof(huge[0]); j++) {
				struct profile bad = p;
				struct proctor_error err;
				struct raw_header h;
				int ret;

				memcpy(bad.bytes + 8 * i, &huge[j], 8);
				ret = raw_read_header(bad.bytes, bad.nbytes, bad.nbytes, &h, &err);
				/* Deltas may be anything; sizes may not. */
				if (ret == 0)
					assert_true(h.nbytes <= bad.nbytes);
				else
					assert_true(ret == -EBADMSG || ret == -ENOTSUP);
			}
	}
}

static void other_versions_are_left_to_llvm(void **state)
{
	struct profile p = profile_of(8, 0);
	struct proctor_error err;
	struct raw_header h;

	(void)state;
	for (uint64_t version = 0; version < 20; version++) {
		if (version == 8 || version == 10)
			continue;
		memcpy(p.bytes + 8, &version, 8);
		assert_int_equal(raw_read_header(p.bytes, p.nbytes, p.nbytes, &h, &err), -ENOTSUP);
		assert_int_equal(raw_version(p.bytes, p.nbytes), version);
	}
}

static void other_machines_and_byte_counters_are_left_to_llvm(void **state)
{
	const uint64_t bytes_variant = 8 | 1ull << 60, magic_32 = 0xff6c70726f665281ull;
	struct profile p = profile_of(8, 0);
	struct proctor_error err;
	struct raw_header h;
	uint64_t swapped;

	(void)state;
	memcpy(p.bytes + 8, &bytes_variant, 8);
	assert_int_equal(raw_read_header(p.bytes, p.nbytes, p.nbytes, &h, &err), -ENOTSUP);
	p = profile_of(8, 0);
	memcpy(p.bytes, &magic_32, 8);
	assert_int_equal(raw_read_header(p.bytes, p.nbytes, p.nbytes, &h, &err), -ENOTSUP);
	swapped = __builtin_bswap64(RAW_MAGIC);
	memcpy(p.bytes, &swapped, 8);
	assert_int_equal(raw_read_header(p.bytes, p.nbytes, p.nbytes, &h, &err), -ENOTSUP);
}

static void counters_outside_of_the_profile_are_damage(void **state)
{
	(void)state;
	FOR_EACH_VERSION(v) {
		struct profile p = profile_of(*v, 0);
		struct proctor_error err;
		struct raw_function f;
		struct raw_header h;
		uint64_t pointer;
		uint32_t many = 100;

		assert_int_equal(raw_read_header(p.bytes, p.nbytes, p.nbytes, &h, &err), 0);
		memcpy(&pointer, p.bytes + h.data_at + 16, 8);
		pointer += 4;
		memcpy(p.bytes + h.data_at + 16, &pointer, 8);
		assert_int_equal(raw_read_function(&h, p.bytes + h.data_at, 0, &f, &err), -EBADMSG);
		pointer -= 12;
		memcpy(p.bytes + h.data_at + 16, &pointer, 8);
		assert_int_equal(raw_read_function(&h, p.bytes + h.data_at, 0, &f, &err), -EBADMSG);
		p = profile_of(*v, 0);
		memcpy(p.bytes + h.data_at + (*v == 10 ? 48 : 40), &many, 4);
		assert_int_equal(raw_read_function(&h, p.bytes + h.data_at, 0, &f, &err), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_tells_where_everything_is),
		cmocka_unit_test(a_record_tells_the_place_of_its_counters),
		cmocka_unit_test(a_header_is_written_as_it_was_read),
		cmocka_unit_test(a_profile_cut_anywhere_is_damaged),
		cmocka_unit_test(a_huge_number_in_any_field_is_answered),
		cmocka_unit_test(other_versions_are_left_to_llvm),
		cmocka_unit_test(other_machines_and_byte_counters_are_left_to_llvm),
		cmocka_unit_test(counters_outside_of_the_profile_are_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
