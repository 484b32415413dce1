/* SPDX-License-Identifier: MIT */
#include "coverage/publish.h"

#include "base/clock.h"
#include "base/file_size.h"
#include "coverage/raw.h"
#include "coverage/tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_TOOL_TIMEOUT_US 600000000u
#define VERSIONS_MAX 16

/* The paths of the merged profiles, and of the indexed ones made from them. */
struct inputs {
	char **paths;			/* of the store's profiles, in its order; NULL: not for llvm-cov */
	char *indexed[VERSIONS_MAX];	/* one for each raw version */
	uint64_t versions[VERSIONS_MAX];
	size_t nversions;
};

static int no_memory(struct proctor_error *err)
{
	error_set(err, -ENOMEM, "no memory for the coverage reports");
	return -ENOMEM;
}

static void inputs_fini(struct inputs *in, const struct store *store)
{
	for (size_t i = 0; in->paths && i < store->nprofiles; i++)
		free(in->paths[i]);
	free(in->paths);
	for (size_t i = 0; i < in->nversions; i++) {
		if (in->indexed[i])
			unlink(in->indexed[i]);
		free(in->indexed[i]);
	}
}

static int inputs_init(struct inputs *in, const struct store *store, struct proctor_error *err)
{
	*in = (struct inputs){ .paths = calloc(store->nprofiles + 1, sizeof(char *)) };
	if (!in->paths)
		return no_memory(err);
	for (size_t i = 0; i < store->nprofiles; i++) {
		uint64_t version = store->profiles[i].version & RAW_VERSION_MASK;
		struct stat st;
		size_t j = 0;

		if (store->profiles[i].nunmapped > 0)
			continue;
		in->paths[i] = store_path(store, store->profiles[i].path);
		if (!in->paths[i])
			return no_memory(err);
		/* LLVM takes an empty file for one in which nothing was counted. */
		if (stat(in->paths[i], &st) < 0)
			return error_sys(err, errno, "cannot open %s", in->paths[i]);
		if (st.st_size == 0)
			return error_set(err, -EBADMSG, "%s is damaged: it is empty", in->paths[i]);
		while (j < in->nversions && in->versions[j] != version)
			j++;
		if (j == VERSIONS_MAX)
			return error_set(err, -ENOTSUP, "the profiles are of more than %d versions",
					 VERSIONS_MAX);
		if (j == in->nversions)
			in->versions[in->nversions++] = version;
	}
	return 0;
}

/* The profiles of one raw version become one indexed profile. */
static int merge_version(const struct tools *tools, struct inputs *in, size_t v,
			 const struct store *store, struct proctor_error *err)
{
	const char **paths = calloc(store->nprofiles, sizeof(char *));
	const struct tool *tool;
	char name[64];
	size_t n = 0;
	int ret;

	snprintf(name, sizeof(name), "merged/version-%llu.profdata",
		 (unsigned long long)in->versions[v]);
	in->indexed[v] = store_path(store, name);
	ret = paths && in->indexed[v] ? tools_for_raw(tools, in->versions[v], &tool, err)
				      : no_memory(err);
	for (size_t i = 0; ret == 0 && i < store->nprofiles; i++)
		if (in->paths[i] &&
		    (store->profiles[i].version & RAW_VERSION_MASK) == in->versions[v])
			paths[n++] = in->paths[i];
	if (ret == 0)
		ret = tools_merge(tools, tool, paths, n, in->indexed[v], err);
	free(paths);
	return ret;
}

/* All indexed profiles become coverage.profdata. */
static int merge_all(const struct tools *tools, struct inputs *in, const struct store *store,
		     const char *output, struct proctor_error *err)
{
	const struct tool *profdata, *cov;
	int ret = 0;

	for (size_t v = 0; v < in->nversions && ret == 0; v++)
		ret = merge_version(tools, in, v, store, err);
	if (ret == 0)
		ret = tools_newest(tools, &profdata, &cov, err);
	if (ret == 0)
		ret = tools_merge(tools, profdata, (const char *const *)in->indexed, in->nversions,
				  output, err);
	return ret;
}

/* What llvm-cov says of all binaries, as JSON and lcov. */
struct exports {
	char *profdata, *json, *lcov;	/* paths; json and lcov are removed at the end */
	bool made;
};

