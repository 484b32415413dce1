/* SPDX-License-Identifier: MIT */
#include "hosts/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_BYTES 1024

static const uint8_t key[MARKER_KEY_BYTES] = "k123456789abcde";

/* A marker as a host writes it. */
static void marker_make(char *at, uint32_t serial)
{
	memcpy(at, key, MARKER_KEY_BYTES);
	for (int i = 0; i < 4; i++)
		at[MARKER_KEY_BYTES + i] = (char)(serial >> (8 * i));
}

static void assert_taken(struct capture *c, const char *expected, size_t nexpected)
{
	size_t nbytes, nhead;
	uint64_t total;
	char *bytes = capture_take(c, MAX_BYTES, &nbytes, &nhead, &total);

	assert_int_equal(nbytes, nexpected);
	assert_int_equal(nhead, nexpected);
	assert_int_equal(total, nexpected);
	if (nexpected > 0)
		assert_memory_equal(bytes, expected, nexpected);
	free(bytes);
}

static void what_fits_is_kept_whole(void **state)
{
	struct capture c = { 0 };

	(void)state;
	capture_append(&c, "a\0b", 3, MAX_BYTES);
	capture_append(&c, "cd", 2, MAX_BYTES);
	assert_taken(&c, "a\0bcd", 5);
}

static void what_fits_exactly_has_no_gap(void **state)
{
	char bytes[MAX_BYTES];
	struct capture c = { 0 };

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	capture_append(&c, bytes, sizeof(bytes), MAX_BYTES);
	assert_taken(&c, bytes, sizeof(bytes));
}

/* As if it had been one all along, with everything that either has dropped. */
static void two_that_are_joined_are_as_one(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 511, 512, 513, 1023, 1024, 1025, 1500, 5000 };
	enum { NSIZES = sizeof(sizes) / sizeof(sizes[0]) };
	char all[10000];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i * 7 + i / 256);
	for (size_t k = 0; k < NSIZES * NSIZES; k++) {
		size_t na = sizes[k / NSIZES], nb = sizes[k % NSIZES];
		struct capture a = { 0 }, b = { 0 }, whole = { 0 };
		size_t nbytes[2], nhead[2];
		uint64_t total[2];
		char *bytes[2];

		capture_append(&a, all, na, MAX_BYTES);
		capture_append(&b, all + na, nb, MAX_BYTES);
		capture_append(&whole, all, na + nb, MAX_BYTES);
		capture_join(&a, &b, MAX_BYTES);
		assert_int_equal(b.total_bytes, 0);
		assert_null(b.bytes);
		bytes[0] = capture_take(&a, MAX_BYTES, &nbytes[0], &nhead[0], &total[0]);
		bytes[1] = capture_take(&whole, MAX_BYTES, &nbytes[1], &nhead[1], &total[1]);
		assert_int_equal(total[0], na + nb);
		assert_int_equal(nbytes[0], nbytes[1]);
		assert_int_equal(nhead[0], nhead[1]);
		if (nbytes[0] > 0)
			assert_memory_equal(bytes[0], bytes[1], nbytes[0]);
		free(bytes[0]);
		free(bytes[1]);
	}
}

/* Whatever the sizes of the pieces: the first half of the bound, and the last bytes. */
static void head_and_tail_survive(void **state)
{
	static const size_t pieces[] = { 1, 7, 511, 512, 513, 1000, 1023, 1024, 1025, 5000 };
	unsigned char all[10000];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)(i * 7 + i / 256);
	for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
		for (size_t total = MAX_BYTES + 1; total <= sizeof(all); total += 997) {
			struct capture c = { 0 };
			size_t nbytes, nhead, done = 0;
			uint64_t ntotal;
			char *bytes;

			while (done < total) {
				size_t n = total - done < pieces[p] ? total - done : pieces[p];

				capture_append(&c, (char *)all + done, n, MAX_BYTES);
				done += n;
			}
			bytes = capture_take(&c, MAX_BYTES, &nbytes, &nhead, &ntotal);
			assert_int_equal(ntotal, total);
			assert_int_equal(nbytes, MAX_BYTES);
			assert_int_equal(nhead, MAX_BYTES / 2);
			assert_memory_equal(bytes, all, nhead);
			assert_memory_equal(bytes + nhead, all + total - (nbytes - nhead),
					    nbytes - nhead);
			free(bytes);
		}
	}
}

