/* SPDX-License-Identifier: MIT */
#include "plan/model.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/tml.h"
#include "plan/libraries.h"

struct proctor_plan *plan_new(void)
{
	return calloc(1, sizeof(struct proctor_plan));
}

void plan_free(struct proctor_plan *plan)
{
	for (size_t i = 0; i < plan->nsuites; i++)
		free(plan->suites[i]->tests);
	file_set_fini(&plan->files);
	free(plan->suites);
	free(plan->tests);
	free(plan->order);
	libraries_free(plan->libraries);
	arena_fini(&plan->settings_arena);
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

struct suite *plan_suite_new(struct proctor_plan *plan, const char *name, const char *group,
			     const char *path)
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
	s->adapter = &adapter_tml;
	s->plan = plan;
	s->name = s->own_name = arena_copy(&plan->arena, name);
	s->group = arena_copy(&plan->arena, group ? group : "");
	s->path = path_absolute(&plan->arena, path);
	if (!s->name || !s->group || !s->path)
		return NULL;
	s->framework = plan->framework;
	s->arguments = plan->arguments;
	s->number = plan->nsuites;
	plan->suites[plan->nsuites++] = s;
	plan->stale = true;
	return s;
}

void plan_suite_drop(struct proctor_plan *plan)
{
	struct suite *s = plan->suites[--plan->nsuites];

	file_set_forget(&plan->files, s->key);
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

	if (suite->adapter->single && strcmp(name, suite->own_name) == 0)
		return arena_copy(&suite->plan->arena, suite->name);
	id = arena_text(&suite->plan->arena, nsuite + 2 + nname);
	if (id) {
		memcpy(id, suite->name, nsuite);
		memcpy(id + nsuite, "::", 2);
		memcpy(id + nsuite + 2, name, nname);
	}
	return id;
}

/* Makes room for one more. The tests may move: plan->tests is made anew before it is next looked at. */
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
	/* The id ends with the name, which needs no text of its own. Only a program's id may be the
	 * suite's name alone. */
	t.pub.name = strlen(id) > strlen(suite->name) ? id + strlen(suite->name) + 2 : suite->own_name;
	t.pub.suite = suite->name;
	t.pub.group = suite->group;
	t.pub.path = suite->path;
	t.pub.index = index;
	/* There may be a million tests, most with the file of the one before: the text is shared. */
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

struct test *suite_test_by_index(struct suite *suite, unsigned index, const char *name,
				 const char *file)
{
	char symbol[TML_SYMBOL_BYTES];

	tml_symbol(index, symbol);
	return suite_test_new(suite, index, name ? name : symbol, file, symbol);
}

int plan_copy_words(struct proctor_plan *plan, const char *const *words, char ***copy)
{
	char **list;
	size_t n = 0;

	while (words && words[n])
		n++;
	*copy = NULL;
	if (n == 0)
		return 0;
	list = arena_alloc(&plan->arena, (n + 1) * sizeof(*list));
	for (size_t i = 0; list && i < n; i++) {
		list[i] = arena_copy(&plan->arena, words[i]);
		if (!list[i])
			return -ENOMEM;
	}
	*copy = list;
	return list ? 0 : -ENOMEM;
}

int test_set_env(struct test *t, const char *const *env)
{
	return plan_copy_words(t->suite->plan, env, &t->env);
}
