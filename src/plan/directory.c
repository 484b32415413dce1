/* SPDX-License-Identifier: MIT */
#include "plan/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plan/discover.h"

/* A file to be looked at, or a linked directory to be searched. */
struct candidate {
	char *path;
	enum discover_as as;		/* of a file */
	bool link;			/* it, or a directory on the way to it, is a link */
};

struct candidates {
	struct candidate *list;
	size_t n, cap;
};

struct search {
	struct proctor_plan *plan;
	const char *exe_glob;		/* NULL: no executables */
	struct candidates files;
	struct candidates links;	/* to directories, not searched yet */
	bool linked;			/* what is searched was reached by a link */
	void *searched;			/* tsearch: struct directory_id */
};

struct directory_id {
	dev_t dev;
	ino_t ino;
};

static int directory_id_compare(const void *a, const void *b)
{
	const struct directory_id *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void candidates_fini(struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->list[i].path);
	free(c->list);
}

static void search_fini(struct search *search)
{
	candidates_fini(&search->files);
	candidates_fini(&search->links);
	tdestroy(search->searched, free);
}

/* Takes over `path`. */
static int candidates_add(struct candidates *c, char *path, enum discover_as as, bool link)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		struct candidate *list = reallocarray(c->list, cap, sizeof(*list));

		if (!list) {
			free(path);
			return -ENOMEM;
		}
		c->list = list;
		c->cap = cap;
	}
	c->list[c->n++] = (struct candidate){.path = path, .as = as, .link = link};
	return 0;
}

static int search_directory(struct search *search, const char *path, struct proctor_error *err);

/* What the entry is; where the file system does not say, the file is asked. */
static unsigned char entry_type(const struct dirent *entry, const char *path)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (lstat(path, &st) < 0)
		return DT_UNKNOWN;
	return IFTODT(st.st_mode);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Takes over `path`. A pipe or a socket is passed over, unless its name fits the glob: then it is kept
 * as a program that cannot be run, so that somebody hears of it. */
static int search_path(struct search *search, char *path, unsigned char type, bool library,
		       bool program, struct proctor_error *err)
{
	enum discover_as as = program ? DISCOVER_PROGRAM : DISCOVER_LIBRARY;
	int ret = 0;

	if (type == DT_LNK && is_directory(path))
		return candidates_add(&search->links, path, as, true);
	if (type != DT_DIR && (program || (library && (type == DT_REG || type == DT_LNK))))
		return candidates_add(&search->files, path, as, search->linked || type == DT_LNK);
	if (type == DT_DIR)
		ret = search_directory(search, path, err);
	free(path);
	return ret;
}

static int search_entry(struct search *search, const char *dir, const struct dirent *entry,
			struct proctor_error *err)
{
	size_t n = strlen(entry->d_name);
	bool library = n > 3 && strcmp(entry->d_name + n - 3, ".so") == 0;
	bool program = search->exe_glob && fnmatch(search->exe_glob, entry->d_name, FNM_PERIOD) == 0;
	char *path;
	int ret;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	/* Most files of a build tree are none of these: they shall cost no system call. */
	if (!library && !program && entry->d_type != DT_DIR && entry->d_type != DT_LNK &&
	    entry->d_type != DT_UNKNOWN)
		return 0;
	if (asprintf(&path, "%s/%s", dir, entry->d_name) < 0)
		return error_sys(err, ENOMEM, "cannot search %s", dir);
	ret = search_path(search, path, entry_type(entry, path), library, program, err);
	return ret == -ENOMEM ? error_sys(err, ENOMEM, "cannot search %s", dir) : ret;
}

/* 1: it was searched before, be it by another path; 0: it was not, and is remembered. -ENOMEM. */
static int search_was_here(struct search *search, DIR *dir)
{
	struct directory_id *id = malloc(sizeof(*id));
	struct directory_id *const *node;
	struct stat st;

	if (!id)
		return -ENOMEM;
	if (fstat(dirfd(dir), &st) < 0) {
		free(id);
		return 0;
	}
	*id = (struct directory_id){.dev = st.st_dev, .ino = st.st_ino};
	node = tsearch(id, &search->searched, directory_id_compare);
	if (node && *node == id)
		return 0;
	free(id);
	return node ? 1 : -ENOMEM;
}

static int search_entries(struct search *search, const char *path, DIR *dir,
			  struct proctor_error *err)
{
	const struct dirent *entry;
	struct proctor_error why;
	int ret = search_was_here(search, dir);

