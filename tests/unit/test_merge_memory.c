/* SPDX-License-Identifier: MIT */
/* src/coverage/merge.h where memory runs out: a file is added whole or not at all. */
#include "coverage/merge.h"

#include "fixture.h"
#include "profile_fixture.h"

#include "../common/malloc_fails.h"

/* Allocation number `fail_at` fails, counted from 1 while `counting`. */
static unsigned long nallocated, fail_at;
static bool counting;

static bool fails(void)
{
	if (!counting || ++nallocated != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

/* Adds the file while allocation number `n` fails; true: it was added. */
static bool add_failing(struct merge *m, const char *path, unsigned long n)
{
	struct merge_found found;
	struct proctor_error err;
	int ret;

	nallocated = 0;
	fail_at = n;
	counting = true;
	ret = merge_add_file(m, path, &found, &err);
	counting = false;
	if (ret < 0 && ret != -ENOMEM)
		fail_msg("allocation %lu: %s", n, err.text);
	return ret == 0;
}

static uint64_t first_count(const struct merge_sum *sum)
{
	uint64_t count;

	memcpy(&count, sum->profile + sum->header.counters_at, 8);
	return count;
}

/* Three profiles, the second and the third of binaries that are new. */
static void file_write(const char *path)
{
	struct profile known = profile_of(8, 5), second = known, third = profile_of(10, 7);
	unsigned char all[3 * PROFILE_BYTES_MAX];

	second.names = "second names";
	profile_make(&second);
	memcpy(all, known.bytes, known.nbytes);
	memcpy(all + known.nbytes, second.bytes, second.nbytes);
	memcpy(all + known.nbytes + second.nbytes, third.bytes, third.nbytes);
	fixture_write(path, all, known.nbytes + second.nbytes + third.nbytes);
	fixture_write("known", known.bytes, known.nbytes);
}

static void memory_that_runs_out_leaves_every_sum_as_it_was(void **state)
{
	unsigned long n = 0;
	bool added = false;

	(void)state;
	file_write("three");
	while (!added) {
		struct merge m = { 0 };

		n++;
		assert_true(add_failing(&m, "known", 0));
		added = add_failing(&m, "three", n);
		if (!added) {
			assert_int_equal(m.sums.n, 1);
			assert_int_equal(m.sums.list[0]->nprofiles, 1);
			assert_int_equal(first_count(m.sums.list[0]), 5);
			/* And the next one is added as if nothing had been. */
			assert_true(add_failing(&m, "three", 0));
		}
		assert_int_equal(m.sums.n, 3);
		for (size_t i = 0; i < m.sums.n; i++)
			assert_int_equal(m.sums.list[i]->nprofiles, i == 0 ? 2 : 1);
		assert_int_equal(first_count(m.sums.list[0]), 10);
		assert_int_equal(first_count(m.sums.list[1]), 5);
		assert_int_equal(first_count(m.sums.list[2]), 7);
		merge_fini(&m);
	}
	assert_true(n > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_runs_out_leaves_every_sum_as_it_was),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
