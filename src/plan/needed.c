/* SPDX-License-Identifier: MIT */
#include "plan/needed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/libraries.h"

/* The needs found so far. */
struct needs {
	struct need *needs;
	size_t nneeds, cap_needs;
};

static bool needs_have(const struct needs *n, const char *soname)
{
	for (size_t i = 0; i < n->nneeds; i++)
		if (strcmp(n->needs[i].soname, soname) == 0)
			return true;
	return false;
}

static int needs_add(struct needs *n, const char *soname, const char *path, dev_t dev, ino_t ino)
{
	if (needs_have(n, soname))
		return 0;
	if (n->nneeds == n->cap_needs) {
		size_t cap = n->cap_needs ? n->cap_needs * 2 : 8;
		struct need *needs = reallocarray(n->needs, cap, sizeof(*needs));

		if (!needs)
			return -ENOMEM;
		n->needs = needs;
		n->cap_needs = cap;
	}
	/* The texts belong to struct libraries or to the ELF file; the plan gets a copy later. */
	n->needs[n->nneeds++] = (struct need){
		.soname = (char *)soname, .path = path, .dev = dev, .ino = ino,
	};
	return 0;
}

static int need_compare(const void *a, const void *b)
{
	return strcmp(((const struct need *)a)->soname, ((const struct need *)b)->soname);
}

/* Gives the suite its copy of the needs. */
static int suite_take_needs(struct suite *s, const struct needs *n)
{
	struct arena *arena = &s->plan->arena;

	s->needs = arena_alloc(arena, n->nneeds * sizeof(*s->needs));
	if (!s->needs)
		return -ENOMEM;
	for (size_t i = 0; i < n->nneeds; i++) {
		s->needs[i] = n->needs[i];
		s->needs[i].soname = arena_copy(arena, n->needs[i].soname);
		if (!s->needs[i].soname)
			return -ENOMEM;
	}
	s->nneeds = n->nneeds;
	if (s->nneeds > 1)
		qsort(s->needs, s->nneeds, sizeof(*s->needs), need_compare);
	return 0;
}

/* Resolves one need of `by`; a library found this way is put behind `*last`. */
static int suite_resolve_need(struct suite *s, struct needs *needs, const struct loaded *by,
			      const char *soname, struct loaded **last, struct arena *scratch)
{
	enum sanitizer sanitizer;
	const struct library *lib;
	struct loaded *next;
	int ret;

	if (needs_have(needs, soname))
		return 0;
	ret = libraries_find(s->plan->libraries, by, soname, getenv("LD_LIBRARY_PATH"), &lib);
	if (ret == 0)
		ret = needs_add(needs, soname, lib ? lib->path : NULL, lib ? lib->file.dev : 0,
				lib ? lib->file.ino : 0);
	if (ret < 0)
		return ret;
	if (!s->preload && soname_is_runtime(soname, &sanitizer)) {
		s->sanitizer = sanitizer;
		if (lib)
			s->preload = lib->path;
		else
			ret = libraries_runtime(s->plan->libraries, soname, &s->preload);
	}
	if (ret < 0 || !lib)
		return ret;
	/* To the dynamic linker a library is loaded under its own soname, too, whatever it was needed as. */
	if (lib->soname && needs_add(needs, lib->soname, lib->path, lib->file.dev, lib->file.ino) < 0)
		return -ENOMEM;
	s->unique = s->unique || lib->unique;
	next = arena_alloc(scratch, sizeof(*next));
	if (!next)
		return -ENOMEM;
	next->lib = lib;
	next->loader = by;
	(*last)->next = next;
	*last = next;
	return 0;
}

struct libraries *plan_libraries(struct proctor_plan *plan)
{
	if (!plan->libraries)
		plan->libraries = libraries_new();
	return plan->libraries;
}

int suite_find_needed(struct suite *suite, const struct elf_file *f, struct proctor_error *err)
{
	struct arena scratch = {0};
	struct needs needs = {0};
	struct library own = {.path = suite->path};
	struct loaded first = {.lib = &own}, *last = &first;
	int ret = plan_libraries(suite->plan) ? library_fill(&own, &scratch, f) : -ENOMEM;

	if (ret == 0 && own.soname)
		ret = needs_add(&needs, own.soname, suite->path, suite->file.dev, suite->file.ino);
	/* In the order in which the dynamic linker loads them, breadth first: of two libraries with one
	 * soname it takes the first for both. */
	for (const struct loaded *l = &first; l && ret == 0; l = l->next)
		for (size_t i = 0; i < l->lib->nneeded && ret == 0; i++)
			ret = suite_resolve_need(suite, &needs, l, l->lib->needed[i], &last,
						 &scratch);
	if (ret == 0)
		ret = suite_take_needs(suite, &needs);
	free(needs.needs);
	arena_fini(&scratch);
	if (ret < 0)
		return error_sys(err, ENOMEM, "cannot look at the libraries that %s needs",
				 suite->path);
	return 0;
}

/* True if each soname that both need is the same file for both. */
static bool needs_agree(const struct suite *a, const struct suite *b)
{
	size_t i = 0, j = 0;

	while (i < a->nneeds && j < b->nneeds) {
		const struct need *x = &a->needs[i], *y = &b->needs[j];
		int order = strcmp(x->soname, y->soname);

		if (order == 0 && (x->dev != y->dev || x->ino != y->ino))
			return false;
		i += order <= 0;
		j += order >= 0;
	}
	return true;
}

static bool texts_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool suites_compatible(const struct suite *a, const struct suite *b)
{
	if (a == b)
		return true;
	return !a->unique && !b->unique &&
	       !(a->file.dev == b->file.dev && a->file.ino == b->file.ino) &&
	       a->sanitizer == b->sanitizer && texts_equal(a->preload, b->preload) &&
	       needs_agree(a, b);
}
