/* SPDX-License-Identifier: MIT */
#include "plan/plan.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/discover.h"
#include "plan/file_key.h"
#include "plan/names.h"
#include "plan/needs.h"

struct proctor_plan *proctor_plan_new(void)
{
	return calloc(1, sizeof(struct proctor_plan));
}

void proctor_plan_free(struct proctor_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->nsuites; i++)
		free(plan->suites[i]->tests);
	plan_forget_files(plan);
	free(plan->suites);
	free(plan->tests);
	free(plan->order);
	resolver_free(plan->resolver);
	arena_fini(&plan->arena);
	free(plan);
}

char *path_absolute(struct arena *arena, const char *path)
{
	char *cwd = NULL, *joined, *to;
	const char *from = path;

	if (path[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return errno == ENOMEM ? NULL : arena_copy(arena, path);
	}
	joined = arena_text(arena, (cwd ? strlen(cwd) : 0) + 1 + strlen(path));
	if (joined) {
		to = cwd ? stpcpy(joined, cwd) : joined;
		while (*from) {
			size_t n;

			from += strspn(from, "/");
			n = strcspn(from, "/");
			if (n > 0 && !(n == 1 && from[0] == '.')) {
				if (to == joined || to[-1] != '/')
					*to++ = '/';
				to = mempcpy(to, from, n);
			}
			from += n;
		}
		if (to == joined)
			*to++ = '/';
		*to = '\0';
	}
	free(cwd);
	return joined;
}

char *suite_name_of(const char *path)
{
	const char *base = strrchr(path, '/');
	size_t n;

	base = base ? base + 1 : path;
	n = strlen(base);
	if (n > 3 && strcmp(base + n - 3, ".so") == 0) {
		n -= 3;
		if (n > 3 && strncmp(base, "lib", 3) == 0) {
			base += 3;
			n -= 3;
		}
	}
	return strndup(base, n);
}

struct suite *plan_suite_new(struct proctor_plan *plan, enum suite_kind kind, const char *name,
			     const char *group, const char *path)
{
	struct suite *s;

	if (plan->nsuites == plan->cap_suites) {
		size_t cap = plan->cap_suites ? plan->cap_suites * 2 : 16;
		struct suite **suites = reallocarray(plan->suites, cap, sizeof(struct suite *));

		if (!suites)
			return NULL;
		plan->suites = suites;
		plan->cap_suites = cap;
	}
	s = arena_alloc(&plan->arena, sizeof(*s));
	if (!s)
		return NULL;
	s->kind = kind;
	s->plan = plan;
	s->name = s->own_name = arena_copy(&plan->arena, name);
	s->group = arena_copy(&plan->arena, group ? group : "");
	s->path = path_absolute(&plan->arena, path);
	if (!s->name || !s->group || !s->path)
		return NULL;
	s->number = plan->nsuites;
	plan->suites[plan->nsuites++] = s;
	plan->stale = true;
	return s;
}

void plan_suite_drop(struct proctor_plan *plan)
{
	struct suite *s = plan->suites[--plan->nsuites];

	plan_forget_file(plan, s->key);
	free(s->tests);
	plan->stale = true;
}

static int suite_grow(struct suite *suite, size_t cap)
{
	struct test *tests = reallocarray(suite->tests, cap, sizeof(*tests));

	if (!tests)
		return -ENOMEM;
	suite->tests = tests;
	suite->cap_tests = cap;
	return 0;
}

int suite_reserve(struct suite *suite, size_t ntests, struct proctor_error *err)
{
	if (ntests > suite->cap_tests - suite->ntests &&
	    suite_grow(suite, suite->ntests + ntests) < 0)
		return error_sys(err, ENOMEM, "cannot list the tests of %s", suite->path);
	return 0;
}

char *suite_test_id(struct suite *suite, const char *name)
{
	size_t nsuite = strlen(suite->name), nname = strlen(name);
	char *id;

	if (suite->kind == SUITE_EXE && strcmp(name, suite->own_name) == 0)
		return arena_copy(&suite->plan->arena, suite->name);
	id = arena_text(&suite->plan->arena, nsuite + 2 + nname);
	if (id) {
		memcpy(id, suite->name, nsuite);
		memcpy(id + nsuite, "::", 2);
		memcpy(id + nsuite + 2, name, nname);
	}
	return id;
}

/* Room for one more; the plan must go on pointing at the tests if they move. */
static bool suite_has_room(struct suite *suite)
{
	return suite->ntests < suite->cap_tests ||
	       suite_grow(suite, suite->cap_tests ? suite->cap_tests * 2 : 4) == 0;
}

struct test *suite_test_new(struct suite *suite, unsigned index, const char *name,
			    const char *file, const char *symbol)
{
	struct arena *arena = &suite->plan->arena;
	const struct test *last;
	struct test t = {.suite = suite, .selected = true};
	char *id;

	if (!suite_has_room(suite))
		return NULL;
	last = suite->ntests ? &suite->tests[suite->ntests - 1] : NULL;
	id = suite_test_id(suite, name);
	if (!id)
		return NULL;
	t.pub.id = id;
	/* The end of the id, where it is that: an executable's may be another text. */
	t.pub.name = strlen(id) > strlen(suite->name) ? id + strlen(suite->name) + 2 : suite->own_name;
	t.pub.suite = suite->name;
	t.pub.group = suite->group;
	t.pub.path = suite->path;
	t.pub.index = index;
	/* There may be a million tests: what is the same text is one text. */
	if (!file || !*file)
		t.pub.file = "";
	else if (last && strcmp(last->pub.file, file) == 0)
		t.pub.file = last->pub.file;
	else
		t.pub.file = arena_copy(arena, file);
	if (symbol)
		t.symbol = strcmp(symbol, name) == 0 ? (char *)t.pub.name :
						       arena_copy(arena, symbol);
	if (!t.pub.file || (symbol && !t.symbol))
		return NULL;
	assert(suite->tests);	/* as there is room */
	suite->tests[suite->ntests] = t;
	suite->plan->stale = true;
	return &suite->tests[suite->ntests++];
}

/* Puts the selected tests into plan->tests, which has room, suite by suite as in plan->order. */
void plan_line_up(struct proctor_plan *plan)
{
	plan->ntests = 0;
	for (size_t i = 0; i < plan->nsuites; i++) {
		struct suite *s = plan->order[i];

		for (size_t j = 0; j < s->ntests; j++)
			if (s->tests[j].selected)
				plan->tests[plan->ntests++] = &s->tests[j];
	}
}

static size_t plan_count_selected(const struct proctor_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->nsuites; i++)
		for (size_t j = 0; j < plan->suites[i]->ntests; j++)
			n += plan->suites[i]->tests[j].selected;
	return n;
}

