/* SPDX-License-Identifier: MIT */
/* Which tests are run, and in which order. */
#include "plan/plan.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

static bool matches_any(const char *id, const char *const *patterns, size_t npatterns)
{
	for (size_t i = 0; i < npatterns; i++)
		if (text_matches(id, patterns[i]))
			return true;
	return false;
}

static bool shard_has(const struct proctor_selection *sel, const char *id)
{
	return sel->shard_count == 0 || text_hash(id) % sel->shard_count + 1 == sel->shard_index;
}

/*
 * A placeholder stands for tests whose names nobody knows, so that no filter for names can rule it
 * out: a broken file that was named must not vanish from the report. To be skipped by name, or
 * be in another shard, is another matter.
 */
static bool test_is_selected(const struct test *t, const struct proctor_selection *sel)
{
	const struct suite *s = t->suite;

	if (sel->group && strcmp(s->group, sel->group) != 0 && !(t->placeholder && !*s->group))
		return false;
	if (sel->nfilters > 0 && !t->placeholder &&
	    !matches_any(t->pub.id, sel->filters, sel->nfilters))
		return false;
	return !matches_any(t->pub.id, sel->skips, sel->nskips) && shard_has(sel, t->pub.id);
}

int proctor_plan_select(struct proctor_plan *plan, const struct proctor_selection *selection,
			struct proctor_error *err)
{
	int ret;

	if (selection->shard_count > 0 && (selection->shard_index < 1 ||
					   selection->shard_index > selection->shard_count))
		return error_set(err, -EINVAL, "shard %u/%u does not exist: the first is 1, the "
					 "last %u",
				 selection->shard_index, selection->shard_count,
				 selection->shard_count);
	/* Filters and shards go by the ids, which must be final. */
	ret = plan_collect(plan, err);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < plan->ntests; i++)
		plan->tests[i]->selected = test_is_selected(plan->tests[i], selection);
	return plan_collect(plan, err);
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

static void suites_shuffle(struct suite **suites, size_t n, uint64_t *state)
{
	for (; n > 1; n--) {
		size_t i = random_below(state, n);
		struct suite *s = suites[i];

		suites[i] = suites[n - 1];
		suites[n - 1] = s;
	}
}

static void tests_shuffle(struct test **tests, size_t n, uint64_t *state)
{
	for (; n > 1; n--) {
		size_t i = random_below(state, n);
		struct test *t = tests[i];

		tests[i] = tests[n - 1];
		tests[n - 1] = t;
	}
}

void plan_shuffle(struct proctor_plan *plan, uint64_t seed)
{
	assert(!plan->stale);
	if (plan->nsuites > 0)
		memcpy(plan->order, plan->suites, plan->nsuites * sizeof(struct suite *));
	suites_shuffle(plan->order, plan->nsuites, &seed);
	plan_line_up(plan);
	for (size_t i = 0, end; i < plan->ntests; i = end) {
		for (end = i + 1; end < plan->ntests; end++)
			if (plan->tests[end]->suite != plan->tests[i]->suite)
				break;
		tests_shuffle(plan->tests + i, end - i, &seed);
	}
}
