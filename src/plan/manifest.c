/* SPDX-License-Identifier: MIT */
#include "plan/manifest.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file_content.h"
#include "plan/inspect.h"
#include "plan/manifest_fields.h"

#define MANIFEST_VERSION 1

/* Whose tests the suite's are: the manifest's word goes before the command line's. */
static int read_framework(const struct place *place, json_t *object, struct suite *s,
			  struct proctor_error *err)
{
	const char *name = NULL;
	struct proctor_error why;
	int ret = read_text(place, object, "framework", &name, err);

	if (ret == 0 && name && adapter_find(name, &s->framework, &why) < 0)
		ret = manifest_wrong(place, "framework", err, "%s", why.text);
	return ret;
}

/* `path` as seen from the directory of the manifest; allocated. */
static char *path_from(const char *manifest, const char *path)
{
	const char *slash = strrchr(manifest, '/');
	char *joined;

	if (path[0] == '/' || !slash)
		return strdup(path);
	if (asprintf(&joined, "%.*s/%s", (int)(slash - manifest), manifest, path) < 0)
		return NULL;
	return joined;
}

static int read_workdir(const struct place *place, json_t *object, struct proctor_plan *plan,
			char **absolute, struct proctor_error *err)
{
	const char *workdir = NULL;
	char *path;
	int ret = read_text(place, object, "workdir", &workdir, err);

	if (ret < 0 || !workdir)
		return ret;
	path = path_from(place->path, workdir);
	*absolute = path ? path_absolute(&plan->arena, path) : NULL;
	free(path);
	return *absolute ? 0 : manifest_no_memory(place, err);
}

/* Adds one test; whether it exists is seen when the library is inspected. */
static int manifest_add_test(struct suite *s, json_t *object, const struct place *place,
			     struct proctor_error *err)
{
	static const char *const fields[] = {
		"index", "name", "file", "tests", "duration_ms", "timeout_ms", "workdir", "env",
		NULL
	};
	uint64_t index = TEST_INDEX_BY_NAME, ntests = 0, timeout_us = 0, duration_us = 0;
	const char *name = NULL, *file = NULL;
	struct test *t;
	int ret = check_fields(place, object, fields, err);

	if (ret == 0)
		ret = read_integer(place, object, "index", UINT32_MAX - 1, &index, err);
	if (ret == 0)
		ret = read_text(place, object, "name", &name, err);
	if (ret == 0)
		ret = read_text(place, object, "file", &file, err);
	if (ret == 0)
		ret = read_integer(place, object, "tests", UINT_MAX, &ntests, err);
	if (ret == 0)
		ret = read_ms(place, object, "timeout_ms", &timeout_us, err);
	if (ret == 0)
		ret = read_ms(place, object, "duration_ms", &duration_us, err);
	if (ret < 0)
		return ret;
	if (index == TEST_INDEX_BY_NAME && !name)
		return manifest_wrong(place, "", err, "has neither an index nor a name");
	if (index == TEST_INDEX_BY_NAME)
		t = suite_test_new(s, TEST_INDEX_BY_NAME, name, file, NULL);
	else
		t = suite_test_by_index(s, (unsigned)index, name, file);
	if (!t)
		return manifest_no_memory(place, err);
	t->pub.ntests = (unsigned)ntests;
	t->pub.timeout_us = timeout_us;
	t->duration_us = duration_us;
	ret = read_workdir(place, object, s->plan, &t->workdir, err);
	return ret < 0 ? ret : read_env(place, object, &s->plan->arena, &t->env, err);
}

/* A test of the manifest and its place there, to find doubles. */
struct listed_place {
	unsigned index;
	size_t test;
};

static int listed_place_compare(const void *a, const void *b)
{
	const struct listed_place *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (x->test > y->test) - (x->test < y->test);
}

static int manifest_check_indices(const struct suite *s, struct place *place,
				  struct proctor_error *err)
{
	struct listed_place *listed = reallocarray(NULL, s->ntests, sizeof(*listed));
	int ret = 0;

	if (!listed)
		return manifest_no_memory(place, err);
	for (size_t i = 0; i < s->ntests; i++)
		listed[i] = (struct listed_place){.index = s->tests[i].pub.index, .test = i};
	qsort(listed, s->ntests, sizeof(*listed), listed_place_compare);
	for (size_t i = 1; i < s->ntests && ret == 0; i++) {
		if (listed[i].index != listed[i - 1].index ||
		    listed[i].index == TEST_INDEX_BY_NAME)
			continue;
		place->test = listed[i].test;
		ret = manifest_wrong(place, "index", err, "%u is the index of tests[%zu] already",
				     listed[i].index, listed[i - 1].test);
	}
	free(listed);
	place->test = NO_PLACE;
	return ret;
}

