/* SPDX-License-Identifier: MIT */
#include "plan/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* A set of texts, all lent, of a size known beforehand. */
struct name_set {
	const char **slots;
	size_t mask;
};

static int name_set_init(struct name_set *set, size_t nnames)
{
	size_t nslots = 16;

	while (nslots < nnames * 2)
		nslots *= 2;
	set->slots = calloc(nslots, sizeof(*set->slots));
	set->mask = nslots - 1;
	return set->slots ? 0 : -ENOMEM;
}

/* False if it is in the set already. */
static bool name_set_add(struct name_set *set, const char *name)
{
	size_t i = hash_text(name) & set->mask;

	for (; set->slots[i]; i = (i + 1) & set->mask)
		if (strcmp(set->slots[i], name) == 0)
			return false;
	set->slots[i] = name;
	return true;
}

/* `name`, or `name#2` and so on, the first that is not in `set`; NULL: no memory. */
static char *name_set_claim(struct name_set *set, struct arena *arena, char *name)
{
	char *numbered;

	if (name_set_add(set, name))
		return name;
	numbered = arena_text(arena, strlen(name) + 24);
	for (unsigned n = 2; numbered; n++) {
		sprintf(numbered, "%s#%u", name, n);
		if (name_set_add(set, numbered))
			return numbered;
	}
	return NULL;
}

/* Where the last `depth` parent directories and the base of `path` begin. */
static const char *path_tail(const char *path, unsigned depth)
{
	const char *p = path + strlen(path);

	for (; p > path; p--)
		if (p[-1] == '/' && depth-- == 0)
			break;
	return p;
}

/* What tells the suite from its namesakes: directories, and its own name or its file's. */
static char *suite_long_name(struct suite *s, unsigned depth, bool by_file)
{
	const char *tail = path_tail(s->path, depth);
	const char *base = path_tail(s->path, 0);
	const char *name = by_file ? base : s->own_name;
	char *text = arena_text(&s->plan->arena, (size_t)(base - tail) + strlen(name));

	if (text) {
		memcpy(text, tail, (size_t)(base - tail));
		strcpy(text + (base - tail), name);
	}
	return text;
}