/* Feeds the stream in pieces of `npiece` bytes, so that markers are torn at every place. */
static void feed(struct cutter *c, const char *bytes, size_t nbytes, size_t npiece)
{
	for (size_t done = 0; done < nbytes; done += npiece)
		cutter_feed(c, bytes + done, nbytes - done < npiece ? nbytes - done : npiece);
}

static void markers_cut_however_the_pipe_tears_them(void **state)
{
	char stream[3 + MARKER_BYTES + MARKER_BYTES + 4];

	(void)state;
	memcpy(stream, "one", 3);
	marker_make(stream + 3, 1);
	marker_make(stream + 3 + MARKER_BYTES, 2);
	memcpy(stream + 3 + 2 * MARKER_BYTES, "last", 4);
	for (size_t npiece = 1; npiece <= sizeof(stream); npiece++) {
		struct cutter c;
		struct capture got;

		cutter_init(&c, key, MAX_BYTES);
		feed(&c, stream, sizeof(stream), npiece);
		cutter_end(&c);
		assert_int_equal(c.serial, 2);
		cutter_claim(&c, 1, &got);
		assert_taken(&got, "one", 3);
		cutter_claim(&c, 2, &got);
		assert_taken(&got, "", 0);
		assert_taken(&c.open, "last", 4);
		cutter_fini(&c);
	}
}

/* The start of a marker that does not go on is a test's own output, and so are a whole one whose
 * serial was seen before, and bytes that begin like a marker again and again. */
static void what_only_looks_like_a_marker_is_kept(void **state)
{
	char stream[200], expected[200];
	size_t n = 0, nexpected = 0;

	(void)state;
	marker_make(stream, 5);
	n = MARKER_BYTES;
	marker_make(stream + n, 5);
	memcpy(expected, stream + n, MARKER_BYTES);
	n += MARKER_BYTES;
	nexpected += MARKER_BYTES;
	memcpy(stream + n, "kkk123kk1234567", 15);
	memcpy(expected + nexpected, "kkk123kk1234567", 15);
	n += 15;
	nexpected += 15;
	for (size_t npiece = 1; npiece <= n; npiece++) {
		struct cutter c;

		cutter_init(&c, key, MAX_BYTES);
		feed(&c, stream, n, npiece);
		cutter_end(&c);
		assert_taken(&c.open, expected, nexpected);
		cutter_fini(&c);
	}
}

static void what_follows_the_last_marker_is_nobodys(void **state)
{
	char marker[MARKER_BYTES];
	struct capture got;
	struct cutter c;

	(void)state;
	cutter_init(&c, key, MAX_BYTES);
	marker_make(marker, MARKER_LAST);
	cutter_feed(&c, marker, sizeof(marker));
	marker_make(marker, 1);
	cutter_feed(&c, marker, sizeof(marker));
	assert_true(c.last);
	cutter_claim(&c, 1, &got);
	assert_taken(&got, "", 0);
	assert_int_equal(c.open.nbytes, MARKER_BYTES);
	cutter_fini(&c);
}