static int manifest_add_tests(struct suite *s, json_t *tests, struct place *place,
			      struct proctor_error *err)
{
	json_t *object;
	size_t i;
	int ret = suite_reserve(s, json_array_size(tests), err);

	if (ret < 0)
		return ret;
	json_array_foreach(tests, i, object) {
		place->test = i;
		ret = manifest_add_test(s, object, place, err);
		if (ret < 0)
			return ret;
	}
	place->test = NO_PLACE;
	return manifest_check_indices(s, place, err);
}

static int test_index_compare(const void *a, const void *b)
{
	const struct test *x = a, *y = b;

	return (x->pub.index > y->pub.index) - (x->pub.index < y->pub.index);
}

/* What its process is started with. */
static int read_command(const struct place *place, json_t *object, struct suite *s,
			struct proctor_error *err)
{
	int ret = read_framework(place, object, s, err);

	if (ret == 0)
		ret = read_words(place, object, "args", &s->plan->arena, &s->arguments, err);
	if (ret == 0)
		ret = read_workdir(place, object, s->plan, &s->workdir, err);
	return ret < 0 ? ret : read_env(place, object, &s->plan->arena, &s->env, err);
}

static int manifest_add_suite(struct proctor_plan *plan, json_t *object, struct place *place,
			      struct proctor_error *err)
{
	static const char *const fields[] = {
		"name", "group", "path", "framework", "args", "workdir", "env", "tests", NULL
	};
	const char *name = NULL, *group = NULL, *path = NULL;
	char *full, *own = NULL;
	json_t *tests = NULL;
	struct suite *s = NULL;
	struct file_key *key;
	int ret = check_fields(place, object, fields, err);

	if (ret == 0)
		ret = read_text(place, object, "name", &name, err);
	if (ret == 0)
		ret = read_text(place, object, "group", &group, err);
	if (ret == 0)
		ret = read_text(place, object, "path", &path, err);
	if (ret == 0)
		ret = read_array(place, object, "tests", &tests, err);
	if (ret < 0)
		return ret;
	if (!path)
		return manifest_wrong(place, "path", err, "is missing");
	if (tests && json_array_size(tests) == 0)
		return manifest_wrong(place, "tests", err, "is empty; without it, all tests are "
					 "run");
	full = path_from(place->path, path);
	own = name ? strdup(name) : suite_name_of(path);
	if (full && own)
		s = plan_suite_new(plan, own, group, full);
	free(full);
	free(own);
	if (!s || file_set_remember(&plan->files, &plan->arena, s->path, &key) < 0)
		return manifest_no_memory(place, err);
	s->key = key;
	ret = read_command(place, object, s, err);
	if (ret == 0 && tests)
		ret = manifest_add_tests(s, tests, place, err);
	if (ret == 0)
		ret = suite_inspect(s, err);
	if (ret < 0)
		return ret;
	if (s->ntests > 1)
		qsort(s->tests, s->ntests, sizeof(*s->tests), test_index_compare);
	return 0;
}

static int manifest_check_top(json_t *root, const struct place *place, json_t **suites,
			      struct proctor_error *err)
{
	static const char *const fields[] = {"version", "suites", NULL};
	uint64_t version = 0;
	int ret = check_fields(place, root, fields, err);

	if (ret == 0 && !json_object_get(root, "version"))
		ret = manifest_wrong(place, "version", err, "is missing");
	if (ret == 0)
		ret = read_integer(place, root, "version", UINT32_MAX, &version, err);
	if (ret == 0 && version != MANIFEST_VERSION)
		ret = manifest_wrong(place, "version", err, "is %" PRIu64 ", and this proctor "
					 "knows %d",
				     version, MANIFEST_VERSION);
	if (ret == 0)
		ret = read_array(place, root, "suites", suites, err);
	if (ret == 0 && !*suites)
		ret = manifest_wrong(place, "suites", err, "is missing");
	return ret;
}

/* What jansson found wrong in the text from line `place->line` on. */
static int manifest_no_json(const struct place *place, const json_error_t *wrong,
			    struct proctor_error *err)
{
	enum json_error_code code = json_error_code(wrong);

