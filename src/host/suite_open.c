/* SPDX-License-Identifier: MIT */
#include "host/suite_open.h"

#include "base/hash.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct opened *suite_find(const struct suites *s, const char *path)
{
	uint32_t hash = hash_string(path);
	size_t i;

	/* From the last one on: consecutive tasks are mostly of the same suite. */
	for (i = s->nsuites; i-- > 0;)
		if (s->suites[i]->hash == hash && strcmp(s->suites[i]->path, path) == 0)
			return s->suites[i];
	return NULL;
}

void suites_close(struct suites *s)
{
	size_t nkept = 0, i;

	for (i = 0; i < s->nsuites; i++) {
		struct opened *o = s->suites[i];

		if (!o->closes) {
			s->suites[nkept++] = o;
			continue;
		}
		dlclose(o->handle);
		free(o->path);
		free(o);
	}
	s->nsuites = nkept;
}

struct opened *suite_open(struct suites *s, const char *path, const char **why)
{
	struct opened *o = calloc(1, sizeof(*o));

	*why = "no memory";
	if (!o)
		return NULL;
	o->path = strdup(path);
	if (!o->path)
		goto free_opened;
	if (s->nsuites == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct opened **suites = realloc(s->suites, cap * sizeof(struct opened *));

		if (!suites)
			goto free_path;
		s->suites = suites;
		s->cap = cap;
	}
	o->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!o->handle) {
		*why = dlerror();
		goto free_path;
	}
	o->hash = hash_string(path);
	s->suites[s->nsuites++] = o;
	return o;
free_path:
	free(o->path);
free_opened:
	free(o);
	return NULL;
}
