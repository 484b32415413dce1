/* SPDX-License-Identifier: MIT */
#include "plan/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "plan/inspect.h"

#define MANIFEST_VERSION 1

/* Where in the manifest we are: suites[suite].tests[test]. */
struct place {
	const char *path;	/* of the manifest */
	size_t suite, test;	/* NO_PLACE: not within one */
};

#define NO_PLACE SIZE_MAX

/* A sentence about `field` ("" for the object itself) at `place`; the rest says what is wrong. */
static int manifest_wrong(const struct place *place, const char *field, struct proctor_error *err,
			  const char *fmt, ...) PRINTF_LIKE(4, 5);

static int manifest_wrong(const struct place *place, const char *field, struct proctor_error *err,
			  const char *fmt, ...)
{
	char where[128], cause[512];
	size_t n = 0;
	va_list args;

	where[0] = '\0';
	if (place->suite != NO_PLACE)
		n += (size_t)snprintf(where, sizeof(where), "suites[%zu]", place->suite);
	if (place->test != NO_PLACE)
		n += (size_t)snprintf(where + n, sizeof(where) - n, ".tests[%zu]", place->test);
	if (*field)
		snprintf(where + n, sizeof(where) - n, "%s%.60s", n ? "." : "", field);
	va_start(args, fmt);
	vsnprintf(cause, sizeof(cause), fmt, args);
	va_end(args);
	return error_set(err, -EINVAL, "%s: %s%s%s", place->path, where, *where ? ": " : "", cause);
}

static int manifest_no_memory(const struct place *place, struct proctor_error *err)
{
	return error_sys(err, ENOMEM, "cannot read the manifest %s", place->path);
}

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:	return "an object";
	case JSON_ARRAY:	return "an array";
	case JSON_STRING:	return "a string";
	case JSON_INTEGER:	return "an integer";
	case JSON_REAL:		return "a fraction";
	case JSON_TRUE:
	case JSON_FALSE:	return "a boolean";
	case JSON_NULL:		return "null";
	}
	return "something else";
}

/* Refuses fields that are not among `fields`, which end with NULL. */
static int check_fields(const struct place *place, json_t *object, const char *const *fields,
			struct proctor_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return manifest_wrong(place, "", err, "must be an object, but is %s",
				      type_name(object));
	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (fields[i] && strcmp(fields[i], key) != 0)
			i++;
		if (!fields[i])
			return manifest_wrong(place, key, err, "unknown field");
	}
	return 0;
}

/* The readers leave `*value` alone where the field is missing. Texts are lent by the object. */

static int read_text(const struct place *place, json_t *object, const char *field,
		     const char **value, struct proctor_error *err)
{
	json_t *json = json_object_get(object, field);

	if (!json)
		return 0;
	if (!json_is_string(json))
		return manifest_wrong(place, field, err, "must be a string, but is %s",
				      type_name(json));
	if (!utf8_is_name(json_string_value(json)))
		return manifest_wrong(place, field, err, *json_string_value(json) ?
				      "has control characters" : "must not be empty");
	*value = json_string_value(json);
	return 0;
}

static int read_integer(const struct place *place, json_t *object, const char *field,
			uint64_t max, uint64_t *value, struct proctor_error *err)
{
	json_t *json = json_object_get(object, field);

	if (!json)
		return 0;
	if (!json_is_integer(json))
		return manifest_wrong(place, field, err, "must be an integer, but is %s",
				      type_name(json));
	if (json_integer_value(json) < 0 || (uint64_t)json_integer_value(json) > max)
		return manifest_wrong(place, field, err, "%" JSON_INTEGER_FORMAT " is not between "
				      "0 and %" PRIu64, json_integer_value(json), max);
	*value = (uint64_t)json_integer_value(json);
	return 0;
}

/* Milliseconds, with a fraction if need be, as microseconds. */
static int read_ms(const struct place *place, json_t *object, const char *field, uint64_t *us,
		   struct proctor_error *err)
{
	json_t *json = json_object_get(object, field);
	double ms;

	if (!json)
		return 0;
	if (!json_is_number(json))
		return manifest_wrong(place, field, err, "must be a number, but is %s",
				      type_name(json));
	ms = json_number_value(json);
	if (!(ms >= 0 && ms <= UINT32_MAX))
		return manifest_wrong(place, field, err, "is not between 0 and %u", UINT32_MAX);
	*us = (uint64_t)(ms * 1000 + 0.5);
	return 0;
}