	if (code == json_error_out_of_memory)
		return manifest_no_memory(place, err);
	/* What the parser says of a null character means something to its programmers only. */
	return error_set(err, -EINVAL, "%s:%zu:%d: %s", place->path,
			 place->line > 0 ? place->line : (size_t)wrong->line, wrong->column,
			 code == json_error_null_character ? "a text may not hold \\u0000" : wrong->text);
}

/* One document, with all suites. */
static int manifest_add_document(struct proctor_plan *plan, const struct bytes *text,
				 struct place *place, struct proctor_error *err)
{
	json_error_t wrong;
	json_t *root = json_loadb(bytes_string(text), text->nbytes, JSON_REJECT_DUPLICATES, &wrong);
	json_t *suites = NULL, *object;
	size_t i;
	int ret;

	if (!root)
		return manifest_no_json(place, &wrong, err);
	ret = manifest_check_top(root, place, &suites, err);
	if (ret == 0) {
		json_array_foreach(suites, i, object) {
			place->suite = i;
			ret = manifest_add_suite(plan, object, place, err);
			if (ret < 0)
				break;
		}
	}
	json_decref(root);
	return ret;
}

static bool line_is_blank(const char *line, size_t nline)
{
	while (nline > 0 && isspace((unsigned char)line[nline - 1]))
		nline--;
	return nline == 0;
}

/* Calls `each` for every line that is not blank, until it returns less than 0. */
static int lines_each(const struct bytes *text, struct place *place,
		      int (*each)(const char *line, size_t nline, struct place *place, void *data,
				  struct proctor_error *err), void *data, struct proctor_error *err)
{
	const char *at = bytes_string(text), *end = at + text->nbytes;
	int ret = 0;

	for (size_t n = 1; at < end && ret == 0; n++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t nline = (size_t)((newline ? newline : end) - at);

		place->line = n;
		if (!line_is_blank(at, nline))
			ret = each(at, nline, place, data, err);
		at += nline + 1;
	}
	return ret;
}

static int manifest_add_line(const char *line, size_t nline, struct place *place, void *data,
			     struct proctor_error *err)
{
	json_error_t wrong;
	json_t *object = json_loadb(line, nline, JSON_REJECT_DUPLICATES, &wrong);
	int ret;

	if (!object)
		return manifest_no_json(place, &wrong, err);
	place->test = NO_PLACE;
	ret = manifest_add_suite(data, object, place, err);
	json_decref(object);
	return ret;
}

/* The first line of a manifest of lines is an object by itself, and not the whole of a manifest. */
static int line_is_suite(const char *line, size_t nline, struct place *place, void *data,
			 struct proctor_error *err)
{
	json_t *object = json_loadb(line, nline, 0, NULL);
	bool *is = data;

	(void)place, (void)err;
	*is = json_is_object(object) && !json_object_get(object, "version") &&
	      !json_object_get(object, "suites");
	json_decref(object);
	return -ECANCELED;	/* only the first one */
}

static int manifest_read(struct bytes *text, const char *path, struct proctor_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), ret;

	if (fd < 0)
		return error_sys(err, errno, "cannot open %s", path);
	ret = stream_content(text, fd, path, err);
	close(fd);
	return ret;
}

static int manifest_add_text(struct proctor_plan *plan, const struct bytes *text, const char *path,
			     struct proctor_error *err)
{
	struct place place = { .path = path, .suite = NO_PLACE, .test = NO_PLACE };
	size_t nsuites = plan->nsuites;
	bool lines = false;
	int ret;

	lines_each(text, &place, line_is_suite, &lines, NULL);
	place.line = 0;
	if (lines)
		ret = lines_each(text, &place, manifest_add_line, plan, err);
	else
		ret = manifest_add_document(plan, text, &place, err);
	while (ret < 0 && plan->nsuites > nsuites)
		plan_suite_drop(plan);
	return ret;
}

/* What is quoted of the manifest may have line breaks, and an error is one line. */
static void make_one_line(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = ' ';
}

int manifest_add(struct proctor_plan *plan, const char *path, struct proctor_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	struct bytes text = { 0 };
	int ret = standard ? stream_content(&text, STDIN_FILENO, name, err) :
			     manifest_read(&text, path, err);

	if (ret == 0)
		ret = manifest_add_text(plan, &text, name, err);
	if (ret < 0 && err)
		make_one_line(err->text);
	bytes_fini(&text);
	return ret;
}