int plan_collect(struct proctor_plan *plan, struct proctor_error *err)
{
	size_t ntests = plan_count_selected(plan);
	struct test **tests;
	struct suite **order;

	if (plan->stale && plan_name_all(plan) < 0)
		return error_sys(err, ENOMEM, "cannot name the tests");
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
	plan->stale = false;
	return 0;
}

int plan_prepare(struct proctor_plan *plan, struct proctor_error *err)
{
	for (size_t i = 0; i < plan->nsuites; i++) {
		struct suite *s = plan->suites[i];
		int ret = s->inspected || s->ntests == 0 ? 0 : suite_inspect(s, err);

		if (ret < 0)
			return ret;
	}
	return plan_collect(plan, err);
}

/*
 * Collecting at each addition would make many additions quadratic, so that it is put off until
 * somebody looks. To the caller nothing changes by it.
 */
static int plan_freshen(const struct proctor_plan *plan)
{
	return plan->stale ? plan_collect((struct proctor_plan *)plan, NULL) : 0;
}

size_t proctor_plan_ntests(const struct proctor_plan *plan)
{
	return plan_freshen(plan) == 0 ? plan->ntests : plan_count_selected(plan);
}

const struct proctor_test *proctor_plan_test(const struct proctor_plan *plan, size_t i)
{
	if (plan_freshen(plan) < 0 || i >= plan->ntests)
		return NULL;
	return &plan->tests[i]->pub;
}

int proctor_plan_add_suite(struct proctor_plan *plan, const struct proctor_suite_desc *desc,
			   size_t *suite, struct proctor_error *err)
{
	const struct suite *s;
	char *name;

	if (!desc->path || !*desc->path)
		return error_set(err, -EINVAL, "a suite without a path");
	name = desc->name ? NULL : suite_name_of(desc->path);
	s = desc->name || name ?
	    plan_suite_new(plan, SUITE_TML, desc->name ? desc->name : name, desc->group,
			   desc->path) : NULL;
	free(name);
	if (!s)
		return error_sys(err, ENOMEM, "cannot add the suite %s", desc->path);
	*suite = plan->nsuites - 1;
	return 0;
}

int test_set_env(struct test *t, const char *const *env)
{
	struct arena *arena = &t->suite->plan->arena;
	size_t n = 0;

	while (env[n])
		n++;
	t->env = arena_alloc(arena, (n + 1) * sizeof(char *));
	if (!t->env)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		t->env[i] = arena_copy(arena, env[i]);
		if (!t->env[i])
			return -ENOMEM;
	}
	return 0;
}

int proctor_plan_add_test(struct proctor_plan *plan, size_t suite,
			  const struct proctor_test_desc *desc, struct proctor_error *err)
{
	char symbol[32];
	struct suite *s;
	struct test *t;

	if (suite >= plan->nsuites)
		return error_set(err, -EINVAL, "there is no suite number %zu to add a test "
					 "to", suite);
	s = plan->suites[suite];
	for (size_t i = 0; desc->env && desc->env[i]; i++)
		if (desc->env[i][0] == '=' || !strchr(desc->env[i], '='))
			return error_set(err, -EINVAL, "\"%s\" in the environment of test %u of %s "
					 "is not NAME=VALUE", desc->env[i], desc->index,
					 s->own_name);
	snprintf(symbol, sizeof(symbol), "tml_test_%u", desc->index);
	t = suite_test_new(s, desc->index, desc->name ? desc->name : symbol, desc->file, symbol);
	if (!t)
		goto no_memory;
	t->pub.ntests = desc->ntests;
	t->pub.timeout_us = desc->timeout_us;
	t->duration_us = desc->duration_us;
	if (desc->workdir)
		t->workdir = arena_copy(&plan->arena, desc->workdir);
	if ((desc->workdir && !t->workdir) || (desc->env && test_set_env(t, desc->env) < 0)) {
		s->ntests--;
		goto no_memory;
	}
	return 0;
no_memory:
	return error_sys(err, ENOMEM, "cannot add test %u of %s", desc->index, s->own_name);
}
