/* SPDX-License-Identifier: MIT */
#include "coverage/unmapped.h"

#include "coverage/raw.h"
#include "coverage/raw_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A profile in memory. */
struct profile {
	unsigned char *bytes;
	size_t nbytes;
	struct raw_header h;
	struct raw_names names;
};

static int no_memory(struct proctor_error *err)
{
	error_set(err, -ENOMEM, "no memory for functions without a coverage map");
	return -ENOMEM;
}

static int file_read(struct profile *p, const char *path, struct proctor_error *err)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	int ret = 0;

	if (!f)
		return error_sys(err, errno, "cannot open %s", path);
	if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode))
		ret = error_set(err, -EBADMSG, "%s is damaged: it is not a file", path);
	else if (!(p->bytes = malloc((size_t)st.st_size + 1)))
		ret = no_memory(err);
	else
		p->nbytes = fread(p->bytes, 1, (size_t)st.st_size, f);
	if (ret == 0 && ferror(f))
		ret = error_sys(err, EIO, "cannot read %s", path);
	fclose(f);
	return ret;
}

static int profile_read(struct profile *p, const char *path, struct proctor_error *err)
{
	struct proctor_error why;
	int ret = file_read(p, path, err);

	if (ret < 0)
		return ret;
	ret = raw_read_header(p->bytes, p->nbytes, p->nbytes, &p->h, &why);
	if (ret == 0)
		ret = raw_names_read(&p->names, p->bytes + p->h.names_at, p->h.nnames, &why);
	return ret < 0 ? error_set(err, ret, "%s is damaged: %s", path, why.text) : 0;
}

static void profile_fini(struct profile *p)
{
	raw_names_fini(&p->names);
	free(p->bytes);
}

static uint64_t counter_at(const struct profile *p, const struct raw_function *f, uint32_t i)
{
	uint64_t count;

	memcpy(&count, p->bytes + p->h.counters_at + f->counters_offset + i * sizeof(count),
	       sizeof(count));
	return count;
}

/* What the compiler's front end instrumented counts its entry first. What the optimizer did (clang
 * -fprofile-generate) counts edges: one that ran has a count somewhere. */
static void function_count(const struct profile *p, const struct raw_function *f,
			   struct unmapped_function *to)
{
	to->counted = raw_counts_entries(p->h.version);
	for (uint32_t i = 0; i < f->ncounters; i++)
		if (counter_at(p, f, i) > 0)
			to->ran = true;
	if (to->counted && f->ncounters > 0)
		to->hits = counter_at(p, f, 0);
}

static int function_add(struct unmapped *u, const struct profile *p, const struct raw_function *f)
{
	struct unmapped_function *to = &u->list[u->n];
	const char *name = raw_names_find(&p->names, f->name_hash);

	*to = (struct unmapped_function){ .name = name ? strdup(name) : NULL };
	if (!name && asprintf(&to->name, "function of hash %016llx",
			      (unsigned long long)f->name_hash) < 0)
		to->name = NULL;
	if (!to->name)
		return -ENOMEM;
	function_count(p, f, to);
	u->nran += to->ran;
	u->n++;
	return 0;
}

static int function_compare(const void *a, const void *b)
{
	return strcmp(((const struct unmapped_function *)a)->name,
		      ((const struct unmapped_function *)b)->name);
}

static int functions_read(struct unmapped *u, const struct profile *p, struct proctor_error *err)
{
	int ret = 0;

	u->list = calloc(p->h.ndata + 1, sizeof(*u->list));
	if (!u->list)
		return no_memory(err);
	for (uint64_t i = 0; i < p->h.ndata && ret == 0; i++) {
		struct raw_function f;

		ret = raw_read_function(&p->h, p->bytes + p->h.data_at, i, &f, err);
		if (ret == 0 && function_add(u, p, &f) < 0)
			ret = no_memory(err);
	}
	if (u->n > 1)
		qsort(u->list, u->n, sizeof(*u->list), function_compare);
	return ret;
}

static int paths_copy(struct unmapped *u, char *const *paths, size_t npaths,
		      struct proctor_error *err)
{
	u->paths = calloc(npaths + 1, sizeof(char *));
	for (; u->paths && u->npaths < npaths; u->npaths++) {
		u->paths[u->npaths] = strdup(paths[u->npaths]);
		if (!u->paths[u->npaths])
			return no_memory(err);
	}
	return u->paths ? 0 : no_memory(err);
}

static void one_fini(struct unmapped *u)
{
	for (size_t i = 0; i < u->npaths; i++)
		free(u->paths[i]);
	free(u->paths);
	for (size_t i = 0; i < u->n; i++)
		free(u->list[i].name);
	free(u->list);
}

int unmapped_add(struct unmapped_list *u, const char *profile, char *const *paths, size_t npaths,
		 struct proctor_error *err)
{
	struct unmapped *list = reallocarray(u->list, u->n + 1, sizeof(*list)), one = { 0 };
	struct profile p = { 0 };
	int ret;

	if (!list)
		return no_memory(err);
	u->list = list;
	ret = paths_copy(&one, paths, npaths, err);
	if (ret == 0)
		ret = profile_read(&p, profile, err);
	if (ret == 0)
		ret = functions_read(&one, &p, err);
	profile_fini(&p);
	if (ret < 0) {
		one_fini(&one);
		return ret;
	}
	u->list[u->n++] = one;
	u->nbinaries += npaths;
	u->nfunctions += one.n;
	u->nran += one.nran;
	return 0;
}

static int path_compare(const void *a, const void *b)
{
	return strcmp(((const struct unmapped *)a)->paths[0],
		      ((const struct unmapped *)b)->paths[0]);
}

void unmapped_sort(struct unmapped_list *u)
{
	if (u->n > 1)
		qsort(u->list, u->n, sizeof(*u->list), path_compare);
}

void unmapped_fini(struct unmapped_list *u)
{
	for (size_t i = 0; i < u->n; i++)
		one_fini(&u->list[i]);
	free(u->list);
	*u = (struct unmapped_list){ 0 };
}
