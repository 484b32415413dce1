/* SPDX-License-Identifier: MIT */
#include "coverage/publish.h"

#include "coverage/raw.h"
#include "coverage/tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_TOOL_TIMEOUT_US 600000000u

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for the coverage reports");
}

/* The profiles of one raw version become one indexed profile, whose path is added to `indexed`. */
static int merge_version(const struct tools *tools, const struct store *store, uint64_t version,
			 struct texts *indexed, struct proctor_error *err)
{
	struct texts paths = { 0 };
	const struct tool *tool;
	int ret = 0;

	for (size_t i = 0; i < store->profiles.n && ret == 0; i++) {
		const struct store_profile *profile = &store->profiles.list[i];
		struct stat st;

		if ((profile->version & RAW_VERSION_MASK) != version)
			continue;
		/* LLVM takes an empty file for one in which nothing was counted. */
		if (fstatat(store->dir_fd, profile->path, &st, 0) < 0)
			ret = error_sys(err, errno, "cannot open %s/%s", store->dir, profile->path);
		else if (st.st_size == 0)
			ret = error_set(err, -EBADMSG, "%s/%s is damaged: it is empty", store->dir,
					profile->path);
		texts_add(&paths, "%s/%s", store->dir, profile->path);
	}
	texts_add(indexed, "%s/merged/version-%llu.profdata", store->dir, (unsigned long long)version);
	if (ret == 0 && (paths.lost || indexed->lost))
		ret = no_memory(err);
	if (ret == 0)
		ret = tools_for_raw(tools, version, &tool, err);
	if (ret == 0)
		ret = tools_merge(tools, tool, &paths, indexed->list[indexed->n - 1], err);
	texts_fini(&paths);
	return ret;
}

static bool is_first_of_version(const struct store *store, size_t i, uint64_t *version)
{
	*version = store->profiles.list[i].version & RAW_VERSION_MASK;
	while (i-- > 0)
		if ((store->profiles.list[i].version & RAW_VERSION_MASK) == *version)
			return false;
	return true;
}

/* The profiles become one indexed profile for each raw version there is. */
static int merge_versions(const struct tools *tools, const struct store *store,
			  struct texts *indexed, struct proctor_error *err)
{
	uint64_t version;
	int ret = 0;

	for (size_t i = 0; i < store->profiles.n && ret == 0; i++)
		if (is_first_of_version(store, i, &version))
			ret = merge_version(tools, store, version, indexed, err);
	return ret;
}

/* What llvm-cov says of all binaries. */
struct exports {
	FILE *json, *lcov;		/* NULL: nothing was counted that it could show */
};

static void exports_close(struct exports *e)
{
	if (e->json)
		fclose(e->json);
	if (e->lcov)
		fclose(e->lcov);
}

static void note_warnings(struct store *store, char *warnings)
{
	char *save = NULL;

	for (char *line = warnings ? strtok_r(warnings, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		texts_add(&store->notes, "llvm-cov: %s", line);
	free(warnings);
}

static int export_with(const struct tools *tools, struct exports *e, struct store *store,
		       const char *merged, struct proctor_error *err)
{
	char *warnings = NULL, *repeated = NULL;
	const struct tool *profdata, *cov;
	struct texts indexed = { 0 };
	int ret = merge_versions(tools, store, &indexed, err);

	if (ret == 0)
		ret = tools_newest(tools, &profdata, &cov, err);
	if (ret == 0)
		ret = tools_merge(tools, profdata, &indexed, merged, err);
	for (size_t i = 0; i < indexed.n; i++)
		unlink(indexed.list[i]);
	texts_fini(&indexed);
	if (ret == 0)
		ret = tools_export(tools, cov, merged, &store->binaries, "text", &e->json, &warnings,
				   err);
	if (ret == 0)
		ret = tools_export(tools, cov, merged, &store->binaries, "lcov", &e->lcov, &repeated,
				   err);
	note_warnings(store, warnings);
	free(repeated);
	return ret;
}

static int exports_make(struct exports *e, struct store *store, uint64_t timeout_us, int cancel_fd,
			struct proctor_error *err)
{
	char *merged = store_path(store, "coverage.profdata");
	const char *path = getenv("PATH");
	struct tools tools;
	int ret = merged ? 0 : no_memory(err);

	if (ret == 0 && store->profiles.n > 0 && store->binaries.n > 0) {
		ret = tools_find(&tools, path ? path : "", timeout_us, cancel_fd, err);
		if (ret == 0)
			ret = export_with(&tools, e, store, merged, err);
		tools_fini(&tools);
	}
	free(merged);
	return ret;
}

static int reports_write(struct publication *p, const struct exports *e, struct store *store,
			 const struct proctor_coverage *options, struct proctor_error *err)
{
	int ret = report_json(e->json, options, store, &p->doc, err);

	if (ret == 0)
		ret = report_summarize(p->doc, &p->summary, err);
	if (ret == 0 && (ret = report_write_json(p->doc, p->json_path, err)) == 0)
		p->summary.json_path = p->json_path;
	if (ret == 0 && (ret = report_lcov(e->lcov, options, &store->unmapped, p->lcov_path, err)) == 0)
		p->summary.lcov_path = p->lcov_path;
	if (ret == 0 && (ret = report_html(p->doc, &p->summary, store, p->html_path, err)) == 0)
		p->summary.html_path = p->html_path;
	return ret;
}

static void summary_fill(struct publication *p, const struct store *store,
			 const struct proctor_coverage *options)
{
	struct proctor_coverage_summary *s = &p->summary;
	const struct proctor_coverage_numbers *lines = &s->total.lines;

	s->has_tml = store->has_functions;
	s->ntml_functions = store->functions.n;
	s->nunmapped = store->unmapped.nbinaries;
	s->unmapped_functions = (struct proctor_coverage_numbers){
		.count = store->unmapped.nfunctions, .covered = store->unmapped.nran };
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
	struct exports exports = { .json = NULL };
	int ret;

	p->json_path = store_path(store, "coverage.json");
	p->lcov_path = store_path(store, "coverage.lcov");
	p->html_path = options->html_path ? strdup(options->html_path)
					  : store_path(store, "index.html");
	ret = p->json_path && p->lcov_path && p->html_path ? 0 : no_memory(err);
	if (ret == 0)
		ret = exports_make(&exports, store, timeout_us, cancel_fd, err);
	if (ret == 0)
		ret = reports_write(p, &exports, store, options, err);
	exports_close(&exports);
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
	free((void *)p->summary.files);
	json_decref(p->doc);
	free(p->json_path);
	free(p->lcov_path);
	free(p->html_path);
	*p = (struct publication){ .doc = NULL };
}
