/* SPDX-License-Identifier: MIT */
#include "coverage/publish.h"

#include "coverage/raw.h"
#include "coverage/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TOOL_TIMEOUT_US 600000000u

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for the coverage reports");
}

/* The raw version of a profile in the directory, which its first bytes tell. */
static int profile_version(const struct store *store, const char *name, uint64_t *version,
			   struct proctor_error *err)
{
	int fd = openat(store->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[16];
	ssize_t n = fd >= 0 ? read(fd, head, sizeof(head)) : -1;
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return error_sys(err, error, "cannot open %s/%s", store->dir, name);
	*version = raw_version(head, (size_t)n);
	return *version ? 0 : error_set(err, -EBADMSG, "%s/%s is damaged: it is %s", store->dir, name,
					n == 0 ? "empty" : "no raw profile");
}

/* Each profile goes to an LLVM that reads it: one indexed profile comes of each LLVM that has work. */
static int merge_raw(const struct tools *tools, const struct store *store, struct texts *indexed,
		     struct proctor_error *err)
{
	struct texts *inputs = calloc(tools->profdata.n + 1, sizeof(*inputs));
	int ret = inputs ? 0 : no_memory(err);

	for (size_t i = 0; i < store->profiles.n && ret == 0; i++) {
		const char *name = store->profiles.list[i];
		const struct tool *tool;
		uint64_t version = 0;

		ret = profile_version(store, name, &version, err);
		if (ret == 0)
			ret = tools_for_raw(tools, version, &tool, err);
		if (ret == 0)
			texts_add(&inputs[tool - tools->profdata.list], "%s/%s", store->dir, name);
	}
	for (size_t i = tools->profdata.n; inputs && i-- > 0;) {
		const struct tool *tool = &tools->profdata.list[i];

		if (ret == 0 && inputs[i].n > 0) {
			texts_add(indexed, "%s/merged/llvm-%u.profdata", store->dir, tool->major);
			ret = indexed->lost ? no_memory(err) : tools_merge(tools, tool, &inputs[i],
					indexed->list[indexed->n - 1], err);
		}
		texts_fini(&inputs[i]);
	}
	free(inputs);
	return ret;
}

static int export_with(const struct tools *tools, struct publication *p, struct store *store,
		       const char *merged, struct proctor_error *err)
{
	const struct tool *profdata, *cov;
	struct texts indexed = { 0 };
	int ret = merge_raw(tools, store, &indexed, err);

	if (ret == 0)
		ret = tools_newest(tools, &profdata, &cov, err);
	if (ret == 0)
		ret = tools_merge(tools, profdata, &indexed, merged, err);
	for (size_t i = 0; i < indexed.n; i++)
		unlink(indexed.list[i]);
	texts_fini(&indexed);
	if (ret == 0)
		ret = tools_export(tools, cov, merged, &store->binaries, "text", &p->json_export,
				   &store->notes, err);
	/* It warns of the same again. */
	if (ret == 0)
		ret = tools_export(tools, cov, merged, &store->binaries, "lcov", &p->lcov_export, NULL, err);
	return ret;
}

static int exports_make(struct publication *p, struct store *store, uint64_t timeout_us, int cancel_fd,
			struct proctor_error *err)
{
	char *merged = store_path(store, "coverage.profdata");
	const char *path = getenv("PATH");
	struct tools tools;
	int ret = merged ? 0 : no_memory(err);

	if (ret == 0 && store->profiles.n > 0 && store->binaries.n > 0) {
		ret = tools_find(&tools, path ? path : "", timeout_us, cancel_fd, err);
		if (ret == 0)
			ret = export_with(&tools, p, store, merged, err);
		tools_fini(&tools);
	}
	free(merged);
	return ret;
}

static int reports_write(struct publication *p, struct store *store,
			 const struct proctor_coverage *options, struct proctor_error *err)
{
	int ret = report_json(p->json_export, options, store, &p->doc, err);

	if (ret == 0)
		ret = report_summarize(p->doc, &p->summary, err);
	if (ret == 0 && (ret = report_write_json(p->doc, p->json_path, err)) == 0)
		p->summary.json_path = p->json_path;
	if (ret == 0 && (ret = report_lcov(p->lcov_export, options, &store->unmapped, p->lcov_path, err)) == 0)
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
	int ret;

	p->json_path = store_path(store, "coverage.json");
	p->lcov_path = store_path(store, "coverage.lcov");
	p->html_path = options->html_path ? strdup(options->html_path)
					  : store_path(store, "index.html");
	ret = p->json_path && p->lcov_path && p->html_path ? 0 : no_memory(err);
	if (ret == 0)
		ret = exports_make(p, store, timeout_us, cancel_fd, err);
	if (ret == 0)
		ret = reports_write(p, store, options, err);
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
	if (p->json_export)
		fclose(p->json_export);
	if (p->lcov_export)
		fclose(p->lcov_export);
	free(p->json_path);
	free(p->lcov_path);
	free(p->html_path);
	*p = (struct publication){ .doc = NULL };
}
