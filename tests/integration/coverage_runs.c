/* SPDX-License-Identifier: MIT */
#include "coverage_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const llvms[3] = { "14", "16", "19" };

bool soaks(void)
{
	return getenv("PROCTOR_SOAK") != NULL;
}

const char *need_suite(const char *fmt, const char *llvm)
{
	char name[64];
	const char *path;

	snprintf(name, sizeof(name), fmt, llvm);
	path = suite_path(name);
	if (access(path, R_OK) < 0)
		skip();
	return path;
}

struct run *cover_with(const char *variable, const char *const *words)
{
	const char *args[WORDS_MAX] = { "--coverage" };
	size_t n = 1;

	while (*words)
		args[n++] = *words++;
	return run_proctor(&(struct run_setup){
		.args = args,
		.prefix = IN_ITS_DIRECTORY,
		.env = WORDS(variable),
	});
}

struct run *cover(bool bad, const char *const *words)
{
	return cover_with(bad ? "COVERAGE_BAD=1" : "COVERAGE_BAD=0", words);
}

json_t *coverage_json(const struct run *run, const char *name)
{
	char path[256];
	json_error_t where;
	json_t *doc;

	snprintf(path, sizeof(path), "%s/" WORK "/%s", run->dir, name);
	doc = json_load_file(path, 0, &where);
	if (!doc)
		fail_msg("%s: %s", path, where.text);
	return doc;
}

char *coverage_text(const struct run *run, const char *name)
{
	char path[256], *text;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "%s/" WORK "/%s", run->dir, name);
	f = fopen(path, "r");
	if (!f || fstat(fileno(f), &st) < 0)
		fail_msg("%s is not there", path);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	return text;
}

bool coverage_exists(const struct run *run, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" WORK "/%s", run->dir, name);
	return access(path, F_OK) == 0;
}

/* Every region of every function with its count: what must be equal. Freed by the caller. */
static char *counts(const struct run *run)
{
	json_t *doc = coverage_json(run, "coverage/coverage.json"), *all = json_object(), *function;
	json_t *functions = json_object_get(json_array_get(json_object_get(doc, "data"), 0),
					    "functions");
	char *text;
	size_t i;

	assert_true(json_array_size(functions) > 0);
	json_array_foreach(functions, i, function) {
		json_t *key = json_pack("[O, O]", json_object_get(function, "name"),
					json_object_get(function, "filenames"));
		char *name = json_dumps(key, 0);

		json_object_set(all, name, json_object_get(function, "regions"));
		free(name);
		json_decref(key);
	}
	text = json_dumps(all, JSON_SORT_KEYS | JSON_INDENT(1));
	json_decref(all);
	json_decref(doc);
	return text;
}

json_int_t count_of(const struct run *run, const char *name)
{
	json_t *doc = coverage_json(run, "coverage/coverage.json"), *function;
	json_int_t count = -1;
	size_t i;

	json_array_foreach(json_object_get(json_array_get(json_object_get(doc, "data"), 0),
					   "functions"), i, function) {
		const char *full = event_text(function, "name");

		if (strlen(full) >= strlen(name) &&
		    strcmp(full + strlen(full) - strlen(name), name) == 0)
			count = event_number(function, "count");
	}
	json_decref(doc);
	return count;
}

json_int_t function_hits(const struct run *run, const char *name)
{
	json_t *doc = coverage_json(run, "coverage/coverage.json"), *function;
	json_int_t hits = -1;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(doc, "proctor"), "tml_functions"), i,
			   function)
		if (strcmp(event_text(function, "name"), name) == 0)
			hits = json_is_null(json_object_get(function, "hits"))
				? 0 : event_number(function, "hits");
	json_decref(doc);
	return hits;
}

void check_equal(const struct run *good, const struct run *bad)
{
	char *expected = counts(good), *got = counts(bad);

	if (strcmp(expected, got) != 0) {
		size_t i = 0;

		while (expected[i] == got[i])
			i++;
		fail_msg("counts differ:\n%.300s\n---\n%.300s", expected + (i > 150 ? i - 150 : 0),
			 got + (i > 150 ? i - 150 : 0));
	}
	free(expected);
	free(got);
}

void check_problem(const struct run *run, const char *text)
{
	json_t *doc = coverage_json(run, "coverage/coverage.json");
	json_t *ours = json_object_get(doc, "proctor");
	char *problems = json_dumps(json_object_get(ours, "problems"), 0);

	assert_true(json_is_true(json_object_get(ours, "partial")));
	if (!strstr(problems, text))
		fail_msg("nothing says \"%s\": %s", text, problems);
	if (!strstr(run->out, text))
		fail_msg("the terminal does not say \"%s\": %s", text, run->out);
	free(problems);
	json_decref(doc);
}

void check_complete(const struct run *run, int exit_code)
{
	json_t *doc = coverage_json(run, "coverage/coverage.json");
	json_t *ours = json_object_get(doc, "proctor");

	if (json_is_true(json_object_get(ours, "partial")))
		fail_msg("is partial: %s", json_dumps(json_object_get(ours, "problems"), JSON_INDENT(1)));
	assert_int_equal(run->exit_code, exit_code);
	json_decref(doc);
}

void check_tml(const struct run *run)
{
	assert_int_equal(function_hits(run, "core::add"), 3);
	assert_int_equal(function_hits(run, "core::parse[Str]"), 1);
	assert_int_equal(function_hits(run, "core::crash"), 1);
	assert_int_equal(function_hits(run, "core::wait"), 1);
	assert_int_equal(function_hits(run, "core::hot"), 2147483648);
}
