/* SPDX-License-Identifier: MIT */
#include "coverage/run_coverage.h"

#include "coverage/collect.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct coverage {
	/* Constant while workers run. */
	struct proctor_coverage options;
	struct objects objects;
	struct store store;
	struct collected what;
	char *prefix;			/* of what is in raw/ */
	/* Under lock. */
	pthread_mutex_t lock;
	struct process_counts *ended, **ended_tail;	/* in the order of their ends */
	size_t nstarted, nended;
	/* After the run. */
	struct publication publication;
};

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for the coverage of a run");
}

/* What is not instrumented is said once: a report that has less than was hoped for is no news. */
static void coverage_note_plain(struct coverage *cov, const struct proctor_plan *plan)
{
	size_t nplain = 0, nsuites = 0;
	const char *first = NULL;

	for (size_t i = 0; i < plan->nsuites; i++) {
		const struct suite *suite = plan->suites[i];
		const struct suite_objects *of = objects_of_suite(&cov->objects, suite);

		if (suite->error || !suite_is_selected(suite))
			continue;
		nsuites++;
		if ((cov->what.llvm && of->counts) || (cov->what.functions && of->own != OBJECT_NONE &&
						  cov->objects.list[of->own].functions))
			continue;
		if (nplain++ == 0)
			first = suite->name;
	}
	if (nsuites > 0 && nplain == nsuites)
		texts_add(&cov->store.problems, "no suite is instrumented: compile with "
			      "-fprofile-instr-generate -fcoverage-mapping (clang), or TML's own "
			      "coverage");
	else if (nplain > 0)
		texts_add(&cov->store.notes, "%zu of %zu suites are not instrumented, the first is "
			      "%s", nplain, nsuites, first);
}

/* TML, and -fprofile-instr-generate alone: they count, but nothing maps the counters to source. */
static void coverage_note_unmapped(struct coverage *cov)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < cov->objects.n && cov->what.llvm; i++)
		if (cov->objects.list[i].counts && !cov->objects.list[i].mapped && n++ == 0)
			first = cov->objects.list[i].path;
	if (n > 0)
		texts_add(&cov->store.notes, "%zu %s counters and no coverage map (%s%s): functions "
			      "are reported, lines are not; clang has them with -fcoverage-mapping", n,
			      n == 1 ? "binary has" : "binaries have", n == 1 ? "" : "the first is ",
			      first);
}

/* Better now than after all tests. A page of a former run goes, as its other reports do. */
static int output_check(const char *path, struct proctor_error *err)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	struct stat st;
	int ret = 0;

	if (!copy)
		return no_memory(err);
	if (slash)
		slash[slash == copy] = '\0';
	if (access(slash ? copy : ".", F_OK) < 0)
		ret = error_sys(err, errno, "cannot write the coverage report %s", path);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		ret = error_sys(err, EISDIR, "cannot write the coverage report %s", path);
	else if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
	free(copy);
	return ret;
}

/* AREA_UNWANTED, in raw/. */
static int make_unwanted(const struct coverage *cov, struct proctor_error *err)
{
	char *path;
	int ret = 0;

	if (asprintf(&path, "%s" AREA_UNWANTED, cov->prefix) < 0)
		return no_memory(err);
	if (symlink("/dev/null", path) < 0)
		ret = error_sys(err, errno, "cannot make %s", path);
	free(path);
	return ret;
}

