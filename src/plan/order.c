/* SPDX-License-Identifier: MIT */
#include "plan/order.h"

#include "plan/ask.h"
#include "plan/names.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Puts the selected tests into plan->tests, which has room, suite by suite as in plan->order. */
static void plan_line_up(struct proctor_plan *plan)
{
	plan->ntests = 0;
	for (size_t i = 0; i < plan->nsuites; i++) {
		struct suite *s = plan->order[i];
		const char *framework = s->inspected && !s->error ? s->adapter->name : NULL;

		for (size_t j = 0; j < s->ntests; j++) {
			s->tests[j].pub.framework = framework;
			if (s->tests[j].selected && test_is_run(&s->tests[j]))
				plan->tests[plan->ntests++] = &s->tests[j];
		}
		/* Last, so that they do not tear the others apart. */
		for (size_t j = 0; j < s->ntests; j++)
			if (s->tests[j].selected && !test_is_run(&s->tests[j]))
				plan->tests[plan->ntests++] = &s->tests[j];
	}
}

static struct test *plan_find(const struct proctor_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->nsuites; i++) {
		struct suite *s = plan->suites[i];

		for (size_t j = 0; j < s->ntests; j++)
			if (s->tests[j].selected && strcmp(s->tests[j].pub.id, id) == 0)
				return &s->tests[j];
	}
	return NULL;
}

/* A program runs its tests in its own order, whatever it is asked for. */
static void plan_order_program(struct proctor_plan *plan, size_t i)
{
	struct test **tests = plan->tests;

	for (; i > 0 && tests[i - 1]->suite == tests[i]->suite && !tests[i]->suite->adapter->in_host &&
	     tests[i - 1]->pub.index > tests[i]->pub.index; i--) {
		struct test *later = tests[i - 1];

		tests[i - 1] = tests[i];
		tests[i] = later;
	}
}

/* The tests of the sequence, which may have one several times. */
static void plan_line_up_sequence(struct proctor_plan *plan)
{
	plan->ntests = 0;
	for (size_t i = 0; plan->sequence[i]; i++) {
		struct test *test = plan_find(plan, plan->sequence[i]);

		if (!test)
			continue;
		plan->tests[plan->ntests] = test;
		plan_order_program(plan, plan->ntests++);
	}
}

static size_t plan_count_sequence(const struct proctor_plan *plan)
{
	size_t n = 0;

	while (plan->sequence && plan->sequence[n])
		n++;
	return n;
}

size_t plan_count_selected(const struct proctor_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->nsuites; i++)
		for (size_t j = 0; j < plan->suites[i]->ntests; j++)
			n += plan->suites[i]->tests[j].selected;
	return n;
}

int plan_collect(struct proctor_plan *plan, struct proctor_error *err)
{
	struct test **tests;
	struct suite **order;
	size_t ntests, nsequence = plan_count_sequence(plan);
	int ret = plan->stale ? plan_ask(plan, err) : 0;

	if (ret < 0)
		return ret;
	ntests = plan_count_selected(plan);
	if (plan->stale && plan_name_all(plan) < 0)
		return error_sys(err, ENOMEM, "cannot name the tests");
	if (ntests < nsequence)
		ntests = nsequence;
	tests = reallocarray(plan->tests, ntests ? ntests : 1, sizeof(struct test *));
	if (!tests)
		return error_sys(err, ENOMEM, "cannot line up the tests");
	plan->tests = tests;
	order = reallocarray(plan->order, plan->nsuites ? plan->nsuites : 1,
			     sizeof(struct suite *));
	if (!order)
		return error_sys(err, ENOMEM, "cannot line up the suites");
	plan->order = order;
	if (plan->nsuites > 0)
		memcpy(order, plan->suites, plan->nsuites * sizeof(struct suite *));
	plan_line_up(plan);
	if (plan->sequence)
		plan_line_up_sequence(plan);
	plan->stale = false;
	return 0;
}

/* splitmix64 */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 to n-1, each as likely: the high half of the product. */
static size_t random_below(uint64_t *state, size_t n)
{
	return (size_t)(((unsigned __int128)random_next(state) * n) >> 64);
}

/* Shuffles `n` pointers, whatever they point to. */
static void pointers_shuffle(void *pointers, size_t n, uint64_t *state)
{
	const size_t size = sizeof(void *);
	char *list = pointers, kept[sizeof(void *)];

	for (; n > 1; n--) {
		char *one = list + random_below(state, n) * size, *last = list + (n - 1) * size;

		memcpy(kept, one, size);
		memmove(one, last, size);
		memcpy(last, kept, size);
	}
}

void plan_shuffle(struct proctor_plan *plan, uint64_t seed)
{
	assert(!plan->stale);
	if (plan->sequence)
		return;
	if (plan->nsuites > 0)
		memcpy(plan->order, plan->suites, plan->nsuites * sizeof(struct suite *));
	pointers_shuffle(plan->order, plan->nsuites, &seed);
	plan_line_up(plan);
	for (size_t i = 0, end; i < plan->ntests; i = end) {
		for (end = i + 1; end < plan->ntests; end++)
			if (plan->tests[end]->suite != plan->tests[i]->suite)
				break;
		/* A program runs its tests in its own order, whatever it is asked for. */
		if (plan->tests[i]->suite->adapter->in_host)
			pointers_shuffle(plan->tests + i, end - i, &seed);
	}
}
