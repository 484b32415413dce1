/* SPDX-License-Identifier: MIT */
#include "plan/select.h"

#include <errno.h>
#include <string.h>

#include "base/pattern.h"
#include "base/hash.h"
#include "plan/order.h"

static bool matches_any(const char *id, const char *const *patterns, size_t npatterns)
{
	for (size_t i = 0; i < npatterns; i++)
		if (pattern_matches(id, patterns[i]))
			return true;
	return false;
}

static bool shard_has(const struct proctor_selection *sel, const char *id)
{
	return sel->shard_count == 0 || hash_text(id) % sel->shard_count + 1 == sel->shard_index;
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

static bool plan_has(const struct proctor_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->ntests; i++)
		if (strcmp(plan->tests[i]->pub.id, id) == 0)
			return true;
	return false;
}

static bool sequence_has(char *const *ids, const char *id)
{
	for (; *ids; ids++)
		if (strcmp(*ids, id) == 0)
			return true;
	return false;
}

/* Where one is not there nothing is selected: without it the others would show something else. */
static int plan_select_sequence(struct proctor_plan *plan, const struct proctor_selection *sel,
				struct proctor_error *err)
{
	const char *missing = NULL;
	char **ids = arena_alloc(&plan->arena, (sel->nsequence + 1) * sizeof(*ids));
	size_t nfound = plan->ntests;
	int ret;

	for (size_t i = 0; ids && i < sel->nsequence; i++) {
		ids[i] = arena_copy(&plan->arena, sel->sequence[i]);
		if (!ids[i])
			ids = NULL;
		if (!missing && !plan_has(plan, sel->sequence[i]))
			missing = sel->sequence[i];
	}
	if (!ids)
		return error_sys(err, ENOMEM, "cannot keep the order of the tests");
	for (size_t i = 0; i < plan->ntests; i++)
		plan->tests[i]->selected = !missing && sequence_has(ids, plan->tests[i]->pub.id);
	plan->sequence = missing ? NULL : ids;
	ret = plan_collect(plan, err);
	if (ret == 0 && missing)
		ret = error_set(err, -ENOENT, "no test is called \"%s\", of %zu found", missing, nfound);
	return ret;
}

int plan_select(struct proctor_plan *plan, const struct proctor_selection *selection,
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
	if (selection->nsequence > 0)
		return plan_select_sequence(plan, selection, err);
	for (size_t i = 0; i < plan->ntests; i++)
		plan->tests[i]->selected = test_is_selected(plan->tests[i], selection);
	return plan_collect(plan, err);
}
