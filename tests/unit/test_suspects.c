/* SPDX-License-Identifier: MIT */
#include "run/suspects.h"

#include "hosts/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NTESTS 300

struct scene {
	struct suite suite;
	struct test tests[NTESTS], *list[NTESTS];
	char ids[NTESTS][24];
	struct proctor_plan plan;
	_Atomic bool stopping;
	struct suspects all;
};

static void scene_open(struct scene *s)
{
	const struct proctor_options options = { .command = "proctor run 'a b'" };

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < NTESTS; i++) {
		snprintf(s->ids[i], sizeof(s->ids[i]), "it's::%u", i);
		s->tests[i] = (struct test){ .pub = { .id = s->ids[i] }, .suite = &s->suite };
		s->list[i] = &s->tests[i];
	}
	s->plan = (struct proctor_plan){ .tests = s->list, .ntests = NTESTS };
	suspects_init(&s->all, &s->plan, &options, &s->stopping);
}

/* The test `item` has failed after those from `first` on. */
static struct suspect *scene_fail(struct scene *s, item_t first, item_t item)
{
	const struct outcome o = { .item = item, .result = { .verdict = PROCTOR_FAIL, .attempt = 1 } };
	item_t before[2 * NTESTS];
	size_t n = 0;

	for (item_t i = first; i < item; i++)
		before[n++] = i;
	return suspect_new(&s->all, &o, before, n, n, 0);
}

/* The search, where the test fails after `polluter`. */
static void scene_search(struct suspect *s, item_t polluter)
{
	while (s->confirm.stage != CONFIRM_DONE) {
		size_t nitems, target;
		const item_t *items = suspect_items(s, &nitems, &target);
		bool fails = false;

		assert_int_equal(items[target], s->item);
		for (size_t i = 0; i < target; i++)
			fails |= items[i] == polluter;
		confirm_told(&s->confirm, suspect_answer(s, fails ? PROCTOR_FAIL : PROCTOR_PASS, false));
	}
}

static void a_run_has_so_many_and_says_how_many_more_there_were(void **state)
{
	struct scene s;
	char words[256];

	(void)state;
	scene_open(&s);
	suspects_left(&s.all, words, sizeof(words));
	assert_string_equal(words, "");
	for (item_t i = 1; i < SUSPECTS_MAX + 3; i++)
		assert_int_equal(scene_fail(&s, 0, i) != NULL, i <= SUSPECTS_MAX);
	suspects_left(&s.all, words, sizeof(words));
	assert_string_equal(words, "2 failures were not run again alone: 100 in a run are");
	suspects_fini(&s.all);
}

static void each_is_taken_once_and_alone_before_any_search(void **state)
{
	struct suspect *one, *two;
	struct scene s;

	(void)state;
	scene_open(&s);
	one = scene_fail(&s, 0, 5);
	two = scene_fail(&s, 0, 6);
	suspects_add(&s.all, one);
	suspects_add(&s.all, two);
	/* A later repetition of the first one. */
	suspects_add(&s.all, scene_fail(&s, 0, NTESTS + 5));
	assert_ptr_equal(suspects_take(&s.all), one);
	assert_int_equal(suspects_until_us(&s.all, one), 0);
	confirm_told(&one->confirm, CONFIRM_PASSED);
	assert_false(suspects_give(&s.all, one));
	assert_ptr_equal(suspects_take(&s.all), two);
	confirm_told(&two->confirm, CONFIRM_FAILED);
	assert_true(suspects_give(&s.all, two));
	assert_ptr_equal(suspects_take(&s.all), one);
	assert_true(suspects_until_us(&s.all, one) > 0);
	confirm_give_up(&one->confirm);
	assert_true(suspects_give(&s.all, one));
	assert_null(suspects_take(&s.all));
	suspects_fini(&s.all);
}

static void one_that_was_tried_again_alone_is_not_run_alone(void **state)
{
	struct suspect *one;
	struct scene s;

	(void)state;
	scene_open(&s);
	one = scene_fail(&s, 0, 5);
	suspects_add(&s.all, one);
	suspects_told_alone(&s.all, 5, PROCTOR_CRASH);
	assert_ptr_equal(suspects_take(&s.all), one);
	assert_int_equal(one->confirm.finding, PROCTOR_FAILS_ALONE);
	assert_true(suspects_give(&s.all, one));
	assert_true(suspect_tell(&s.all, one));
	assert_string_equal(one->told.text, "fails in a process of its own, too, but as crash");
	suspects_fini(&s.all);
}

static void after_others_only_the_same_failure_counts(void **state)
{
	struct suspect *one;
	struct scene s;

	(void)state;
	scene_open(&s);
	one = scene_fail(&s, 0, 5);
	assert_int_equal(suspect_answer(one, PROCTOR_CRASH, false), CONFIRM_FAILED);
	assert_int_equal(suspect_answer(one, PROCTOR_SKIP, false), CONFIRM_PASSED);
	assert_int_equal(suspect_answer(one, PROCTOR_CANCELLED, false), CONFIRM_UNKNOWN);
	confirm_told(&one->confirm, CONFIRM_PASSED);
	assert_int_equal(suspect_answer(one, PROCTOR_FAIL, false), CONFIRM_FAILED);
	assert_int_equal(suspect_answer(one, PROCTOR_FAIL, true), CONFIRM_UNKNOWN);
	assert_int_equal(suspect_answer(one, PROCTOR_CRASH, false), CONFIRM_UNKNOWN);
	suspects_fini(&s.all);
}

static void what_was_found_is_told_with_the_command_that_shows_it(void **state)
{
	struct suspect *one;
	struct scene s;

	(void)state;
	scene_open(&s);
	one = scene_fail(&s, 0, 200);
	scene_search(one, 77);
	assert_true(suspect_tell(&s.all, one));
	assert_int_equal(one->told.finding, PROCTOR_FAILS_AFTER);
	assert_string_equal(one->told.text, "fails only after it's::77");
	assert_string_equal(one->told.command, "proctor run 'a b' --sequence='it'\\''s::77' --sequence='it'\\''s::200'");
	assert_ptr_equal(one->told.after[0], &s.tests[77].pub);
	assert_int_equal(one->told.nbefore, 200);
	suspects_fini(&s.all);
}

/* Some frameworks let a test begin, and end behind others. */
static void a_test_in_the_midst_of_others_stays_there(void **state)
{
	const struct outcome o = { .item = 2, .result = { .verdict = PROCTOR_FAIL, .attempt = 1 } };
	const item_t before[] = { 1, 3, 4 };
	struct suspect *one;
	struct scene s;
	size_t nitems, target;
	const item_t *items;

	(void)state;
	scene_open(&s);
	one = suspect_new(&s.all, &o, before, 3, 1, 0);
	confirm_told(&one->confirm, CONFIRM_PASSED);
	items = suspect_items(one, &nitems, &target);
	assert_int_equal(nitems, 4);
	assert_int_equal(target, 1);
	for (item_t i = 0; i < 4; i++)
		assert_int_equal(items[i], i + 1);
	suspects_fini(&s.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_has_so_many_and_says_how_many_more_there_were),
		cmocka_unit_test(each_is_taken_once_and_alone_before_any_search),
		cmocka_unit_test(one_that_was_tried_again_alone_is_not_run_alone),
		cmocka_unit_test(after_others_only_the_same_failure_counts),
		cmocka_unit_test(what_was_found_is_told_with_the_command_that_shows_it),
		cmocka_unit_test(a_test_in_the_midst_of_others_stays_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
