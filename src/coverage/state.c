/* SPDX-License-Identifier: MIT */
/* state.json: what a run leaves for reports to be made from. */
#include "coverage/store.h"

#include "base/escape.h"
#include "coverage/report.h"

#include <errno.h>
#include <stdio.h>

#define STATE_VERSION 3

static json_t *json_text(const char *text)
{
	json_t *string = json_string(text);
	struct bytes plain = { 0 };

	if (string)
		return string;
	escape_line(&plain, text);
	string = plain.failed ? NULL : json_string(bytes_string(&plain));
	bytes_fini(&plain);
	return string;
}

static json_t *json_texts(const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->n; i++)
		json_array_append_new(array, json_text(texts->list[i]));
	return array;
}

static json_t *json_hits(bool counted, uint64_t hits)
{
	return counted ? json_integer((json_int_t)hits) : json_null();
}

static json_t *json_functions(const struct functions *functions)
{
	json_t *array = json_array();

	for (size_t i = 0; i < functions->n; i++) {
		const struct function *f = &functions->list[i];

		json_array_append_new(array, json_pack("{s:o, s:I, s:o}", "name", json_text(f->name),
						       "processes", (json_int_t)f->nprocesses,
						       "hits", json_hits(f->counted, f->hits)));
	}
	return array;
}

static json_t *json_unmapped(const struct unmapped_list *unmapped)
{
	json_t *array = json_array();

	for (size_t i = 0; i < unmapped->n; i++) {
		const struct unmapped *u = &unmapped->list[i];
		json_t *functions = json_array();

		for (size_t j = 0; j < u->n; j++)
			json_array_append_new(functions, json_pack("{s:o, s:b, s:o}",
				"name", json_text(u->list[j].name), "ran", u->list[j].ran,
				"hits", json_hits(u->list[j].counted, u->list[j].hits)));
		json_array_append_new(array, json_pack("{s:o, s:o}", "paths", json_texts(&u->paths),
						       "functions", functions));
	}
	return array;
}

json_t *store_facts(const struct store *s)
{
	json_t *facts = json_pack("{s:b, s:o, s:o}", "partial", s->problems.n > 0,
				  "problems", json_texts(&s->problems), "notes", json_texts(&s->notes));

	if (s->has_functions)
		json_object_set_new(facts, "tml_functions", json_functions(&s->functions));
	if (s->unmapped.n > 0)
		json_object_set_new(facts, "unmapped", json_unmapped(&s->unmapped));
	return facts;
}

int store_save(const struct store *s, struct proctor_error *err)
{
	json_t *profiles = json_array(), *doc;
	char *path = store_path(s, STATE_NAME);
	int ret;

	for (size_t i = 0; i < s->profiles.n; i++)
		json_array_append_new(profiles, json_pack("{s:o, s:I}",
			"path", json_text(s->profiles.list[i].path),
			"version", (json_int_t)s->profiles.list[i].version));
	doc = json_pack("{s:i, s:o, s:o, s:o}", "version", STATE_VERSION, "profiles", profiles,
			"binaries", json_texts(&s->binaries), "facts", store_facts(s));
	ret = doc && path ? report_write_json(doc, path, err)
			  : error_set(err, -ENOMEM, "no memory for what the coverage run left");
	json_decref(doc);
	free(path);
	return ret;
}

static int load_texts(json_t *array, struct texts *to)
{
	int ret = json_is_array(array) ? 0 : -EBADMSG;
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (json_is_string(item))
			texts_add(to, "%s", json_string_value(item));
		else
			ret = -EBADMSG;
	}
	return to->lost ? -ENOMEM : ret;
}

static int load_profile(struct store *s, json_t *item)
{
	const char *path;
	json_int_t version;

	if (json_unpack(item, "{s:s, s:I}", "path", &path, "version", &version) < 0)
		return -EBADMSG;
	return store_add_profile(s, path, (uint64_t)version);
}