static int own_name_compare(const void *a, const void *b)
{
	const struct suite *x = *(struct suite *const *)a, *y = *(struct suite *const *)b;

	int order = strcmp(x->own_name, y->own_name);

	return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* Gives suites[0..nsuites) long names. 1: all of them differ; 0: not; -ENOMEM. */
static int suites_try_names(struct suite **suites, char **names, size_t nsuites, unsigned depth,
			    bool by_file)
{
	struct name_set set;
	int distinct = 1;

	if (name_set_init(&set, nsuites) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < nsuites && distinct > 0; i++) {
		names[i] = suite_long_name(suites[i], depth, by_file);
		if (!names[i])
			distinct = -ENOMEM;
		else if (!name_set_add(&set, names[i]))
			distinct = 0;
	}
	free(set.slots);
	return distinct;
}

static unsigned suites_max_depth(struct suite **suites, size_t nsuites)
{
	unsigned max = 0;

	for (size_t i = 0; i < nsuites; i++) {
		unsigned depth = 0;

		for (const char *p = suites[i]->path; *p; p++)
			depth += *p == '/';
		if (depth > max)
			max = depth;
	}
	return max;
}

/* Names suites that share one; `names` gets the result where one was found. */
static int suites_tell_apart(struct suite **suites, char **names, size_t nsuites)
{
	unsigned max = suites_max_depth(suites, nsuites);

	for (unsigned by_file = 0; by_file < 2; by_file++)
		for (unsigned depth = !by_file; depth <= max; depth++) {
			int ret = suites_try_names(suites, names, nsuites, depth, by_file);

			if (ret != 0)
				return ret < 0 ? ret : 0;
		}
	for (size_t i = 0; i < nsuites; i++)
		names[i] = suites[i]->own_name;
	return 0;
}

/* Renames the suite and so its tests. */
static int suite_rename(struct suite *s, char *name)
{
	if (strcmp(s->name, name) == 0)
		return 0;
	s->name = name;
	for (size_t i = 0; i < s->ntests; i++) {
		struct proctor_test *pub = &s->tests[i].pub;
		char *id = suite_test_id(s, pub->name);

		if (!id)
			return -ENOMEM;
		pub->id = id;
		pub->suite = name;
	}
	return 0;
}

/* Numbers tests of equal names. Names from symbols cannot be equal, given ones can. */
static int suite_name_tests(struct suite *s)
{
	struct name_set set;
	int ret = 0;

	if (s->ntests < 2)
		return 0;
	if (name_set_init(&set, s->ntests) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < s->ntests && ret == 0; i++) {
		struct proctor_test *pub = &s->tests[i].pub;
		char *name = name_set_claim(&set, &s->plan->arena, (char *)pub->name);
		char *id;

		if (name == pub->name)
			continue;
		id = name ? suite_test_id(s, name) : NULL;
		if (id) {
			s->tests[i].own_name = pub->name;
			pub->id = id;
			pub->name = name;
		} else {
			ret = -ENOMEM;
		}
	}
	free(set.slots);
	return ret;
}

/* Renames so that no two suites are called the same; `sorted` and `names` have room for all. */
static int plan_name_suites(struct proctor_plan *plan, struct suite **sorted, char **names)
{
	struct name_set set;
	size_t n = plan->nsuites;
	int ret = 0;

	memcpy(sorted, plan->suites, n * sizeof(struct suite *));
	qsort(sorted, n, sizeof(struct suite *), own_name_compare);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (strcmp(sorted[end]->own_name, sorted[i]->own_name) != 0)
				break;
		names[i] = sorted[i]->own_name;
		if (end - i > 1 && suites_tell_apart(sorted + i, names + i, end - i) < 0)
			return -ENOMEM;
	}
	if (name_set_init(&set, n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n && ret == 0; i++) {
		char *name = name_set_claim(&set, &plan->arena, names[i]);

		ret = name ? suite_rename(sorted[i], name) : -ENOMEM;
	}
	free(set.slots);
	return ret;
}

/* SUITE::NAME of one suite can be SUITE of another only where a suite's name has "::" in it. */
static bool plan_ids_may_meet(const struct proctor_plan *plan)
{
	for (size_t i = 0; i < plan->nsuites; i++)
		if (strstr(plan->suites[i]->name, "::"))
			return true;
	return false;
}

/* Numbers ids that are equal though suite and test differ. */
static int plan_tell_ids_apart(struct proctor_plan *plan)
{
	struct name_set set;
	size_t ntests = 0;
	int ret = 0;

	if (!plan_ids_may_meet(plan))
		return 0;
	for (size_t i = 0; i < plan->nsuites; i++)
		ntests += plan->suites[i]->ntests;
	if (name_set_init(&set, ntests) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < plan->nsuites && ret == 0; i++)
		for (size_t k = 0; k < plan->suites[i]->ntests && ret == 0; k++) {
			struct proctor_test *pub = &plan->suites[i]->tests[k].pub;

			pub->id = name_set_claim(&set, &plan->arena, (char *)pub->id);
			ret = pub->id ? 0 : -ENOMEM;
		}
	free(set.slots);
	return ret;
}

int plan_name_all(struct proctor_plan *plan)
{
	struct suite **sorted;
	char **names;
	int ret = -ENOMEM;

	if (plan->nsuites == 0)
		return 0;
	sorted = calloc(plan->nsuites, sizeof(struct suite *));
	names = calloc(plan->nsuites, sizeof(char *));
	if (sorted && names)
		ret = plan_name_suites(plan, sorted, names);
	for (size_t i = 0; i < plan->nsuites && ret == 0; i++)
		ret = suite_name_tests(plan->suites[i]);
	if (ret == 0)
		ret = plan_tell_ids_apart(plan);
	free(names);
	free(sorted);
	return ret;
}
