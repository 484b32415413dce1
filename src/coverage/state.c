/* SPDX-License-Identifier: MIT */
/* state.json: what a run leaves for reports to be made from. */
#include "coverage/store.h"

#include "base/escape.h"
#include "coverage/report.h"

#include <errno.h>
#include <stdio.h>

#define STATE_VERSION 4

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

/* TML's come with the number of processes that they ran in, others with whether they ran. */
static json_t *json_functions(const struct functions *functions, bool tml)
{
	json_t *array = json_array();

	for (size_t i = 0; i < functions->n; i++) {
		const struct function *f = &functions->list[i];

		json_array_append_new(array, json_pack("{s:o, s:o, s:o}", "name", json_text(f->name),
			tml ? "processes" : "ran",
			tml ? json_integer(f->nprocesses) : json_boolean(f->nprocesses),
			"hits", f->counted ? json_integer((json_int_t)f->hits) : json_null()));
	}
	return array;
}

static json_t *json_unmapped(const struct unmapped_list *unmapped)
{
	json_t *array = json_array();

	for (size_t i = 0; i < unmapped->n; i++)
		json_array_append_new(array, json_pack("{s:o, s:o}",
			"paths", json_texts(&unmapped->list[i].paths),
			"functions", json_functions(&unmapped->list[i].functions, false)));
	return array;
}

json_t *store_facts(const struct store *s)
{
	json_t *facts = json_pack("{s:b, s:o, s:o}", "partial", s->problems.n > 0,
				  "problems", json_texts(&s->problems), "notes", json_texts(&s->notes));

	if (s->has_functions)
		json_object_set_new(facts, "tml_functions", json_functions(&s->functions, true));
	if (s->unmapped.n > 0)
		json_object_set_new(facts, "unmapped", json_unmapped(&s->unmapped));
	return facts;
}

int store_save(const struct store *s, struct proctor_error *err)
{
	json_t *doc = json_pack("{s:i, s:o, s:o, s:o}", "version", STATE_VERSION,
				"profiles", json_texts(&s->profiles),
				"binaries", json_texts(&s->binaries), "facts", store_facts(s));
	char *path = store_path(s, STATE_NAME);
	int ret = doc && path ? report_write_json(doc, path, err)
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

/* Without the member (`array` is NULL) there are no functions. */
static int load_functions(json_t *array, struct functions *to)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		struct function *f = vector_add(to);
		int ran = 0, nprocesses = 0;
		const char *name;
		json_t *hits;

		if (json_unpack(item, "{s:s, s:o, s?b, s?i}", "name", &name, "hits", &hits, "ran", &ran,
				"processes", &nprocesses) < 0)
			return -EBADMSG;
		if (!f || !(f->name = strdup(name)))
			return -ENOMEM;
		f->counted = json_is_integer(hits);
		f->hits = (uint64_t)json_integer_value(hits);
		f->nprocesses = ran ? 1 : (unsigned)nprocesses;
	}
	return !array || json_is_array(array) ? 0 : -EBADMSG;
}

static int load_unmapped(json_t *array, struct unmapped_list *to)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		struct unmapped *u = vector_add(to);
		int ret = u ? load_texts(json_object_get(item, "paths"), &u->paths) : -ENOMEM;

		if (ret == 0 && u->paths.n == 0)
			ret = -EBADMSG;
		if (ret == 0)
			ret = load_functions(json_object_get(item, "functions"), &u->functions);
		if (ret < 0)
			return ret;
	}
	unmapped_sort(to);
	return 0;
}

static int load_document(struct store *s, json_t *doc)
{
	json_t *profiles, *binaries, *problems, *notes, *functions = NULL, *unmapped = NULL;
	int version;

	if (json_unpack(doc, "{s:i, s:o, s:o, s:{s:o, s:o, s?:o, s?:o}}", "version", &version,
			"profiles", &profiles, "binaries", &binaries, "facts", "problems", &problems,
			"notes", &notes, "tml_functions", &functions, "unmapped", &unmapped) < 0 ||
	    version != STATE_VERSION)
		return -EBADMSG;
	s->has_functions = functions;
	return load_texts(binaries, &s->binaries) ?: load_texts(problems, &s->problems) ?:
	       load_texts(notes, &s->notes) ?: load_texts(profiles, &s->profiles) ?:
	       load_functions(functions, &s->functions) ?: load_unmapped(unmapped, &s->unmapped);
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
