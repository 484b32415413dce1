/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include "base/container.h"
#include "base/file_replace.h"
#include "base/percent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* From here on a count is one below zero: llvm-cov writes the largest number instead. */
#define NEGATIVE_MIN ((json_int_t)1 << 62)

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for the coverage report");
}

static json_t *data_of(const json_t *doc, const char *member)
{
	return json_object_get(json_array_get(json_object_get(doc, "data"), 0), member);
}

json_t *report_files(const json_t *doc)
{
	return data_of(doc, "files");
}

/* One number of a summary, or of the totals: of "lines", say, how many are "covered". */
static json_int_t number_of(const json_t *summary, const char *part, const char *member)
{
	return json_integer_value(json_object_get(json_object_get(summary, part), member));
}

/* Counts the totals of the files anew, with all members that llvm-cov's have. */
static void totals_count(json_t *totals, json_t *files)
{
	const char *name, *member;
	json_t *part, *value, *file;
	size_t i;

	json_object_foreach(totals, name, part) {
		json_object_foreach(part, member, value) {
			json_int_t sum = 0;

			json_array_foreach(files, i, file) {
				sum += number_of(json_object_get(file, "summary"), name, member);
			}
			json_object_set_new(part, member, json_integer(sum));
		}
		json_object_set_new(part, "percent", json_real(percent_of(
			(uint64_t)number_of(totals, name, "covered"),
			(uint64_t)number_of(totals, name, "count"))));
	}
}

static int file_compare(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;

	return strcmp(json_string_value(json_object_get(*x, "filename")),
		      json_string_value(json_object_get(*y, "filename")));
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

/* Keeps the wanted items of an array, in the order of `compare` (NULL: as they are). False: no memory. */
static bool narrow(json_t *array, const struct proctor_coverage *options,
		   int (*compare)(const void *, const void *))
{
	json_t **kept = calloc(json_array_size(array) + 1, sizeof(json_t *)), *item;
	bool whole = kept != NULL;
	size_t i, n = 0;

	json_array_foreach(array, i, item) {
		if (kept && is_wanted(item, options))
			kept[n++] = json_incref(item);
	}
	if (compare && n > 1)
		qsort(kept, n, sizeof(json_t *), compare);
	json_array_clear(array);
	for (i = 0; i < n; i++)
		whole = json_array_append_new(array, kept[i]) == 0 && whole;
	free(kept);
	return whole;
}

/* LLVM works out most counts by subtraction, and exports those below zero as the largest numbers: they
 * are set to zero. How many there were. */
static size_t counts_clamp(const json_t *doc)
{
	/* The lists that have counts, of each file or function, and where in them. */
	static const struct {
		const char *of, *lists;
		size_t first, last;
	} rows[] = {
		{ "files", "segments", 2, 2 }, { "files", "branches", 4, 5 },
		{ "functions", "regions", 4, 4 }, { "functions", "branches", 4, 5 },
	};
	size_t n = 0, i, j;
	json_t *item, *list;

	for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
		json_array_foreach(data_of(doc, rows[row].of), i, item) {
			json_array_foreach(json_object_get(item, rows[row].lists), j, list) {
				for (size_t at = rows[row].first; at <= rows[row].last; at++)
					if (json_integer_value(json_array_get(list, at)) >= NEGATIVE_MIN) {
						json_array_set_new(list, at, json_integer(0));
						n++;
					}
			}
		}
	return n;
}

static bool has_files(const json_t *doc)
{
	json_t *files = report_files(doc), *file;
	size_t i;

	json_array_foreach(files, i, file) {
		if (!json_is_string(json_object_get(file, "filename")))
			return false;
	}
	return json_is_array(files);
}

int report_json(FILE *exported, const struct proctor_coverage *options, struct store *store,
		json_t **docp, struct proctor_error *err)
{
	json_error_t where;
	json_t *doc = exported ? json_loadf(exported, 0, &where)
			       : json_pack("{s:s, s:s, s:[{s:[], s:[], s:{}}]}", "type",
					   "llvm.coverage.json.export", "version", "2.0.1", "data",
					   "files", "functions", "totals");
	size_t nnegative;
	int ret = 0;

	if (!doc)
		return exported ? error_set(err, -EBADMSG, "the export of llvm-cov, line %d: %s",
					    where.line, where.text) : no_memory(err);
	/* A function that forks begins in one process and goes on in two. */
	nnegative = counts_clamp(doc);
	if (nnegative > 0)
		texts_add(&store->notes, "%zu counts were below zero and are shown as 0: they are of "
			  "functions that fork, whose children are counted from the fork on", nnegative);
	if (!has_files(doc))
		ret = error_set(err, -EBADMSG, "the export of llvm-cov has no list of files by name");
	else if (!narrow(report_files(doc), options, file_compare) ||
		 !narrow(data_of(doc, "functions"), options, NULL))
		ret = no_memory(err);
	totals_count(data_of(doc, "totals"), report_files(doc));
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

static struct proctor_coverage_numbers numbers_of(const json_t *summary, const char *part)
{
	return (struct proctor_coverage_numbers){
		.count = (uint64_t)number_of(summary, part, "count"),
		.covered = (uint64_t)number_of(summary, part, "covered"),
	};
}

static struct proctor_coverage_file file_of(const char *path, const json_t *summary)
{
	return (struct proctor_coverage_file){
		.path = path,
		.lines = numbers_of(summary, "lines"), .functions = numbers_of(summary, "functions"),
		.regions = numbers_of(summary, "regions"), .branches = numbers_of(summary, "branches"),
	};
}

int report_summarize(const json_t *doc, struct proctor_coverage_summary *s,
		     struct proctor_error *err)
{
	struct proctor_coverage_file *files = calloc(json_array_size(report_files(doc)) + 1, sizeof(*files));
	json_t *file;
	size_t i;

	if (!files)
		return no_memory(err);
	json_array_foreach(report_files(doc), i, file) {
		files[i] = file_of(json_string_value(json_object_get(file, "filename")),
				   json_object_get(file, "summary"));
	}
	s->total = file_of("TOTAL", data_of(doc, "totals"));
	s->files = files;
	s->nfiles = i;
	return 0;
}
