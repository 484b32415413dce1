/* SPDX-License-Identifier: MIT */
#include "plan/file_key.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What follows the last slash. */
static const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct file_key file_key_of(const char *path)
{
	const char *name = path_name(path);
	char dir[PATH_MAX] = ".";
	struct stat st;

	if (name > path)
		snprintf(dir, sizeof(dir), "%.*s", (int)(name - path), path);
	/* A longer path cannot be opened anyway. */
	if (name - path < (ptrdiff_t)sizeof(dir) && stat(dir, &st) == 0)
		return (struct file_key){ st.st_dev, st.st_ino, name };
	return (struct file_key){ .name = path };
}

static int file_key_compare(const void *a, const void *b)
{
	const struct file_key *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return strcmp(x->name, y->name);
}

bool file_key_equal(const struct file_key *a, const struct file_key *b)
{
	return file_key_compare(a, b) == 0;
}

/* Most files are in the same directory as the one before: then its key is known already. */
static struct file_key file_set_key(struct file_set *set, const char *path)
{
	const char *name = path_name(path);
	size_t ndir = (size_t)(name - path);

	if (set->last_path && set->last.name == set->last_path + ndir &&
	    memcmp(path, set->last_path, ndir) == 0)
		set->last.name = name;
	else
		set->last = file_key_of(path);
	set->last_path = path;
	return set->last;
}

int file_set_remember(struct file_set *set, struct arena *arena, const char *path,
		      struct file_key **kept)
{
	struct file_key *key = arena_alloc(arena, sizeof(*key));
	struct file_key *const *node;

	if (!key)
		return -ENOMEM;
	*key = file_set_key(set, path);
	node = tsearch(key, &set->keys, file_key_compare);
	if (!node)
		return -ENOMEM;
	*kept = *node == key ? key : NULL;
	return 0;
}

void file_set_forget(struct file_set *set, const struct file_key *kept)
{
	if (kept)
		tdelete(kept, &set->keys, file_key_compare);
}

static void key_free(void *key)
{
	(void)key;	/* the arena's */
}

void file_set_fini(struct file_set *set)
{
	tdestroy(set->keys, key_free);
	set->keys = NULL;
}