static int read_array(const struct place *place, json_t *object, const char *field,
		      json_t **value, struct proctor_error *err)
{
	json_t *json = json_object_get(object, field);

	if (json && !json_is_array(json))
		return manifest_wrong(place, field, err, "must be an array, but is %s",
				      type_name(json));
	if (json)
		*value = json;
	return 0;
}

/* A list of words or variables of the plan's, with NULL at the end. NULL: no memory. */
static char **words_new(struct proctor_plan *plan, size_t n)
{
	return arena_alloc(&plan->arena, (n + 1) * sizeof(char *));
}

static int read_env(const struct place *place, json_t *object, struct proctor_plan *plan,
		    char ***list, struct proctor_error *err)
{
	json_t *env = json_object_get(object, "env"), *value;
	char field[64], **vars;
	const char *key;
	size_t n = 0;

	if (!env)
		return 0;
	if (!json_is_object(env))
		return manifest_wrong(place, "env", err, "must be an object, but is %s",
				      type_name(env));
	*list = vars = words_new(plan, json_object_size(env));
	if (!vars)
		return manifest_no_memory(place, err);
	json_object_foreach(env, key, value) {
		snprintf(field, sizeof(field), "env.%.40s", key);
		if (!*key || strchr(key, '='))
			return manifest_wrong(place, field, err, "is no name of a variable");
		if (!json_is_string(value))
			return manifest_wrong(place, field, err, "must be a string, but is %s",
					      type_name(value));
		vars[n] = arena_text(&plan->arena, strlen(key) + 1 + json_string_length(value));
		if (!vars[n])
			return manifest_no_memory(place, err);
		sprintf(vars[n++], "%s=%s", key, json_string_value(value));
	}
	return 0;
}

static int read_words(const struct place *place, json_t *object, const char *name,
		      struct proctor_plan *plan, char ***list, struct proctor_error *err)
{
	json_t *words = NULL, *word;
	char field[64], **copies;
	size_t i;
	int ret = read_array(place, object, name, &words, err);

	if (ret < 0 || !words)
		return ret;
	*list = copies = words_new(plan, json_array_size(words));
	if (!copies)
		return manifest_no_memory(place, err);
	json_array_foreach(words, i, word) {
		snprintf(field, sizeof(field), "%s[%zu]", name, i);
		if (!json_is_string(word))
			return manifest_wrong(place, field, err, "must be a string, but is %s",
					      type_name(word));
		copies[i] = arena_copy(&plan->arena, json_string_value(word));
		if (!copies[i])
			return manifest_no_memory(place, err);
	}
	return 0;
}

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
	return ret < 0 ? ret : read_env(place, object, s->plan, &t->env, err);
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
		ret = read_words(place, object, "args", s->plan, &s->arguments, err);
	if (ret == 0)
		ret = read_workdir(place, object, s->plan, &s->workdir, err);
	return ret < 0 ? ret : read_env(place, object, s->plan, &s->env, err);
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

int manifest_add(struct proctor_plan *plan, const char *path, struct proctor_error *err)
{
	struct place place = {.path = path, .suite = NO_PLACE, .test = NO_PLACE};
	size_t nsuites = plan->nsuites, i;
	json_error_t wrong;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &wrong);
	json_t *suites = NULL, *object;
	int ret;

	if (!root && json_error_code(&wrong) == json_error_out_of_memory)
		return manifest_no_memory(&place, err);
	if (!root && wrong.line < 0)
		return error_set(err, -EINVAL, "%s: %s", path, wrong.text);
	/* What the parser says of a null character means something to its programmers only. */
	if (!root)
		return error_set(err, -EINVAL, "%s:%d:%d: %s", path, wrong.line, wrong.column,
				 json_error_code(&wrong) == json_error_null_character ?
				 "a text may not hold \\u0000" : wrong.text);
	ret = manifest_check_top(root, &place, &suites, err);
	if (ret == 0) {
		json_array_foreach(suites, i, object) {
			place.suite = i;
			ret = manifest_add_suite(plan, object, &place, err);
			if (ret < 0)
				break;
		}
	}
	while (ret < 0 && plan->nsuites > nsuites)
		plan_suite_drop(plan);
	json_decref(root);
	return ret;
}
