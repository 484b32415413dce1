/* SPDX-License-Identifier: MIT */
#include "run/confirm.h"

#include "base/container.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A test in a program of which `bad` say when it fails. */
struct world {
	size_t needed[CONFIRM_FOUND_MAX];	/* all of them have to run before it ... */
	unsigned nneeded;
	size_t other;				/* ... or this one; SIZE_MAX: there is none */
	size_t cleaner;				/* unless this one runs between; SIZE_MAX: there is none */
	size_t starter;				/* without it one behind it crashes; SIZE_MAX: there is none */
	unsigned percent;			/* so often it fails, whatever ran before */
	unsigned period, phase;			/* it fails each time that is `phase` modulo this; 0: not so */
};

static const struct world quiet = { .other = SIZE_MAX, .cleaner = SIZE_MAX, .starter = SIZE_MAX };

static uint64_t chance = 1;

static unsigned draw(unsigned n)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((chance >> 33) % n);
}

static enum confirm_answer world_run(const struct world *w, const struct confirm *c)
{
	unsigned nneeded = 0;
	bool dirty = false, started = false;

	for (size_t i = 0; i < c->nbefore; i++) {
		if (!confirm_asks(c, i))
			continue;
		started |= i == w->starter;
		if (w->starter != SIZE_MAX && i > w->starter && !started)
			return CONFIRM_UNKNOWN;
		for (unsigned k = 0; k < w->nneeded; k++)
			nneeded += w->needed[k] == i;
		dirty = i != w->cleaner && (dirty || i == w->other || (w->nneeded > 0 && nneeded == w->nneeded));
	}
	dirty |= w->period > 0 && c->nruns % w->period == w->phase;
	return dirty || draw(100) < w->percent ? CONFIRM_FAILED : CONFIRM_PASSED;
}

static struct confirm search(const struct world *w, size_t nbefore)
{
	struct confirm c;

	confirm_init(&c, nbefore);
	while (c.stage != CONFIRM_DONE)
		confirm_told(&c, world_run(w, &c));
	return c;
}

static unsigned halvings(size_t n)
{
	unsigned k = 0;

	for (; n > 1; n = (n + 1) / 2)
		k++;
	return k;
}

static void what_fails_alone_is_known_after_one_run(void **state)
{
	struct world w = quiet;
	struct confirm c;

	(void)state;
	w.percent = 100;
	c = search(&w, 500);
	assert_int_equal(c.finding, PROCTOR_FAILS_ALONE);
	assert_int_equal(c.nruns, 1);
}

static void what_does_not_fail_again_blames_nobody(void **state)
{
	struct confirm c = search(&quiet, 500);

	(void)state;
	assert_int_equal(c.finding, PROCTOR_NOT_AGAIN);
	assert_int_equal(c.nruns, 2);
	assert_int_equal(c.nfound, 0);
}

static void one_to_blame_is_found_wherever_it_is(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 7, 64, 499, 500 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		for (size_t at = 0; at < sizes[k]; at++) {
			struct world w = quiet;
			struct confirm c;

			w.nneeded = 1;
			w.needed[0] = at;
			c = search(&w, sizes[k]);
			assert_int_equal(c.finding, PROCTOR_FAILS_AFTER);
			assert_int_equal(c.nfound, 1);
			assert_int_equal(c.found[0], at);
			assert_false(c.others);
			assert_true(c.nruns <= halvings(sizes[k]) + CONFIRM_CHECKS + 3);
		}
	}
}

static void two_that_are_needed_together_are_both_found(void **state)
{
	(void)state;
	for (size_t a = 0; a < 60; a++) {
		for (size_t b = a + 1; b < 60; b++) {
			struct world w = quiet;
			struct confirm c;

			w.nneeded = 2;
			w.needed[0] = a;
			w.needed[1] = b;
			c = search(&w, 60);
			assert_int_equal(c.finding, PROCTOR_FAILS_AFTER);
			assert_int_equal(c.nfound, 2);
			assert_int_equal(c.found[0], a);
			assert_int_equal(c.found[1], b);
		}
	}
}

static void three_of_five_hundred_are_found_within_the_runs_that_it_has(void **state)
{
	struct world w = quiet;
	struct confirm c;

	(void)state;
	w.nneeded = 3;
	w.needed[0] = 0;
	w.needed[1] = 255;
	w.needed[2] = 499;
	c = search(&w, 500);
	assert_int_equal(c.finding, PROCTOR_FAILS_AFTER);
	assert_int_equal(c.nfound, 3);
	assert_int_equal(c.found[1], 255);
	assert_true(c.nruns < c.nruns_max);
}

static void too_many_that_are_needed_are_not_narrowed_down(void **state)
{
	struct world w = quiet;
	struct confirm c;

	(void)state;
	for (w.nneeded = 0; w.nneeded < CONFIRM_FOUND_MAX; w.nneeded++)
		w.needed[w.nneeded] = w.nneeded * 70;
	c = search(&w, 500);
	assert_int_equal(c.finding, PROCTOR_PASSES_ALONE);
	assert_true(c.failed_again);
	assert_true(c.nruns <= c.nruns_max);
}

static void of_two_that_do_it_one_is_named_and_the_other_is_told_of(void **state)
{
	struct world w = quiet;
	struct confirm c;

	(void)state;
	w.nneeded = 1;
	w.needed[0] = 100;
	w.other = 300;
	c = search(&w, 500);
	assert_int_equal(c.finding, PROCTOR_FAILS_AFTER);
	assert_int_equal(c.nfound, 1);
	assert_int_equal(c.found[0], 300);
	assert_true(c.others);
}

