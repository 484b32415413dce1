/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include "base/file_replace.h"
#include "base/percent.h"
#include "base/vector.h"

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

/* What one count of the files is in sum. */
static json_int_t files_sum(json_t *files, const char *part, const char *count)
{
	json_int_t sum = 0;
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file) {
		json_t *summary = json_object_get(file, "summary");

		sum += json_integer_value(json_object_get(json_object_get(summary, part), count));
	}
	return sum;
}

/* The totals of these files, with all members that llvm-cov's have. */
static void totals_count(json_t *totals, json_t *files)
{
	const char *name, *count;
	json_t *part, *value;

	json_object_foreach(totals, name, part) {
		json_object_foreach(part, count, value) {
			json_object_set_new(part, count, json_integer(files_sum(files, name, count)));
		}
		json_object_set_new(part, "percent", json_real(percent_of(
			(uint64_t)json_integer_value(json_object_get(part, "covered")),
			(uint64_t)json_integer_value(json_object_get(part, "count")))));
	}
}

static int file_compare(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;

	return strcmp(json_string_value(json_object_get(*x, "filename")),
		      json_string_value(json_object_get(*y, "filename")));
}

/* Orders an array of files by their names. False: no memory. */
static bool files_sort(json_t *files)
{
	size_t n = json_array_size(files), i;
	json_t **list = calloc(n ? n : 1, sizeof(json_t *)), *file;

	if (!list)
		return false;
	json_array_foreach(files, i, file) {
		list[i] = json_incref(file);
	}
	qsort(list, n, sizeof(json_t *), file_compare);
	for (i = 0; i < n; i++)
		json_array_set_new(files, i, list[i]);
	free(list);
	return true;
}

/* A file is wanted by its name, a function by any of its files' names. */
static bool is_wanted(const json_t *item, const struct proctor_coverage *options)
{
	const char *name = json_string_value(json_object_get(item, "filename"));
	json_t *other;
	size_t i;

	if (name)
		return report_wants(options, name);
	json_array_foreach(json_object_get(item, "filenames"), i, other) {
		if (json_is_string(other) && report_wants(options, json_string_value(other)))
			return true;
	}
	return false;
}

/* Keeps the wanted items of an array. False: no memory. */
static bool narrow(json_t *array, const struct proctor_coverage *options)
{
	json_t *kept = json_array(), *item;
	bool whole = kept != NULL;
	size_t i;

	json_array_foreach(array, i, item) {
		if (is_wanted(item, options))
			whole = json_array_append(kept, item) == 0 && whole;
	}
	json_array_clear(array);
	if (json_array_size(kept) > 0)
		whole = json_array_extend(array, kept) == 0 && whole;
	json_decref(kept);
	return whole;
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
static int data_narrow(json_t *data, const struct proctor_coverage *options,
		       struct proctor_error *err)
{
	json_t *files = json_object_get(data, "files"), *file;
	size_t i;

	if (!json_is_array(files))
		return unexpected("list of files", err);
	json_array_foreach(files, i, file) {
		if (!json_is_string(json_object_get(file, "filename")))
			return unexpected("name of a file", err);
	}
	if (!narrow(files, options) || !narrow(json_object_get(data, "functions"), options) ||
	    !files_sort(files))
		return no_memory(err);
	totals_count(json_object_get(data, "totals"), files);
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

int report_json(FILE *exported, const struct proctor_coverage *options, struct store *store,
		json_t **docp, struct proctor_error *err)
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
			ret = data_narrow(data, options, err);
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

static void numbers_add(struct proctor_coverage_numbers *to, const json_t *part)
{
	to->count += (uint64_t)json_integer_value(json_object_get(part, "count"));
	to->covered += (uint64_t)json_integer_value(json_object_get(part, "covered"));
}

static void file_add(struct proctor_coverage_file *to, const json_t *summary)
{
	numbers_add(&to->lines, json_object_get(summary, "lines"));
	numbers_add(&to->functions, json_object_get(summary, "functions"));
	numbers_add(&to->regions, json_object_get(summary, "regions"));
	numbers_add(&to->branches, json_object_get(summary, "branches"));
}

int report_summarize(const json_t *doc, struct proctor_coverage_summary *s,
		     struct proctor_error *err)
{
	json_t *array = json_object_get(doc, "data"), *data, *file;
	VECTOR(struct proctor_coverage_file) files = { 0 };
	size_t i, j;

	s->total = (struct proctor_coverage_file){ .path = "TOTAL" };
	json_array_foreach(array, i, data) {
		json_array_foreach(json_object_get(data, "files"), j, file) {
			struct proctor_coverage_file *to = vector_add(&files);

			if (!to) {
				free(files.list);
				return no_memory(err);
			}
			to->path = json_string_value(json_object_get(file, "filename"));
			file_add(to, json_object_get(file, "summary"));
			file_add(&s->total, json_object_get(file, "summary"));
		}
	}
	s->files = files.list;
	s->nfiles = files.n;
	return 0;
}
