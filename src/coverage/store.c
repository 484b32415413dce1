/* SPDX-License-Identifier: MIT */
#include "coverage/store.h"

#include "base/escape.h"
#include "coverage/mark.h"
#include "coverage/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_NAME "state.json"
#define STATE_VERSION 2

/* What a run leaves, beside the mark: two directories, and files. */
static const char *const left_names[] = {
	"raw", "merged", STATE_NAME, "coverage.profdata", "coverage.json", "coverage.lcov",
	"index.html",
};

void sentences_add(struct sentences *s, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		char **list = reallocarray(s->list, cap, sizeof(*list));

		if (!list) {
			s->lost = true;
			return;
		}
		s->list = list;
		s->cap = cap;
	}
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		s->lost = true;
	else
		s->list[s->n++] = text;
}

void sentences_fini(struct sentences *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i]);
	free(s->list);
	*s = (struct sentences){ 0 };
}

/* Makes `path` and the directories above it. */
static int directory_make(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int ret;

		*slash = '\0';
		ret = mkdir(path, 0777) < 0 && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (ret < 0)
			return ret;
	}
	return mkdir(path, 0777) < 0 && errno != EEXIST ? -errno : 0;
}

static int nothing_left(const char *dir, struct proctor_error *err)
{
	return error_set(err, -ENODATA, "no run with --coverage has left anything in %s", dir);
}

static bool store_has(const struct store *s, const char *name)
{
	char *path = store_path(s, name);
	bool has = path && access(path, F_OK) == 0;

	free(path);
	return has;
}

/* The first of the names that a run would remove; NULL: there is none. */
static const char *store_left(const struct store *s)
{
	for (size_t i = 0; i < sizeof(left_names) / sizeof(left_names[0]); i++)
		if (store_has(s, left_names[i]))
			return left_names[i];
	return NULL;
}

static int store_refuse(const struct store *s, const char *name, struct proctor_error *err)
{
	return error_set(err, -EEXIST, "%s/%s is there and no run with --coverage has left it: remove "
			 "it, or name another directory (--coverage-dir)", s->dir, name);
}

/* What a run will remove must be what a run has left: the mark tells. Where none is and nothing would
 * be lost, it is made. */
static int store_lock_at(struct store *s, const char *path, bool make, struct proctor_error *err)
{
	const char *left = store_left(s);
	enum mark mark;
	int fd = mark_open(path, make && !left, &mark, err);

	if (fd == -ENOENT)
		return make ? store_refuse(s, left, err) : nothing_left(s->dir, err);
	if (fd == -EBUSY)
		return error_set(err, -EBUSY, "the coverage directory %s is in use by another run: "
				 "give this one another (--coverage-dir)", s->dir);
	if (fd < 0)
		return fd;
	s->lock_fd = fd;
	if (mark == MARK_OWN)
		return 0;
	if (mark == MARK_FOREIGN)
		return store_refuse(s, MARK_NAME, err);
	if (!make)
		return nothing_left(s->dir, err);
	return left ? store_refuse(s, left, err) : mark_write(fd, path, err);
}

static int store_lock(struct store *s, bool make, struct proctor_error *err)
{
	char *path = store_path(s, MARK_NAME);
	int ret = path ? store_lock_at(s, path, make, err)
		       : error_set(err, -ENOMEM, "no memory for the coverage directory");

	free(path);
	return ret;
}

int store_open(struct store *s, const char *dir, bool make, struct proctor_error *err)
{
	int ret;

	*s = (struct store){ .lock_fd = -1 };
	if (!*dir)
		return error_set(err, -EINVAL, "the name of the coverage directory is empty");
	s->dir = strdup(dir);
	if (!s->dir)
		return error_set(err, -ENOMEM, "no memory for the coverage directory");
	if (!make && !store_has(s, STATE_NAME)) {
		ret = nothing_left(dir, err);
		store_close(s);
		return ret;
	}
	ret = make ? directory_make(s->dir) : 0;
	if (ret < 0) {
		error_sys(err, -ret, "cannot make the coverage directory %s", dir);
	} else {
		/* Tests may change their directory; what LLVM's runtime is told must hold there. */
		free(s->dir);
		s->dir = realpath(dir, NULL);
		if (!s->dir)
			ret = error_sys(err, errno, "cannot find the coverage directory %s", dir);
		else if (strchr(s->dir, '%'))
			ret = error_set(err, -EINVAL, "the coverage directory %s cannot be used: in a "
					"profile's name LLVM takes the percent sign for a pattern",
					s->dir);
		else if (strchr(s->dir, '\n'))
			ret = error_set(err, -EINVAL, "the coverage directory cannot be used: there is a "
					"line break in its path, and LLVM reads a list of paths by lines");
	}
	if (ret == 0)
		ret = store_lock(s, make, err);
	if (ret < 0)
		store_close(s);
	return ret;
}