static void note_warnings(struct store *store, char *warnings)
{
	char *save = NULL;

	for (char *line = warnings ? strtok_r(warnings, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		sentences_add(&store->notes, "llvm-cov: %s", line);
	free(warnings);
}

static int export_with(const struct tools *tools, struct exports *e, struct store *store,
		       struct proctor_error *err)
{
	const char *const *binaries = (const char *const *)store->binaries;
	char *warnings = NULL, *repeated = NULL;
	const struct tool *profdata, *cov;
	struct inputs in;
	int ret = inputs_init(&in, store, err);

	if (ret == 0)
		ret = merge_all(tools, &in, store, e->profdata, err);
	if (ret == 0)
		ret = tools_newest(tools, &profdata, &cov, err);
	if (ret == 0)
		ret = tools_export(tools, cov, e->profdata, binaries, store->nbinaries, "text",
				   e->json, &warnings, err);
	if (ret == 0)
		ret = tools_export(tools, cov, e->profdata, binaries, store->nbinaries, "lcov",
				   e->lcov, &repeated, err);
	note_warnings(store, warnings);
	free(repeated);
	inputs_fini(&in, store);
	e->made = ret == 0;
	return ret;
}

static bool any_mapped(const struct store *store)
{
	for (size_t i = 0; i < store->nprofiles; i++)
		if (store->profiles[i].nunmapped == 0)
			return store->nbinaries > 0;
	return false;
}

static int exports_make(struct exports *e, struct store *store, uint64_t timeout_us, int cancel_fd,
			struct proctor_error *err)
{
	const char *path = getenv("PATH");
	struct tools tools;
	int ret;

	*e = (struct exports){
		.profdata = store_path(store, "coverage.profdata"),
		.json = store_path(store, "merged/export.json"),
		.lcov = store_path(store, "merged/export.lcov"),
	};
	if (!e->profdata || !e->json || !e->lcov)
		return no_memory(err);
	/* Nothing was counted that llvm-cov could show. */
	if (!any_mapped(store))
		return 0;
	ret = tools_find(&tools, path ? path : "", timeout_us, cancel_fd, err);
	if (ret < 0)
		return ret;
	ret = export_with(&tools, e, store, err);
	tools_fini(&tools);
	return ret;
}

static void exports_fini(struct exports *e)
{
	if (e->json)
		unlink(e->json);
	if (e->lcov)
		unlink(e->lcov);
	free(e->profdata);
	free(e->json);
	free(e->lcov);
}

/* The functions of what llvm-cov cannot show. */
static int unmapped_read(struct publication *p, const struct store *store,
			 struct proctor_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < store->nprofiles && ret == 0; i++) {
		const struct store_profile *profile = &store->profiles[i];
		char *path;

		if (profile->nunmapped == 0)
			continue;
		path = store_path(store, profile->path);
		ret = path ? unmapped_add(&p->unmapped, path, profile->unmapped, profile->nunmapped,
					  err) : no_memory(err);
		free(path);
	}
	unmapped_sort(&p->unmapped);
	return ret;
}

/* A function that forks begins in one process and goes on in two. */
static void note_negative(json_t *doc, struct store *store, size_t n)
{
	sentences_add(&store->notes, "%zu counts were below zero and are shown as 0: they are of "
		      "functions that fork, whose children are counted from the fork on", n);
	if (!store->notes.lost)
		report_add_note(doc, store->notes.list[store->notes.n - 1]);
}

static int reports_write(struct publication *p, const struct exports *e, struct store *store,
			 const struct proctor_coverage *options, struct proctor_error *err)
{
	const struct report_filter filter = {
		.includes = options->includes, .nincludes = options->nincludes,
		.excludes = options->excludes, .nexcludes = options->nexcludes,
	};
	struct report_facts facts = {
		.problems = (const char *const *)store->problems.list,
		.nproblems = store->problems.n,
		.notes = (const char *const *)store->notes.list, .nnotes = store->notes.n,
		.functions = store->has_functions ? &store->functions : NULL,
		.unmapped = &p->unmapped,
	};
	size_t nnegative;
	int ret = report_json(e->made ? e->json : NULL, &filter, &facts, &p->doc, &nnegative, err);

	if (ret == 0 && nnegative > 0)
		note_negative(p->doc, store, nnegative);
	facts.notes = (const char *const *)store->notes.list;
	facts.nnotes = store->notes.n;
	if (ret == 0)
		ret = report_summarize(p->doc, &p->numbers, err);
	if (ret == 0 && (ret = report_write_json(p->doc, p->json_path, err)) == 0)
		p->summary.json_path = p->json_path;
	if (ret == 0 && (ret = report_lcov(e->made ? e->lcov : NULL, &filter, &p->unmapped,
					   p->lcov_path, err)) == 0)
		p->summary.lcov_path = p->lcov_path;
	if (ret == 0 && (ret = report_html(p->doc, &facts, p->html_path, err)) == 0)
		p->summary.html_path = p->html_path;
	return ret;
}

static void summary_fill(struct publication *p, const struct store *store,
			 const struct proctor_coverage *options)
{
	struct proctor_coverage_summary *s = &p->summary;
	const struct proctor_coverage_numbers *lines = &p->numbers.total.lines;

	s->files = p->numbers.files;
	s->nfiles = p->numbers.nfiles;
	s->total = p->numbers.total;
	s->has_tml = store->has_functions;
	s->ntml_functions = store->functions.n;
	s->nunmapped = p->unmapped.nbinaries;
	s->unmapped_functions = (struct proctor_coverage_numbers){
		.count = p->unmapped.nfunctions, .covered = p->unmapped.nran };
	s->problems = (const char *const *)store->problems.list;
	s->nproblems = store->problems.n;
	s->notes = (const char *const *)store->notes.list;
	s->nnotes = store->notes.n;
	s->has_minimum = options->has_minimum;
	s->minimum_percent = options->minimum_percent;
	/* By multiplication: exactly the minimum is enough. No line at all reaches none. */
	s->below_minimum = options->has_minimum &&
		(lines->count == 0 || (double)lines->covered * 100 <
					      options->minimum_percent * (double)lines->count);
}

enum coverage_outcome publish(struct publication *p, struct store *store,
			      const struct proctor_coverage *options, int cancel_fd,
			      struct proctor_error *err)
{
	uint64_t timeout_us = options->tool_timeout_us ? options->tool_timeout_us
						       : DEFAULT_TOOL_TIMEOUT_US;
	struct exports e;
	int ret;

	p->json_path = store_path(store, "coverage.json");
	p->lcov_path = store_path(store, "coverage.lcov");
	p->html_path = options->html_path ? strdup(options->html_path)
					  : store_path(store, "index.html");
	ret = p->json_path && p->lcov_path && p->html_path ? 0 : no_memory(err);
	if (ret == 0) {
		ret = exports_make(&e, store, timeout_us, cancel_fd, err);
		if (ret == 0)
			ret = unmapped_read(p, store, err);
		if (ret == 0)
			ret = reports_write(p, &e, store, options, err);
		exports_fini(&e);
	}
	if (store->problems.lost || store->notes.lost)
		ret = no_memory(err);
	summary_fill(p, store, options);
	if (ret < 0)
		return COVERAGE_FAILED;
	if (store->problems.n > 0 && !options->allow_partial)
		return COVERAGE_PARTIAL;
	return p->summary.below_minimum ? COVERAGE_BELOW : COVERAGE_COMPLETE;
}

void publication_fini(struct publication *p)
{
	unmapped_fini(&p->unmapped);
	free(p->numbers.files);
	json_decref(p->doc);
	free(p->json_path);
	free(p->lcov_path);
	free(p->html_path);
	*p = (struct publication){ .doc = NULL };
}

int proctor_coverage_report(const struct proctor_coverage *coverage, proctor_callback *callback,
			    void *data, int *exit_code, struct proctor_error *err)
{
	static const int codes[] = {
		[COVERAGE_COMPLETE] = 0, [COVERAGE_BELOW] = 1,
		[COVERAGE_PARTIAL] = 3, [COVERAGE_FAILED] = 3,
	};
	struct publication publication = { .doc = NULL };
	struct proctor_event event = { .kind = PROCTOR_COVERAGE };
	enum coverage_outcome outcome = COVERAGE_FAILED;
	struct store store;
	sigset_t mask;
	int ret;

	*exit_code = 3;
	ret = store_open(&store, coverage->dir ? coverage->dir : "coverage", false, err);
	if (ret < 0)
		return ret;
	file_size_hold(&mask);
	ret = store_load(&store, err);
	if (ret == 0) {
		outcome = publish(&publication, &store, coverage, -1, err);
		ret = outcome == COVERAGE_FAILED ? err->code : 0;
		event.time_us = clock_us();
		event.coverage = &publication.summary;
		callback(&event, data);
	}
	*exit_code = codes[outcome];
	publication_fini(&publication);
	store_close(&store);
	file_size_release(&mask);
	return ret;
}
