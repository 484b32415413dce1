/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include "base/percent.h"
#include "base/replacement.h"

#include <errno.h>

/* From here on a count is one below zero: llvm-cov writes the largest number instead. */
#define NEGATIVE_MIN ((json_int_t)1 << 62)

static int unexpected(const char *what, struct proctor_error *err)
{
	return error_set(err, -EBADMSG, "the export of llvm-cov has no %s", what);
}

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for the coverage report");
}

/* Adds the counts of one summary to another, member by member, whatever members there are. */
static void summary_add(json_t *to, json_t *from)
{
	static const char *const counts[] = { "count", "covered", "notcovered" };
	const char *name;
	json_t *part;

	json_object_foreach(from, name, part) {
		json_t *sum = json_object_get(to, name);

		if (!sum) {
			sum = json_object();
			json_object_set_new(to, name, sum);
		}
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			json_t *n = json_object_get(part, counts[i]);

			if (n)
				json_object_set_new(sum, counts[i], json_integer(
					json_integer_value(json_object_get(sum, counts[i])) +
					json_integer_value(n)));
		}
	}
}

/* All members that llvm-cov has, with nothing counted. */
static json_t *summary_zero(json_t *like)
{
	json_t *zero = json_deep_copy(like), *part, *value;
	const char *name, *count;

	json_object_foreach(zero, name, part) {
		json_object_foreach(part, count, value) {
			json_object_set_new(part, count, json_integer(0));
		}
	}
	return zero ? zero : json_object();
}

static void summary_percent(json_t *summary)
{
	const char *name;
	json_t *part;

	json_object_foreach(summary, name, part) {
		json_int_t count = json_integer_value(json_object_get(part, "count"));
		json_int_t covered = json_integer_value(json_object_get(part, "covered"));

		json_object_set_new(part, "percent",
				    json_real(percent_of((uint64_t)covered, (uint64_t)count)));
	}
}

static int file_compare(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;

	return strcmp(json_string_value(json_object_get(*x, "filename")),
		      json_string_value(json_object_get(*y, "filename")));
}

/* An array with the wanted files, by name; NULL: no memory, or a file without a name. */
static json_t *files_keep(json_t *files, const struct report_filter *filter)
{
	size_t n = json_array_size(files), nkept = 0, i;
	json_t **kept = calloc(n ? n : 1, sizeof(json_t *)), *result = json_array(), *file;

	json_array_foreach(files, i, file) {
		const char *name = json_string_value(json_object_get(file, "filename"));

		if (!name) {
			json_decref(result);
			result = NULL;
			break;
		}
		if (kept && report_wants(filter, name))
			kept[nkept++] = file;
	}
	if (kept && nkept > 1)
		qsort(kept, nkept, sizeof(json_t *), file_compare);
	for (i = 0; kept && result && i < nkept; i++)
		json_array_append(result, kept[i]);
	free(kept);
	return result;
}

static json_t *functions_keep(json_t *functions, const struct report_filter *filter)
{
	json_t *result = json_array(), *function, *name;
	size_t i, j;

	json_array_foreach(functions, i, function) {
		json_array_foreach(json_object_get(function, "filenames"), j, name) {
			if (json_is_string(name) && report_wants(filter, json_string_value(name))) {
				json_array_append(result, function);
				break;
			}
		}
	}
	return result;
}

/* Sets counts below zero to zero in arrays that have them at these places; how many there were. */
static size_t counts_clamp(json_t *lists, size_t first, size_t last)
{
	size_t n = 0, i;
	json_t *list;

	json_array_foreach(lists, i, list) {
		for (size_t at = first; at <= last; at++)
			if (json_integer_value(json_array_get(list, at)) >= NEGATIVE_MIN) {
				json_array_set_new(list, at, json_integer(0));
				n++;
			}
	}
	return n;
}

/* LLVM works out most counts by subtraction, and exports those below zero as the largest numbers. */
static size_t data_clamp(json_t *data)
{
	json_t *part;
	size_t n = 0, i;

	json_array_foreach(json_object_get(data, "files"), i, part) {
		n += counts_clamp(json_object_get(part, "segments"), 2, 2);
		n += counts_clamp(json_object_get(part, "branches"), 4, 5);
	}
	json_array_foreach(json_object_get(data, "functions"), i, part) {
		n += counts_clamp(json_object_get(part, "regions"), 4, 4);
		n += counts_clamp(json_object_get(part, "branches"), 4, 5);
	}
	return n;
}