int coverage_open(struct coverage **covp, const struct proctor_coverage *options,
		  const struct proctor_plan *plan, const char *preload, struct proctor_error *err)
{
	struct coverage *cov = calloc(1, sizeof(*cov));
	int ret;

	if (!cov)
		return no_memory(err);
	cov->options = *options;
	cov->what = (struct collected){ .objects = &cov->objects, .preload = preload };
	pthread_mutex_init(&cov->lock, NULL);
	cov->ended_tail = &cov->ended;
	ret = store_open(&cov->store, options->dir ? options->dir : "coverage", true, err);
	if (ret == 0)
		ret = store_clean(&cov->store, err);
	if (ret == 0 && options->html_path)
		ret = output_check(options->html_path, err);
	if (ret == 0)
		ret = objects_find(&cov->objects, plan, err);
	if (ret == 0 && !(cov->prefix = store_path(&cov->store, "raw/")))
		ret = no_memory(err);
	if (ret == 0)
		ret = make_unwanted(cov, err);
	if (ret < 0) {
		coverage_close(cov);
		return ret;
	}
	cov->what.llvm = options->kind == PROCTOR_COVERAGE_LLVM ||
		    (options->kind == PROCTOR_COVERAGE_AUTO && cov->objects.counts);
	cov->what.functions = options->kind == PROCTOR_COVERAGE_TML ||
			 (options->kind == PROCTOR_COVERAGE_AUTO && cov->objects.functions);
	cov->what.prefix = cov->prefix;
	counter_area_lay_out(&cov->objects);
	coverage_note_plain(cov, plan);
	coverage_note_unmapped(cov);
	*covp = cov;
	return 0;
}

void coverage_close(struct coverage *cov)
{
	if (!cov)
		return;
	while (cov->ended) {
		struct process_counts *next = cov->ended->next;

		process_counts_free(cov->ended);
		cov->ended = next;
	}
	publication_fini(&cov->publication);
	objects_fini(&cov->objects);
	store_close(&cov->store);
	pthread_mutex_destroy(&cov->lock);
	free(cov->prefix);
	free(cov);
}

int coverage_process(struct coverage *cov, uint64_t number, const struct suite *program,
		     struct process_counts **p, struct proctor_error *err)
{
	int ret = process_counts_new(p, &cov->what, number, program, err);

	pthread_mutex_lock(&cov->lock);
	cov->nstarted += ret == 0;
	pthread_mutex_unlock(&cov->lock);
	return ret;
}

void coverage_dropped(struct coverage *cov, struct process_counts *p)
{
	pthread_mutex_lock(&cov->lock);
	cov->nstarted--;
	pthread_mutex_unlock(&cov->lock);
	process_counts_free(p);
}

/* Removes what it has written, and those that it had started: their files have its number, too. */
static void remove_files(const struct coverage *cov, uint64_t number)
{
	DIR *dir = opendir(cov->prefix);
	struct dirent *entry;
	char *kind;

	while (dir && (entry = readdir(dir)))
		if (strtoull(entry->d_name, &kind, 10) == number && *kind == '-')
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

void coverage_forget(struct coverage *cov, struct process_counts *p)
{
	remove_files(cov, p->number);
	coverage_dropped(cov, p);
}

void coverage_ended(struct coverage *cov, struct process_counts *p, int status)
{
	pthread_mutex_lock(&cov->lock);
	process_counts_end(p, status, &cov->store.functions);
	*cov->ended_tail = p;
	cov->ended_tail = &p->next;
	cov->nended++;
	pthread_mutex_unlock(&cov->lock);
	counter_area_close(&p->area);
}

enum coverage_outcome coverage_finish(struct coverage *cov, int cancel_fd,
				      const struct proctor_coverage_summary **summary,
				      struct proctor_error *err)
{
	const struct collection collection = {
		.what = &cov->what, .store = &cov->store, .processes = cov->ended,
	};
	int ret;

	if (cov->nstarted != cov->nended)
		texts_add(&cov->store.problems, "%zu of the %zu processes that were started are "
			      "not accounted for", cov->nstarted - cov->nended, cov->nstarted);
	ret = collect(&collection, err);
	if (ret == 0)
		ret = store_save(&cov->store, err);
	if (ret < 0)
		return COVERAGE_FAILED;
	*summary = &cov->publication.summary;
	return publish(&cov->publication, &cov->store, &cov->options, cancel_fd, err);
}
