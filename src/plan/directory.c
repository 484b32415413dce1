/* SPDX-License-Identifier: MIT */
/* Searching directories for suites. */
#include "plan/discover.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file to be looked at. */
struct candidate {
	char *path;
	enum discover_as as;
	bool link;
};

struct search {
	struct proctor_plan *plan;
	const char *exe_glob;		/* NULL: no executables */
	struct candidate *candidates;
	size_t ncandidates, cap_candidates;
};

static void search_fini(struct search *search)
{
	for (size_t i = 0; i < search->ncandidates; i++)
		free(search->candidates[i].path);
	free(search->candidates);
}

/* Takes over `path`. */
static int search_add(struct search *search, char *path, enum discover_as as, bool link)
{
	if (search->ncandidates == search->cap_candidates) {
		size_t cap = search->cap_candidates ? search->cap_candidates * 2 : 64;
		struct candidate *candidates = reallocarray(search->candidates, cap,
							    sizeof(*candidates));

		if (!candidates) {
			free(path);
			return -ENOMEM;
		}
		search->candidates = candidates;
		search->cap_candidates = cap;
	}
	search->candidates[search->ncandidates++] =
		(struct candidate){.path = path, .as = as, .link = link};
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

static int search_entry(struct search *search, const char *dir, const struct dirent *entry,
			struct proctor_error *err)
{
	size_t n = strlen(entry->d_name);
	bool library = n > 3 && strcmp(entry->d_name + n - 3, ".so") == 0;
	bool program = search->exe_glob && fnmatch(search->exe_glob, entry->d_name, 0) == 0;
	unsigned char type;
	char *path;
	int ret = 0;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	/* Most files of a build tree are of no interest, and cost no more than this. */
	if (!library && !program && entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return 0;
	if (asprintf(&path, "%s/%s", dir, entry->d_name) < 0)
		return error_sys(err, ENOMEM, "cannot search %s", dir);
	type = entry_type(entry, path);
	if (type == DT_DIR) {
		ret = search_directory(search, path, err);
	} else if ((library || program) && (type == DT_REG || type == DT_LNK)) {
		if (search_add(search, path, program ? DISCOVER_PROGRAM : DISCOVER_LIBRARY,
			       type == DT_LNK) < 0)
			ret = error_sys(err, ENOMEM, "cannot search %s", dir);
		return ret;
	}
	free(path);
	return ret;
}

/* Reads all of it, links to directories apart, so that no loop can arise. */
static int search_directory(struct search *search, const char *path, struct proctor_error *err)
{
	struct proctor_error why;
	const struct dirent *entry;
	DIR *dir = opendir(path);
	int ret = 0;

	if (!dir && errno == ENOMEM)
		return error_sys(err, ENOMEM, "cannot search %s", path);
	if (!dir) {
		error_sys(&why, errno, "cannot search the directory %s", path);
		return discover_broken(search->plan, path, why.text, err);
	}
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
	closedir(dir);
	return ret;
}

/* By path, links last: they count only where the file behind them was not found otherwise. */
static int candidate_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->link != y->link)
		return x->link ? 1 : -1;
	return strcmp(x->path, y->path);
}

/* A link to a file: only if that file is not in the plan, be it by another link. */
static int search_link(struct search *search, const struct candidate *c,
		       struct proctor_error *err)
{
	char *target = realpath(c->path, NULL), *kept;
	struct stat st;
	bool known;

	/* A dangling one is nobody's suite. */
	if (!target)
		return 0;
	kept = stat(target, &st) == 0 && S_ISREG(st.st_mode) ?
	       arena_copy(&search->plan->arena, target) : NULL;
	free(target);
	if (!kept)
		return 0;
	if (plan_remember_path(search->plan, kept, &known) < 0)
		return error_sys(err, ENOMEM, "cannot add %s", c->path);
	return known ? 0 : discover_file(search->plan, c->path, c->as, err);
}

int discover_directory(struct proctor_plan *plan, const char *path, const char *exe_glob,
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
	if (ret == 0 && search.ncandidates > 1)
		qsort(search.candidates, search.ncandidates, sizeof(*search.candidates),
		      candidate_compare);
	for (size_t i = 0; i < search.ncandidates && ret == 0; i++) {
		const struct candidate *c = &search.candidates[i];

		ret = c->link ? search_link(&search, c, err) :
				discover_file(plan, c->path, c->as, err);
	}
	search_fini(&search);
	while (ret < 0 && plan->nsuites > nsuites)
		plan_suite_drop(plan);
	return ret;
}
