/* SPDX-License-Identifier: MIT */
#include "coverage/unmapped.h"

#include "base/vector.h"
#include "coverage/raw_names.h"

#include <errno.h>
#include <stdio.h>

static uint64_t counter_at(const struct merge_sum *sum, const struct raw_function *f, uint32_t i)
{
	uint64_t count;

	memcpy(&count, sum->profile + sum->header.counters_at + f->counters_offset +
	       i * sizeof(count), sizeof(count));
	return count;
}

/* What the compiler's front end instrumented counts its entry first. What the optimizer did (clang
 * -fprofile-generate) counts edges: one that ran has a count somewhere. */
static void function_count(const struct merge_sum *sum, const struct raw_function *f,
			   struct function *to)
{
	to->counted = raw_counts_entries(sum->header.version);
	for (uint32_t i = 0; i < f->ncounters; i++)
		if (counter_at(sum, f, i) > 0)
			to->nprocesses = 1;
	if (to->counted && f->ncounters > 0)
		to->hits = counter_at(sum, f, 0);
}

static bool function_add(struct unmapped *u, const struct merge_sum *sum,
			 const struct raw_function *f, const struct raw_names *names)
{
	const char *name = raw_names_find(names, f->name_hash);
	struct function *to = vector_add(&u->functions);

	if (!to)
		return false;
	if (name)
		to->name = strdup(name);
	else if (asprintf(&to->name, "function of hash %016llx",
			  (unsigned long long)f->name_hash) < 0)
		to->name = NULL;
	function_count(sum, f, to);
	return to->name;
}

static int functions_read(struct unmapped *u, const struct merge_sum *sum,
			  struct proctor_error *err)
{
	const struct raw_header *h = &sum->header;
	struct raw_names names;
	int ret = raw_names_read(&names, sum->profile + h->names_at, h->nnames, err);

	for (uint64_t i = 0; i < h->ndata && ret == 0; i++) {
		struct raw_function f;

		ret = raw_read_function(h, sum->profile + h->data_at + i * h->data_record_bytes, i, &f,
					err);
		if (ret == 0 && !function_add(u, sum, &f, &names))
			ret = -ENOMEM;
	}
	raw_names_fini(&names);
	return ret;
}

static void one_fini(struct unmapped *u)
{
	texts_fini(&u->paths);
	functions_fini(&u->functions);
}

int unmapped_add(struct unmapped_list *u, const struct merge_sum *sum, struct texts *paths,
		 struct proctor_error *err)
{
	struct unmapped *one = vector_add(u), none = { .paths = *paths };
	struct proctor_error why;
	int ret = -ENOMEM;

	*paths = (struct texts){ .list = NULL };
	if (!one) {
		one_fini(&none);
	} else {
		one->paths = none.paths;
		ret = one->paths.lost ? -ENOMEM : functions_read(one, sum, &why);
	}
	if (ret == -ENOMEM)
		return error_set(err, ret, "no memory for functions without a coverage map");
	return ret < 0 ? error_set(err, ret, "the profile of %s is damaged: %s", one->paths.list[0],
				   why.text) : 0;
}

static int path_compare(const void *a, const void *b)
{
	return strcmp(((const struct unmapped *)a)->paths.list[0],
		      ((const struct unmapped *)b)->paths.list[0]);
}

void unmapped_sort(struct unmapped_list *u)
{
	for (size_t i = 0; i < u->n; i++) {
		struct unmapped *one = &u->list[i];

		functions_sort(&one->functions);
		for (size_t j = 0; j < one->functions.n; j++)
			one->nran += one->functions.list[j].nprocesses > 0;
		u->nbinaries += one->paths.n;
		u->nfunctions += one->functions.n;
		u->nran += one->nran;
	}
	if (u->n > 1)
		qsort(u->list, u->n, sizeof(*u->list), path_compare);
}

void unmapped_fini(struct unmapped_list *u)
{
	for (size_t i = 0; i < u->n; i++)
		one_fini(&u->list[i]);
	free(u->list);
	*u = (struct unmapped_list){ .list = NULL };
}
