/* SPDX-License-Identifier: MIT */
#include "coverage/functions.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HITS_LINE "#hits"

/* What finds a name in the list again. */
struct named {
	const char *name;	/* the list's */
	size_t index;
	uint64_t file;		/* the last one it was in: its processes count once */
};

struct names {
	void *tree;		/* tsearch: struct named */
	uint64_t nfiles;
};

/* A file in memory; each line ends with NUL. */
struct table {
	char *text;
	size_t nbytes;
};

static int entry_compare(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static int no_memory(const char *path, struct proctor_error *err)
{
	error_set(err, -ENOMEM, "no memory for the functions of %s", path);
	return -ENOMEM;
}

static int table_read(struct table *t, const char *path, struct proctor_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int ret = 0;

	*t = (struct table){ .text = NULL };
	if (fd < 0)
		return error_sys(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		ret = error_set(err, -EBADMSG, "%s is damaged: it is not a file", path);
	else if (!(t->text = malloc((size_t)st.st_size + 1)))
		ret = no_memory(path, err);
	while (ret == 0 && t->nbytes < (size_t)st.st_size) {
		ssize_t n = read(fd, t->text + t->nbytes, (size_t)st.st_size - t->nbytes);

		if (n < 0)
			ret = error_sys(err, errno, "cannot read %s", path);
		if (n <= 0)
			break;
		t->nbytes += (size_t)n;
	}
	close(fd);
	if (ret < 0)
		free(t->text);
	return ret;
}

/* Takes a number that is not 0 and a blank; NULL: there is none. */
static const char *number_take(const char *at, uint64_t *n)
{
	*n = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(*n, 10, n) ||
		    __builtin_add_overflow(*n, (uint64_t)(*at - '0'), n))
			return NULL;
	return *n > 0 && *at == ' ' ? at + 1 : NULL;
}

/* Splits "HITS PROCESSES NAME"; NULL: it is not of that form. */
static const char *line_split(const char *line, uint64_t *hits, uint64_t *nprocesses)
{
	line = number_take(line, hits);
	if (line)
		line = number_take(line, nprocesses);
	return line && *line && *nprocesses <= UINT32_MAX ? line : NULL;
}

/* Ends each line with NUL and checks it. */
static int table_check(struct table *t, const char *path, struct proctor_error *err)
{
	bool counted = false;
	size_t number = 1;

	if (t->nbytes > 0 && t->text[t->nbytes - 1] != '\n')
		return error_set(err, -EBADMSG, "%s is truncated: its last line does not end", path);
	for (char *line = t->text, *end; line < t->text + t->nbytes; line = end + 1, number++) {
		uint64_t hits, nprocesses;

		end = memchr(line, '\n', (size_t)(t->text + t->nbytes - line));
		if (memchr(line, '\0', (size_t)(end - line)) || end == line)
			return error_set(err, -EBADMSG, "%s, line %zu: it is no function's name", path,
					 number);
		*end = '\0';
		if (strcmp(line, HITS_LINE) == 0)
			counted = true;
		else if (counted && !line_split(line, &hits, &nprocesses))
			return error_set(err, -EBADMSG, "%s, line %zu: it is no hits, processes and name",
					 path, number);
	}
	return 0;
}

static struct named *functions_enter(struct functions *f, struct names *names, const char *name)
{
	struct named key = { .name = name }, *entry;
	void *node = tfind(&key, &names->tree, entry_compare);
	char *copy;

	if (node)
		return *(struct named **)node;
	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 256;
		struct function *list = reallocarray(f->list, cap, sizeof(*list));

		if (!list)
			return NULL;
		f->list = list;
		f->cap = cap;
	}
	copy = strdup(name);
	entry = calloc(1, sizeof(*entry));
	if (copy && entry) {
		*entry = (struct named){ .name = copy, .index = f->n };
		if (tsearch(entry, &names->tree, entry_compare)) {
			f->list[f->n++] = (struct function){ .name = copy, .counted = true };
			return entry;
		}
	}
	free(copy);
	free(entry);
	return NULL;
}

/* `nprocesses` 0: the name only is known, of one process. */
static int functions_add(struct functions *f, struct names *names, const char *name, uint64_t hits,
			 uint64_t nprocesses)
{
	struct named *entry = functions_enter(f, names, name);
	struct function *function;

	if (!entry)
		return -ENOMEM;
	function = &f->list[entry->index];
	if (entry->file != names->nfiles)
		function->nprocesses += nprocesses ? (unsigned)nprocesses : 1;
	entry->file = names->nfiles;
	function->counted = function->counted && nprocesses > 0;
	if (__builtin_add_overflow(function->hits, hits, &function->hits))
		function->hits = UINT64_MAX;
	return 0;
}

int functions_add_file(struct functions *f, const char *path, struct proctor_error *err)
{
	struct names *names = f->names;
	struct table t;
	bool counted = false;
	int ret;

	if (!names && !(names = f->names = calloc(1, sizeof(*names))))
		return no_memory(path, err);
	ret = table_read(&t, path, err);
	if (ret < 0 || !t.text)
		return ret;
	ret = table_check(&t, path, err);
	names->nfiles++;
	for (const char *line = t.text; ret == 0 && line < t.text + t.nbytes;
	     line += strlen(line) + 1) {
		const char *name = line;
		uint64_t hits = 0, nprocesses = 0;

		if (strcmp(line, HITS_LINE) == 0) {
			counted = true;
			continue;
		}
		if (counted)
			name = line_split(line, &hits, &nprocesses);
		if (functions_add(f, names, name, hits, nprocesses) < 0)
			ret = no_memory(path, err);
	}
	free(t.text);
	return ret;
}

static int function_compare(const void *a, const void *b)
{
	return strcmp(((const struct function *)a)->name, ((const struct function *)b)->name);
}

static void names_free(struct functions *f)
{
	struct names *names = f->names;

	if (names)
		tdestroy(names->tree, free);
	free(names);
	f->names = NULL;
}

void functions_sort(struct functions *f)
{
	/* The places change: what finds them is of no use any more. */
	names_free(f);
	if (f->n > 1)
		qsort(f->list, f->n, sizeof(*f->list), function_compare);
}

void functions_fini(struct functions *f)
{
	names_free(f);
	for (size_t i = 0; i < f->n; i++)
		free(f->list[i].name);
	free(f->list);
	*f = (struct functions){ .n = 0 };
}