static void profile_fini(struct store_profile *p)
{
	for (size_t i = 0; i < p->nunmapped; i++)
		free(p->unmapped[i]);
	free(p->unmapped);
	free(p->path);
}

void store_close(struct store *s)
{
	for (size_t i = 0; i < s->nprofiles; i++)
		profile_fini(&s->profiles[i]);
	free(s->profiles);
	for (size_t i = 0; i < s->nbinaries; i++)
		free(s->binaries[i]);
	free(s->binaries);
	sentences_fini(&s->problems);
	sentences_fini(&s->notes);
	functions_fini(&s->functions);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->dir);
	*s = (struct store){ .lock_fd = -1 };
}

char *store_path(const struct store *s, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", s->dir, name) < 0 ? NULL : path;
}

/* Empties a directory that holds files only, or makes it. What a link leads to is not ours. */
static int directory_clean(const char *path, struct proctor_error *err)
{
	struct dirent *entry;
	int ret = 0, fd;
	DIR *dir;

	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		ret = error_sys(err, errno, "cannot open %s", path);
		if (fd >= 0)
			close(fd);
		return ret;
	}
	while (ret == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0 && errno != ENOENT)
			ret = error_sys(err, errno, "cannot remove %s from %s", entry->d_name, path);
	}
	closedir(dir);
	return ret;
}

static int store_clean_directory(struct store *s, const char *name, struct proctor_error *err)
{
	char *path = store_path(s, name);
	int ret = path ? directory_clean(path, err)
		       : error_set(err, -ENOMEM, "no memory for the coverage directory");

	free(path);
	return ret;
}

static int store_remove(struct store *s, const char *name, struct proctor_error *err)
{
	char *path = store_path(s, name);
	int ret = 0;

	if (!path)
		ret = error_set(err, -ENOMEM, "no memory for the coverage directory");
	else if (unlink(path) < 0 && errno != ENOENT)
		ret = error_sys(err, errno, "cannot remove %s", path);
	free(path);
	return ret;
}

int store_clean_raw(struct store *s, struct proctor_error *err)
{
	return store_clean_directory(s, "raw", err);
}

int store_clean(struct store *s, struct proctor_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < sizeof(left_names) / sizeof(left_names[0]) && ret == 0; i++)
		ret = i < 2 ? store_clean_directory(s, left_names[i], err)
			    : store_remove(s, left_names[i], err);
	return ret;
}

int store_add_profile(struct store *s, const char *path, uint64_t version)
{
	if (s->nprofiles == s->cap_profiles) {
		size_t cap = s->cap_profiles ? 2 * s->cap_profiles : 16;
		struct store_profile *list = reallocarray(s->profiles, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		s->profiles = list;
		s->cap_profiles = cap;
	}
	s->profiles[s->nprofiles] = (struct store_profile){ .path = strdup(path),
							    .version = version };
	return s->profiles[s->nprofiles].path ? (s->nprofiles++, 0) : -ENOMEM;
}

int store_add_binary(struct store *s, const char *path)
{
	if (s->nbinaries == s->cap_binaries) {
		size_t cap = s->cap_binaries ? 2 * s->cap_binaries : 16;
		char **list = reallocarray(s->binaries, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		s->binaries = list;
		s->cap_binaries = cap;
	}
	s->binaries[s->nbinaries] = strdup(path);
	return s->binaries[s->nbinaries] ? (s->nbinaries++, 0) : -ENOMEM;
}

int store_add_unmapped(struct store *s, const char *path)
{
	struct store_profile *p = &s->profiles[s->nprofiles - 1];
	char **list = reallocarray(p->unmapped, p->nunmapped + 1, sizeof(char *));

	if (!list)
		return -ENOMEM;
	p->unmapped = list;
	list[p->nunmapped] = strdup(path);
	return list[p->nunmapped] ? (p->nunmapped++, 0) : -ENOMEM;
}

/* Paths and sentences may hold any bytes; JSON may not: what is no UTF-8 is passed as \xNN. */
static json_t *json_text(const char *text)
{
	json_t *string = json_string(text);
	struct bytes plain = { 0 };

	if (string)
		return string;
	escape_line(&plain, text);
	string = bytes_string(&plain) ? json_string(bytes_string(&plain)) : NULL;
	bytes_fini(&plain);
	return string;
}

static json_t *json_texts(char *const *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_text(list[i]));
	return array;
}

static json_t *json_functions(const struct functions *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(array, json_pack("{s:o, s:I, s:b, s:I}",
			"name", json_text(f->list[i].name),
			"hits", (json_int_t)f->list[i].hits, "counted", f->list[i].counted,
			"processes", (json_int_t)f->list[i].nprocesses));
	return array;
}

int store_save(const struct store *s, struct proctor_error *err)
{
	json_t *profiles = json_array(), *doc;
	char *path = store_path(s, STATE_NAME);
	int ret;

	for (size_t i = 0; i < s->nprofiles; i++)
		json_array_append_new(profiles, json_pack("{s:o, s:I, s:o}",
			"path", json_text(s->profiles[i].path),
			"version", (json_int_t)s->profiles[i].version,
			"unmapped", json_texts(s->profiles[i].unmapped, s->profiles[i].nunmapped)));
	doc = json_pack("{s:i, s:o, s:o, s:o, s:o}", "version", STATE_VERSION, "profiles", profiles,
			"binaries", json_texts(s->binaries, s->nbinaries),
			"problems", json_texts(s->problems.list, s->problems.n),
			"notes", json_texts(s->notes.list, s->notes.n));
	if (doc && s->has_functions)
		json_object_set_new(doc, "functions", json_functions(&s->functions));
	ret = doc && path ? report_write_json(doc, path, err)
			  : error_set(err, -ENOMEM, "no memory for what the coverage run left");
	json_decref(doc);
	free(path);
	return ret;
}

static int load_texts(const json_t *array, struct sentences *to)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(array))
		return -EBADMSG;
	json_array_foreach((json_t *)array, i, item) {
		if (!json_is_string(item))
			return -EBADMSG;
		sentences_add(to, "%s", json_string_value(item));
	}
	return to->lost ? -ENOMEM : 0;
}