static int load_hits(const json_t *item, char **name, bool *counted, uint64_t *hits)
{
	const char *text = json_string_value(json_object_get(item, "name"));
	const json_t *value = json_object_get(item, "hits");

	if (!text || !value)
		return -EBADMSG;
	*counted = json_is_integer(value);
	*hits = (uint64_t)json_integer_value(value);
	*name = strdup(text);
	return *name ? 0 : -ENOMEM;
}

static int load_function(struct store *s, json_t *item)
{
	struct function *f = vector_add(&s->functions);

	if (!f)
		return -ENOMEM;
	f->nprocesses = (unsigned)json_integer_value(json_object_get(item, "processes"));
	return load_hits(item, &f->name, &f->counted, &f->hits);
}

static int load_unmapped_function(struct unmapped *u, json_t *item)
{
	struct unmapped_function *f = vector_add(u);

	if (!f)
		return -ENOMEM;
	f->ran = json_is_true(json_object_get(item, "ran"));
	return load_hits(item, &f->name, &f->counted, &f->hits);
}

static int load_unmapped(struct store *s, json_t *item)
{
	struct unmapped *u = vector_add(&s->unmapped);
	json_t *paths, *functions, *function;
	size_t i;
	int ret;

	if (!u)
		return -ENOMEM;
	if (json_unpack(item, "{s:o, s:o}", "paths", &paths, "functions", &functions) < 0 ||
	    json_array_size(paths) == 0 || !json_is_array(functions))
		return -EBADMSG;
	ret = load_texts(paths, &u->paths);
	json_array_foreach(functions, i, function) {
		if (ret == 0)
			ret = load_unmapped_function(u, function);
	}
	return ret;
}

/* Calls `load` for each item; NULL: there is no such array, which is as good as an empty one. */
static int load_each(struct store *s, json_t *array, int (*load)(struct store *s, json_t *item))
{
	int ret = !array || json_is_array(array) ? 0 : -EBADMSG;
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (ret == 0)
			ret = load(s, item);
	}
	return ret;
}

static int load_document(struct store *s, json_t *doc)
{
	json_t *profiles, *binaries, *problems, *notes, *functions = NULL, *unmapped = NULL;
	int version, ret;

	if (json_unpack(doc, "{s:i, s:o, s:o, s:{s:o, s:o, s?:o, s?:o}}", "version", &version,
			"profiles", &profiles, "binaries", &binaries, "facts", "problems", &problems,
			"notes", &notes, "tml_functions", &functions, "unmapped", &unmapped) < 0 ||
	    version != STATE_VERSION)
		return -EBADMSG;
	s->has_functions = functions;
	ret = load_texts(binaries, &s->binaries);
	if (ret == 0)
		ret = load_texts(problems, &s->problems);
	if (ret == 0)
		ret = load_texts(notes, &s->notes);
	if (ret == 0)
		ret = load_each(s, profiles, load_profile);
	if (ret == 0)
		ret = load_each(s, functions, load_function);
	if (ret == 0)
		ret = load_each(s, unmapped, load_unmapped);
	if (ret == 0)
		unmapped_sort(&s->unmapped);
	return ret;
}

int store_load(struct store *s, struct proctor_error *err)
{
	char *path = store_path(s, STATE_NAME);
	json_error_t where;
	json_t *doc = path ? json_load_file(path, JSON_REJECT_DUPLICATES, &where) : NULL;
	int ret = path ? 0 : -ENOMEM;

	if (ret == 0 && !doc)
		ret = error_set(err, -EBADMSG, "%s, line %d: %s", path, where.line, where.text);
	else if (ret == 0 && (ret = load_document(s, doc)) == -EBADMSG)
		error_set(err, ret, "%s is not what a run of this version leaves", path);
	if (ret == -ENOMEM)
		error_set(err, ret, "no memory for what the coverage run left");
	json_decref(doc);
	free(path);
	return ret;
}
