/* SPDX-License-Identifier: MIT */
#include "coverage/tml_functions.h"

#include "base/file_content.h"
#include "base/hash.h"
#include "base/vector.h"
#include "wire/counter_area.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The list moves when it grows: the table holds places in it, plus 1. */
struct key {
	const struct functions *functions;
	const char *name;
};

static bool is_named(const void *item, const void *key)
{
	const struct key *k = key;

	return strcmp(k->functions->list[(uintptr_t)item - 1].name, k->name) == 0;
}

/* The function of that name, new if there is none; NULL: no memory. */
static struct function *function_named(struct functions *f, const char *name)
{
	const struct key key = { f, name };
	uint64_t hash = hash_text(name);
	uintptr_t place = (uintptr_t)hash_table_find(&f->by_name, hash, is_named, &key);
	struct function *function;
	char *copy;

	if (place)
		return &f->list[place - 1];
	copy = strdup(name);
	function = copy ? vector_add(f) : NULL;
	if (function && !hash_table_add(&f->by_name, hash, (void *)(uintptr_t)f->n)) {
		f->n--;
		function = NULL;
	}
	if (function)
		*function = (struct function){ .name = copy, .counted = true };
	else
		free(copy);
	return function;
}

int functions_add(struct functions *f, const char *name, uint64_t hits, unsigned nprocesses)
{
	struct function *function = function_named(f, name);

	if (!function)
		return -ENOMEM;
	function->nprocesses += nprocesses;
	if (__builtin_add_overflow(function->hits, hits, &function->hits))
		function->hits = UINT64_MAX;
	return 0;
}

/* A copy of an entry. It is copied before it is checked: a process that a test left may still write to the area. */
struct copy {
	uint64_t hits;
	uint32_t nprocesses;
	char name[AREA_FUNCTION_NAME_BYTES];
};

/* Copies the entry that a slot tells; false: none can be there. */
static bool entry_copy(const char *entries, uint32_t value, struct copy *copy)
{
	const struct area_function *entry = (const void *)(entries + value - 1);
	uint32_t at = value - 1, n;

	if (at % _Alignof(struct area_function) != 0 || at > AREA_FUNCTION_BYTES - sizeof(*entry))
		return false;
	n = *(const volatile uint32_t *)&entry->nname;
	if (n == 0 || n >= sizeof(copy->name) || n > AREA_FUNCTION_BYTES - sizeof(*entry) - at)
		return false;
	copy->hits = atomic_load(&entry->hits);
	copy->nprocesses = atomic_load(&entry->nprocesses);
	memcpy(copy->name, entry->name, n);
	copy->name[n] = '\0';
	return strlen(copy->name) == n && !strchr(copy->name, '\n');
}

/* Goes through the index of an area and adds each function to `f`; NULL: only checks that all entries are in order. */
static int area_walk(struct functions *f, const void *index)
{
	const _Atomic uint32_t *slots = index;
	const char *entries = (const char *)(slots + AREA_FUNCTIONS);
	struct copy copy;
	int ret = 0;

	for (uint32_t i = 0; i < AREA_FUNCTIONS && ret == 0; i++) {
		uint32_t value = atomic_load(&slots[i]);

		if (value != 0 && !entry_copy(entries, value, &copy))
			ret = -EBADMSG;
		/* An entry without hits: the process that made it was killed before it could add them. */
		else if (value != 0 && f && copy.hits > 0 && copy.nprocesses > 0)
			ret = functions_add(f, copy.name, copy.hits, copy.nprocesses);
	}
	return ret;
}

int functions_add_area(struct functions *f, const void *index)
{
	int ret = area_walk(NULL, index);

	return ret < 0 ? ret : area_walk(f, index);
}

/* Ends each line with NUL and checks it. */
static int lines_check(struct bytes *b, const char *path, struct proctor_error *err)
{
	size_t number = 1;

	if (b->nbytes > 0 && b->data[b->nbytes - 1] != '\n')
		return error_set(err, -EBADMSG, "%s is truncated: its last line does not end", path);
	for (char *line = b->data, *end; line < b->data + b->nbytes; line = end + 1, number++) {
		end = memchr(line, '\n', (size_t)(b->data + b->nbytes - line));
		if (memchr(line, '\0', (size_t)(end - line)) || end == line)
			return error_set(err, -EBADMSG, "%s, line %zu: it is no function's name", path,
					 number);
		*end = '\0';
	}
	return 0;
}

int functions_add_file(struct functions *f, const char *path, struct proctor_error *err)
{
	struct bytes b = { .data = NULL };
	int ret = file_content(&b, path, err);

	if (ret == 0)
		ret = lines_check(&b, path, err);
	f->nfiles++;
	for (const char *line = b.data; ret == 0 && line < b.data + b.nbytes; line += strlen(line) + 1) {
		struct function *function = function_named(f, line);

		if (!function) {
			ret = error_set(err, -ENOMEM, "no memory for the functions of %s", path);
			break;
		}
		function->counted = false;
		function->nprocesses += function->file != f->nfiles;
		function->file = f->nfiles;
	}
	bytes_fini(&b);
	return ret;
}

static int function_compare(const void *a, const void *b)
{
	return strcmp(((const struct function *)a)->name, ((const struct function *)b)->name);
}

void functions_sort(struct functions *f)
{
	/* The places change: what finds them is of no use any more. */
	hash_table_fini(&f->by_name);
	if (f->n > 1)
		qsort(f->list, f->n, sizeof(*f->list), function_compare);
}

void functions_fini(struct functions *f)
{
	hash_table_fini(&f->by_name);
	for (size_t i = 0; i < f->n; i++)
		free(f->list[i].name);
	free(f->list);
	*f = (struct functions){ .n = 0 };
}