/* Narrows one element of "data" and counts its totals anew. */
static int data_narrow(json_t *data, const struct report_filter *filter, struct proctor_error *err)
{
	json_t *files = json_object_get(data, "files"), *totals, *file, *functions;
	size_t i;

	if (!json_is_array(files))
		return unexpected("list of files", err);
	files = files_keep(files, filter);
	if (!files)
		return unexpected("name of a file", err);
	totals = summary_zero(json_object_get(data, "totals"));
	json_array_foreach(files, i, file) {
		summary_add(totals, json_object_get(file, "summary"));
	}
	summary_percent(totals);
	json_object_set_new(data, "files", files);
	json_object_set_new(data, "totals", totals);
	functions = json_object_get(data, "functions");
	if (functions)
		json_object_set_new(data, "functions", functions_keep(functions, filter));
	return 0;
}

static json_t *empty_export(void)
{
	return json_pack("{s:s, s:s, s:[{s:[], s:[], s:{}}]}", "type", "llvm.coverage.json.export",
			 "version", "2.0.1", "data", "files", "functions", "totals");
}

/* A function that forks begins in one process and goes on in two. */
static void note_negative(struct store *store, size_t n)
{
	if (n > 0)
		texts_add(&store->notes, "%zu counts were below zero and are shown as 0: they are of "
			  "functions that fork, whose children are counted from the fork on", n);
}

int report_json(FILE *exported, const struct report_filter *filter, struct store *store, json_t **docp,
		struct proctor_error *err)
{
	json_error_t where;
	json_t *doc = exported ? json_loadf(exported, 0, &where) : empty_export(), *array, *data;
	size_t i, nnegative = 0;
	int ret = 0;

	if (!doc)
		return exported ? error_set(err, -EBADMSG, "the export of llvm-cov, line %d: %s",
					    where.line, where.text) : no_memory(err);
	array = json_object_get(doc, "data");
	if (!json_is_array(array))
		ret = unexpected("data", err);
	json_array_foreach(array, i, data) {
		if (ret == 0)
			ret = data_narrow(data, filter, err);
		nnegative += data_clamp(data);
	}
	note_negative(store, nnegative);
	if (ret == 0 && json_object_set_new(doc, "proctor", store_facts(store)) < 0)
		ret = no_memory(err);
	*docp = ret == 0 ? doc : NULL;
	if (ret < 0)
		json_decref(doc);
	return ret;
}

int report_write_json(json_t *doc, const char *path, struct proctor_error *err)
{
	struct replacement r;
	int ret = replacement_open(&r, path, err);

	if (ret < 0)
		return ret;
	if (json_dumpf(doc, r.file, JSON_COMPACT) < 0 && !ferror(r.file))
		ret = no_memory(err);
	fputc('\n', r.file);
	return replacement_close(&r, ret, err);
}

static void numbers_add(struct proctor_coverage_numbers *to, const json_t *summary,
			const char *name)
{
	const json_t *part = json_object_get(summary, name);

	to->count += (uint64_t)json_integer_value(json_object_get(part, "count"));
	to->covered += (uint64_t)json_integer_value(json_object_get(part, "covered"));
}

static void file_add(struct proctor_coverage_file *to, const json_t *summary)
{
	numbers_add(&to->lines, summary, "lines");
	numbers_add(&to->functions, summary, "functions");
	numbers_add(&to->regions, summary, "regions");
	numbers_add(&to->branches, summary, "branches");
}

int report_summarize(const json_t *doc, struct report_summary *s, struct proctor_error *err)
{
	json_t *array = json_object_get(doc, "data"), *data, *file;
	size_t i, j, n = 0;

	*s = (struct report_summary){ .total = { .path = "TOTAL" } };
	json_array_foreach(array, i, data) {
		n += json_array_size(json_object_get(data, "files"));
	}
	s->files = calloc(n ? n : 1, sizeof(*s->files));
	if (!s->files)
		return no_memory(err);
	json_array_foreach(array, i, data) {
		json_array_foreach(json_object_get(data, "files"), j, file) {
			struct proctor_coverage_file *to = &s->files[s->nfiles++];

			to->path = json_string_value(json_object_get(file, "filename"));
			if (!to->path) {
				free(s->files);
				s->files = NULL;
				return unexpected("name of a file", err);
			}
			file_add(to, json_object_get(file, "summary"));
			file_add(&s->total, json_object_get(file, "summary"));
		}
	}
	return 0;
}