/* Adds each text of an array. */
static int load_paths(struct store *s, json_t *array, int (*add)(struct store *s, const char *path))
{
	json_t *item;
	size_t i;
	int ret = json_is_array(array) ? 0 : -EBADMSG;

	json_array_foreach(array, i, item) {
		if (!json_is_string(item))
			return -EBADMSG;
		ret = add(s, json_string_value(item));
		if (ret < 0)
			return ret;
	}
	return ret;
}

static int load_profiles(struct store *s, json_t *array)
{
	json_t *item;
	size_t i;
	int ret = json_is_array(array) ? 0 : -EBADMSG;

	json_array_foreach(array, i, item) {
		const char *path = json_string_value(json_object_get(item, "path"));
		json_t *version = json_object_get(item, "version");

		if (!path || !json_is_integer(version))
			return -EBADMSG;
		ret = store_add_profile(s, path, (uint64_t)json_integer_value(version));
		if (ret == 0)
			ret = load_paths(s, json_object_get(item, "unmapped"), store_add_unmapped);
		if (ret < 0)
			return ret;
	}
	return ret;
}

static int load_functions(struct store *s, json_t *array)
{
	json_t *item;
	size_t i;

	if (!array)
		return 0;
	s->has_functions = true;
	if (!json_is_array(array))
		return -EBADMSG;
	s->functions.list = calloc(json_array_size(array) + 1, sizeof(*s->functions.list));
	if (!s->functions.list)
		return -ENOMEM;
	s->functions.cap = json_array_size(array);
	json_array_foreach(array, i, item) {
		const char *name = json_string_value(json_object_get(item, "name"));
		struct function f = {
			.hits = (uint64_t)json_integer_value(json_object_get(item, "hits")),
			.counted = json_is_true(json_object_get(item, "counted")),
			.nprocesses = (unsigned)json_integer_value(json_object_get(item,
										   "processes")),
		};

		if (!name)
			return -EBADMSG;
		f.name = strdup(name);
		if (!f.name)
			return -ENOMEM;
		s->functions.list[s->functions.n++] = f;
	}
	return 0;
}

int store_load(struct store *s, struct proctor_error *err)
{
	char *path = store_path(s, STATE_NAME);
	json_error_t where;
	json_t *doc;
	int ret;

	if (!path)
		return error_set(err, -ENOMEM, "no memory for what the coverage run left");
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		ret = nothing_left(s->dir, err);
		free(path);
		return ret;
	}
	doc = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	if (!doc) {
		ret = error_set(err, -EBADMSG, "%s, line %d: %s", path, where.line, where.text);
		free(path);
		return ret;
	}
	ret = json_integer_value(json_object_get(doc, "version")) == STATE_VERSION ? 0 : -EBADMSG;
	if (ret == 0)
		ret = load_profiles(s, json_object_get(doc, "profiles"));
	if (ret == 0)
		ret = load_paths(s, json_object_get(doc, "binaries"), store_add_binary);
	if (ret == 0)
		ret = load_texts(json_object_get(doc, "problems"), &s->problems);
	if (ret == 0)
		ret = load_texts(json_object_get(doc, "notes"), &s->notes);
	if (ret == 0)
		ret = load_functions(s, json_object_get(doc, "functions"));
	if (ret == -EBADMSG)
		error_set(err, ret, "%s is not what a run of this version leaves", path);
	else if (ret < 0)
		error_set(err, ret, "no memory for what the coverage run left");
	json_decref(doc);
	free(path);
	return ret;
}