/* Behind it suites are told apart, in whatever order and as often as they come. */
static void what_suites_write_at_exit_is_told_apart(void **state)
{
	static const struct {
		uint32_t serial;
		const char *text;	/* before it */
	} table[] = {
		{ 1, "test" }, { MARKER_LAST, "last" }, { MARKER_EXIT + 2, "two" },
		{ MARKER_EXIT + 7, "" }, { MARKER_EXIT, "zero" }, { MARKER_EXIT + 2, "two again" },
	};
	static const uint32_t suites[] = { 2, 0, 2 };
	static const char *const texts[] = { "two", "zero", "two again" };
	char marker[MARKER_BYTES];
	struct capture got;
	struct cutter c;
	uint32_t suite;

	(void)state;
	cutter_init(&c, key, MAX_BYTES);
	/* Before the last one such a marker is a test's own bytes. */
	marker_make(marker, MARKER_EXIT + 1);
	cutter_feed(&c, marker, sizeof(marker));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cutter_feed(&c, table[i].text, strlen(table[i].text));
		marker_make(marker, table[i].serial);
		cutter_feed(&c, marker, sizeof(marker));
	}
	cutter_feed(&c, "rest", 4);
	cutter_claim(&c, 1, &got);
	assert_int_equal(got.total_bytes, MARKER_BYTES + 4);
	capture_free(&got);
	cutter_claim(&c, MARKER_LAST, &got);
	assert_taken(&got, "last", 4);
	for (size_t i = 0; i < 3; i++) {
		assert_true(cutter_claim_exit(&c, &suite, &got));
		assert_int_equal(suite, suites[i]);
		assert_taken(&got, texts[i], strlen(texts[i]));
	}
	assert_false(cutter_claim_exit(&c, &suite, &got));
	assert_taken(&c.open, "rest", 4);
	assert_int_equal(c.serial, 1);
	cutter_fini(&c);
}

static void an_unmarked_stream_is_one_capture(void **state)
{
	char marker[MARKER_BYTES];
	struct cutter c;

	(void)state;
	cutter_init(&c, NULL, MAX_BYTES);
	marker_make(marker, 1);
	cutter_feed(&c, marker, sizeof(marker));
	cutter_end(&c);
	assert_taken(&c.open, marker, sizeof(marker));
	cutter_fini(&c);
}

static void an_older_cut_is_dropped_by_a_newer_claim(void **state)
{
	char marker[MARKER_BYTES];
	struct capture got;
	struct cutter c;

	(void)state;
	cutter_init(&c, key, MAX_BYTES);
	for (uint32_t serial = 1; serial <= 3; serial++) {
		char text = (char)('0' + serial);

		cutter_feed(&c, &text, 1);
		marker_make(marker, serial);
		cutter_feed(&c, marker, sizeof(marker));
	}
	cutter_claim(&c, 2, &got);
	assert_taken(&got, "2", 1);
	cutter_claim(&c, 2, &got);
	assert_taken(&got, "", 0);
	cutter_claim(&c, 3, &got);
	assert_taken(&got, "3", 1);
	cutter_fini(&c);
}

static void without_markers_a_later_test_may_be_claimed_before(void **state)
{
	static const uint32_t order[] = { 3, 1, 5, 2, 4 };
	struct capture got;
	struct cutter c;
	char text;

	(void)state;
	cutter_init(&c, NULL, MAX_BYTES);
	for (uint32_t serial = 1; serial <= 6; serial++) {
		text = (char)('0' + serial);
		cutter_feed(&c, &text, 1);
		cutter_cut(&c, serial);
	}
	assert_int_equal(c.ncut_bytes, 6);
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		text = (char)('0' + order[i]);
		cutter_claim(&c, order[i], &got);
		assert_taken(&got, &text, 1);
	}
	cutter_claim(&c, 3, &got);
	assert_taken(&got, "", 0);
	assert_int_equal(c.ncut_bytes, 1);
	cutter_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_kept_whole),
		cmocka_unit_test(what_fits_exactly_has_no_gap),
		cmocka_unit_test(two_that_are_joined_are_as_one),
		cmocka_unit_test(head_and_tail_survive),
		cmocka_unit_test(markers_cut_however_the_pipe_tears_them),
		cmocka_unit_test(what_only_looks_like_a_marker_is_kept),
		cmocka_unit_test(what_follows_the_last_marker_is_nobodys),
		cmocka_unit_test(what_suites_write_at_exit_is_told_apart),
		cmocka_unit_test(an_unmarked_stream_is_one_capture),
		cmocka_unit_test(an_older_cut_is_dropped_by_a_newer_claim),
		cmocka_unit_test(without_markers_a_later_test_may_be_claimed_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