/* Where one test puts right what another did the later half can pass although the whole fails. */
static void one_that_puts_things_right_leads_nobody_astray(void **state)
{
	(void)state;
	for (size_t at = 0; at < 100; at++) {
		for (size_t cleaner = 0; cleaner < at; cleaner++) {
			struct world w = quiet;
			struct confirm c;

			w.nneeded = 1;
			w.needed[0] = at;
			w.cleaner = cleaner;
			c = search(&w, 100);
			assert_int_equal(c.finding, PROCTOR_FAILS_AFTER);
			assert_int_equal(c.nfound, 1);
			assert_int_equal(c.found[0], at);
		}
	}
}

/* Some tests need others themselves: without them their process does not come as far as the test. */
static void one_that_others_need_is_part_of_what_is_found(void **state)
{
	struct world w = quiet;
	struct confirm c;

	(void)state;
	w.nneeded = 1;
	w.needed[0] = 40;
	w.starter = 5;
	c = search(&w, 100);
	assert_int_equal(c.finding, PROCTOR_FAILS_AFTER);
	assert_int_equal(c.nfound, 2);
	assert_int_equal(c.found[0], 5);
	assert_int_equal(c.found[1], 40);
}

/* At the worst, a test that fails in about every other run: four in a thousand. */
static void a_test_that_fails_at_times_is_put_down_to_no_other(void **state)
{
	(void)state;
	for (unsigned percent = 5; percent < 100; percent += 5) {
		unsigned nblamed = 0;

		for (unsigned k = 0; k < 2000; k++) {
			struct world w = quiet;
			struct confirm c;

			w.percent = percent;
			c = search(&w, 1 + draw(500));
			nblamed += c.finding == PROCTOR_FAILS_AFTER;
			assert_true(c.nruns <= c.nruns_max);
		}
		assert_true(nblamed <= 16);
		if (percent <= 5 || percent >= 95)
			assert_int_equal(nblamed, 0);
	}
}

static void a_test_that_fails_every_nth_time_is_put_down_to_no_other(void **state)
{
	(void)state;
	for (size_t n = 1; n < 40; n++) {
		for (unsigned period = 2; period < 8; period++) {
			for (unsigned phase = 0; phase < period; phase++) {
				struct world w = quiet;
				struct confirm c;

				w.period = period;
				w.phase = phase;
				c = search(&w, n);
				assert_int_not_equal(c.finding, PROCTOR_FAILS_AFTER);
			}
		}
	}
}

static void an_alone_run_that_says_nothing_ends_it(void **state)
{
	struct confirm c;

	(void)state;
	confirm_init(&c, 3);
	confirm_told(&c, CONFIRM_UNKNOWN);
	assert_int_equal(c.stage, CONFIRM_DONE);
	assert_int_equal(c.finding, PROCTOR_NFINDINGS);
}

/* A check of which nothing is known is none that failed. */
static void a_check_that_says_nothing_does_not_make_a_test_fail_at_times(void **state)
{
	struct confirm c;

	(void)state;
	for (int unknown = 3; unknown < 10; unknown++) {
		confirm_init(&c, 1);
		for (int run = 0; c.stage != CONFIRM_DONE; run++)
			confirm_told(&c, run == unknown ? CONFIRM_UNKNOWN :
				     confirm_asks(&c, 0) ? CONFIRM_FAILED : CONFIRM_PASSED);
		assert_int_equal(c.finding, unknown < 8 ? PROCTOR_PASSES_ALONE : PROCTOR_FAILS_AFTER);
	}
}

static void who_gives_up_knows_what_was_known_so_far(void **state)
{
	struct confirm c;

	(void)state;
	confirm_init(&c, 3);
	confirm_told(&c, CONFIRM_PASSED);
	confirm_give_up(&c);
	assert_int_equal(c.finding, PROCTOR_PASSES_ALONE);
	assert_false(c.failed_again);
	confirm_init(&c, 3);
	confirm_told(&c, CONFIRM_PASSED);
	confirm_told(&c, CONFIRM_FAILED);
	confirm_give_up(&c);
	assert_int_equal(c.finding, PROCTOR_PASSES_ALONE);
	assert_true(c.failed_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fails_alone_is_known_after_one_run),
		cmocka_unit_test(what_does_not_fail_again_blames_nobody),
		cmocka_unit_test(one_to_blame_is_found_wherever_it_is),
		cmocka_unit_test(two_that_are_needed_together_are_both_found),
		cmocka_unit_test(three_of_five_hundred_are_found_within_the_runs_that_it_has),
		cmocka_unit_test(too_many_that_are_needed_are_not_narrowed_down),
		cmocka_unit_test(of_two_that_do_it_one_is_named_and_the_other_is_told_of),
		cmocka_unit_test(one_that_puts_things_right_leads_nobody_astray),
		cmocka_unit_test(one_that_others_need_is_part_of_what_is_found),
		cmocka_unit_test(a_test_that_fails_at_times_is_put_down_to_no_other),
		cmocka_unit_test(a_test_that_fails_every_nth_time_is_put_down_to_no_other),
		cmocka_unit_test(an_alone_run_that_says_nothing_ends_it),
		cmocka_unit_test(a_check_that_says_nothing_does_not_make_a_test_fail_at_times),
		cmocka_unit_test(who_gives_up_knows_what_was_known_so_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