	if (ret != 0)
		return ret < 0 ? error_sys(err, ENOMEM, "cannot search %s", path) : 0;
	while (ret == 0) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		ret = search_entry(search, path, entry, err);
	}
	if (ret == 0 && errno != 0) {
		error_sys(&why, errno, "cannot search the directory %s", path);
		ret = discover_broken(search->plan, path, why.text, err);
	}
	return ret;
}

/* Reads all of it; links to directories are put off. */
static int search_directory(struct search *search, const char *path, struct proctor_error *err)
{
	struct proctor_error why;
	DIR *dir = opendir(path);
	int ret;

	if (!dir && errno == ENOMEM)
		return error_sys(err, ENOMEM, "cannot search %s", path);
	if (!dir) {
		error_sys(&why, errno, "cannot search the directory %s", path);
		return discover_broken(search->plan, path, why.text, err);
	}
	ret = search_entries(search, path, dir, err);
	closedir(dir);
	return ret;
}

/* By path, and links last: a link counts only if the file behind it was not found otherwise. */
static int candidate_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->link != y->link)
		return x->link ? 1 : -1;
	return strcmp(x->path, y->path);
}

/* Adds a file that is a link, or lies in a linked directory, unless the file behind it is in the plan
 * already, by its own path or by another link. */
static int search_link(struct search *search, const struct candidate *c,
		       struct proctor_error *err)
{
	char *target = realpath(c->path, NULL), *kept;
	struct file_key own = file_key_of(c->path), behind, *key;
	struct stat st;

	/* A link that leads nowhere, or to no regular file, is added: it becomes an error that is told. */
	if (!target || stat(target, &st) < 0 || !S_ISREG(st.st_mode)) {
		free(target);
		return discover_file(search->plan, c->path, c->as, err);
	}
	kept = arena_copy(&search->plan->arena, target);
	free(target);
	if (!kept)
		return error_sys(err, ENOMEM, "cannot add %s", c->path);
	behind = file_key_of(kept);
	/* A file in a linked directory: what its path leads to is the file itself, which discover_file()
	 * looks for in the plan. */
	if (file_key_equal(&own, &behind))
		return discover_file(search->plan, c->path, c->as, err);
	if (file_set_remember(&search->plan->files, &search->plan->arena, kept, &key) < 0)
		return error_sys(err, ENOMEM, "cannot add %s", c->path);
	return key ? discover_file(search->plan, c->path, c->as, err) : 0;
}

/*
 * Searches the directories that links lead to, after all that is reached without links: so a directory
 * that lies in the tree is known by its own path, any other by the first link to it. Links in a circle
 * do no harm, as each directory is searched once.
 */
static int search_links(struct search *search, struct proctor_error *err)
{
	int ret = 0;

	search->linked = true;
	while (ret == 0 && search->links.n > 0) {
		struct candidates links = search->links;

		search->links = (struct candidates){0};
		qsort(links.list, links.n, sizeof(*links.list), candidate_compare);
		for (size_t i = 0; i < links.n && ret == 0; i++)
			ret = search_directory(search, links.list[i].path, err);
		candidates_fini(&links);
	}
	return ret;
}

static int search_look(struct search *search, struct proctor_error *err)
{
	int ret = 0;

	if (search->files.n > 1)
		qsort(search->files.list, search->files.n, sizeof(*search->files.list),
		      candidate_compare);
	for (size_t i = 0; i < search->files.n && ret == 0; i++) {
		const struct candidate *c = &search->files.list[i];

		ret = c->link ? search_link(search, c, err) :
				discover_file(search->plan, c->path, c->as, err);
	}
	return ret;
}

int directory_add(struct proctor_plan *plan, const char *path, const char *exe_glob,
		  struct proctor_error *err)
{
	struct search search = {.plan = plan, .exe_glob = exe_glob};
	size_t nsuites = plan->nsuites, n = strlen(path);
	char *top;
	int ret;

	while (n > 1 && path[n - 1] == '/')
		n--;
	top = strndup(path, n);
	ret = top ? search_directory(&search, top, err) :
		    error_sys(err, ENOMEM, "cannot search %s", path);
	free(top);
	if (ret == 0)
		ret = search_links(&search, err);
	if (ret == 0)
		ret = search_look(&search, err);
	search_fini(&search);
	while (ret < 0 && plan->nsuites > nsuites)
		plan_suite_drop(plan);
	return ret;
}
