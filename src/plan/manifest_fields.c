/* SPDX-License-Identifier: MIT */
#include "plan/manifest_fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

int manifest_wrong(const struct place *place, const char *field, struct proctor_error *err,
		   const char *fmt, ...)
{
	char where[128], cause[512], line[32] = "";
	size_t n = 0;
	va_list args;

	where[0] = '\0';
	if (place->suite != NO_PLACE)
		n += (size_t)snprintf(where, sizeof(where), "suites[%zu]", place->suite);
	if (place->test != NO_PLACE)
		n += (size_t)snprintf(where + n, sizeof(where) - n, "%stests[%zu]", n ? "." : "",
				      place->test);
	if (*field)
		snprintf(where + n, sizeof(where) - n, "%s%.60s", n ? "." : "", field);
	va_start(args, fmt);
	vsnprintf(cause, sizeof(cause), fmt, args);
	va_end(args);
	if (place->line > 0)
		snprintf(line, sizeof(line), ":%zu", place->line);
	return error_set(err, -EINVAL, "%s%s: %s%s%s", place->path, line, where, *where ? ": " : "",
			 cause);
}

int manifest_no_memory(const struct place *place, struct proctor_error *err)
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

int check_fields(const struct place *place, json_t *object, const char *const *fields,
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

int read_text(const struct place *place, json_t *object, const char *field,
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

int read_integer(const struct place *place, json_t *object, const char *field,
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

int read_ms(const struct place *place, json_t *object, const char *field, uint64_t *us,
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

int read_array(const struct place *place, json_t *object, const char *field,
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

/* A list of words or variables, with NULL at the end. NULL: no memory. */
static char **words_new(struct arena *arena, size_t n)
{
	return arena_alloc(arena, (n + 1) * sizeof(char *));
}

int read_env(const struct place *place, json_t *object, struct arena *arena,
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
	*list = vars = words_new(arena, json_object_size(env));
	if (!vars)
		return manifest_no_memory(place, err);
	json_object_foreach(env, key, value) {
		snprintf(field, sizeof(field), "env.%.40s", key);
		if (!*key || strchr(key, '='))
			return manifest_wrong(place, field, err, "is no name of a variable");
		if (!json_is_string(value))
			return manifest_wrong(place, field, err, "must be a string, but is %s",
					      type_name(value));
		vars[n] = arena_text(arena, strlen(key) + 1 + json_string_length(value));
		if (!vars[n])
			return manifest_no_memory(place, err);
		sprintf(vars[n++], "%s=%s", key, json_string_value(value));
	}
	return 0;
}

int read_words(const struct place *place, json_t *object, const char *name,
	       struct arena *arena, char ***list, struct proctor_error *err)
{
	json_t *words = NULL, *word;
	char field[64], **copies;
	size_t i;
	int ret = read_array(place, object, name, &words, err);

	if (ret < 0 || !words)
		return ret;
	*list = copies = words_new(arena, json_array_size(words));
	if (!copies)
		return manifest_no_memory(place, err);
	json_array_foreach(words, i, word) {
		snprintf(field, sizeof(field), "%s[%zu]", name, i);
		if (!json_is_string(word))
			return manifest_wrong(place, field, err, "must be a string, but is %s",
					      type_name(word));
		copies[i] = arena_copy(arena, json_string_value(word));
		if (!copies[i])
			return manifest_no_memory(place, err);
	}
	return 0;
}
