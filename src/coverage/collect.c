/* SPDX-License-Identifier: MIT */
#include "coverage/collect.h"

#include "base/bytes.h"
#include "coverage/merge.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBLEM(k, ...) texts_add(&(k)->store->problems, __VA_ARGS__)
#define NOTE(k, ...) texts_add(&(k)->store->notes, __VA_ARGS__)

struct collector {
	const struct collection *c;
	struct store *store;
	const struct objects *objects;
	struct merge merge;
	/* Of the process that is looked at. */
	struct process_counts *process;
	struct bytes words;
	const char *who;		/* "suite alpha (tests a, b, c and 4 more)" */
	char how[96];			/* "process 3 of the run ended by SIGKILL" */
	const char *ended;		/* "ended by SIGKILL" */
};

static void suite_words(const struct process_suite *s, struct bytes *words)
{
	size_t shown = s->ntests < 3 ? s->ntests : 3;

	bytes_printf(words, "suite %s (test%s ", s->suite->name, s->ntests == 1 ? "" : "s");
	for (size_t i = 0; i < shown; i++)
		bytes_printf(words, "%s%.100s", i ? ", " : "", s->names[i]);
	if (s->ntests > shown)
		bytes_printf(words, " and %zu more", s->ntests - shown);
	bytes_text(words, ")");
}

/* From here on `p` is looked at; NULL: one that is not known. Long lists of suites are cut. */
static void look_at(struct collector *k, struct process_counts *p)
{
	size_t nsuites = p ? p->suites.n : 0;
	int n;

	k->process = p;
	bytes_clear(&k->words);
	for (size_t i = 0; i < nsuites && i < 3; i++) {
		bytes_text(&k->words, i ? ", " : "");
		suite_words(&p->suites.list[i], &k->words);
	}
	if (nsuites > 3)
		bytes_printf(&k->words, " and %zu more suites", nsuites - 3);
	k->who = p && k->words.nbytes ? k->words.data : "a test";
	if (!p)
		return;
	n = snprintf(k->how, sizeof(k->how), "process %llu of the run ", (unsigned long long)p->number);
	k->ended = k->how + n;
	if (WIFSIGNALED(p->status))
		snprintf(k->how + n, sizeof(k->how) - (size_t)n, "ended by SIG%s",
			 sigabbrev_np(WTERMSIG(p->status)) ?: "?");
	else
		snprintf(k->how + n, sizeof(k->how) - (size_t)n, "ended with status %d",
			 WEXITSTATUS(p->status));
}

/* The first object that a profile is of: files may be copies of each other, or compiled from the same
 * source, and their counts are one sum. */
static size_t object_by_identity(const struct collector *k, uint64_t identity)
{
	for (size_t i = 0; i < k->objects->n && identity != 0; i++)
		if (k->objects->list[i].identity == identity)
			return i;
	return OBJECT_NONE;
}

/* Is each profile in the file of one of the objects? Of `p`, they are counted then. */
static bool all_known(const struct collector *k, const struct merge_found *found, struct process_counts *p)
{
	bool known = found->nprofiles > 0;

	for (size_t i = 0; i < found->nprofiles; i++) {
		uint64_t identity = found->parts[i].sum->identity;

		known = known && object_by_identity(k, identity) != OBJECT_NONE;
		for (size_t j = 0; p && j < k->objects->n; j++)
			if (k->objects->list[j].identity == identity)
				p->counted[j] = true;
	}
	return known;
}

/* Does LLVM's runtime write profiles of what the process loads, for LLVM's own tool? */
static bool is_profiled(const struct collector *k, const struct process_counts *p)
{
	for (size_t i = 0; p && i < p->suites.n; i++) {
		const struct suite_objects *of = objects_of_suite(k->objects, p->suites.list[i].suite);

		if (of->counts && !of->summed)
			return true;
	}
	return false;
}

/* Is it of a suite of the process, or does one need it? */
static bool is_needed(const struct collector *k, const struct process_counts *p, size_t object)
{
	for (size_t i = 0; i < p->suites.n; i++)
		if (objects_suite_loads(k->objects, p->suites.list[i].suite, object))
			return true;
	return false;
}

/* Is it an object whose counts the process is known to owe? */
static bool is_owed(const struct collector *k, const struct process_counts *p, size_t object)
{
	return k->objects->list[object].counts &&
	       ((p->loaded && p->loaded[object]) || (p->opening && is_needed(k, p, object)));
}

/* The suites whose own counts are missing. */
static void check_suites(struct collector *k, struct process_counts *p)
{
	for (size_t i = 0; i < p->suites.n; i++) {
		size_t own = objects_of_suite(k->objects, p->suites.list[i].suite)->own;
		struct bytes who = { 0 };

		/* A library that could not be opened counted nothing. But where the process ended while
		 * one was opened, its constructors may have. */
		if (own == OBJECT_NONE || !k->objects->list[own].counts || p->counted[own] ||
		    (!p->program && p->loaded && !is_owed(k, p, own)))
			continue;
		p->counted[own] = true;
		suite_words(&p->suites.list[i], &who);
		PROBLEM(k, "the counts of %s are missing: %s, and %s", bytes_string(&who), k->how,
			p->damage ?: "left no profile");
		bytes_fini(&who);
	}
}

static void check_children(struct collector *k, const char *what, unsigned n)
{
	if (n > 0)
		PROBLEM(k, "%s of %u process%s that %s forked are missing: %s ended in a way that leaves "
			"none (SIGKILL, for one)", what, n, n == 1 ? "" : "es", k->who,
			n == 1 ? "it" : "they");
}

/* What the process loaded and nothing brought the counts of. */
static void check_missing(struct collector *k, struct process_counts *p)
{
	/* A profile that only LLVM's tool can read does not show of which object it is: if there is one,
	 * there is one of each. */
	for (size_t i = 0; i < k->objects->n; i++)
		if (p->profiled && !k->objects->list[i].summed)
			p->counted[i] = true;
	check_suites(k, p);
	for (size_t i = 0; i < k->objects->n; i++)
		if (is_owed(k, p, i) && !p->counted[i])
			PROBLEM(k, "the counts of %s are missing: process %llu of the run, of %s, %s and "
				"left no profile", k->objects->list[i].path,
				(unsigned long long)p->number, k->who, k->ended);
	check_children(k, "the counts", p->nforked_lost);
	if (p->nprofiles_lost > 0)
		PROBLEM(k, "in processes that %s forked, counts of libraries that were opened with "
			"dlopen() are missing (%u): these carry the counts of the process that forked",
			k->who, p->nprofiles_lost);
}

/* What a test had opened. It may be no more than a library whose code asked for the name of profiles. */
static void check_opened(struct collector *k, const struct process_counts *p)
{
	for (size_t j = 0; j < p->opened.n; j++) {
		const char *path = p->opened.list[j];
		size_t i = objects_of_file(k->objects, path);

		/* check_missing() knows of the objects that a process is to load. */
		if (!(i != OBJECT_NONE && ((p->loaded && p->loaded[i]) || is_needed(k, p, i))) &&
		    object_file_counts(path))
			PROBLEM(k, "the counts of %s, a library that %s opened, are missing: %s and left "
				"no profile", path, k->who, k->how);
	}
	for (size_t j = 0; j < p->opened_by_children.n; j++)
		if (object_file_counts(p->opened_by_children.list[j]))
			PROBLEM(k, "the counts of %s, a library that was opened in a process that %s "
				"forked, are missing", p->opened_by_children.list[j], k->who);
}

/* The profile that a program without an area has written at its exit. */
static void collect_program(struct collector *k, const char *path)
{
	struct process_counts *p = k->process;
	struct merge_found found;
	struct proctor_error err;
	struct stat st;
	size_t own;

	/* LLVM's runtime makes the file when it is loaded and fills it at exit. */
	if (!p || !p->program || p->own || (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0))
		return;
	own = objects_of_suite(k->objects, p->program)->own;
	if (merge_add_file(&k->merge, path, &found, &err) < 0)
		p->damage = strdup(err.text);
	else if (found.other)
		memset(p->counted, true, k->objects->n);
	else if (!all_known(k, &found, p) && own != OBJECT_NONE && !p->counted[own])
		PROBLEM(k, "%s, the profile of %s, is of another binary", path, k->who);
	else if (!all_known(k, &found, p))
		NOTE(k, "a library that %s opened left a profile, and none of the suites needs it: it is in "
		     "coverage.profdata, not in the reports", k->who);
}

/* A profile of a program that a test started, or of a library that it opened itself. */
static void collect_other(struct collector *k, const char *path)
{
	struct merge_found found;
	struct proctor_error err;

	if (merge_add_file(&k->merge, path, &found, &err) < 0) {
		PROBLEM(k, "a profile that a program started by %s left is not used: %s", k->who, err.text);
	} else if (found.other) {
		if (k->process)
			k->process->profiled = true;
		if (!is_profiled(k, k->process))
			NOTE(k, "a program started by %s left a profile that only LLVM's own tool can merge: "
			     "it is in coverage.profdata, and in the reports if it is a suite's (%s)", k->who,
			     strrchr(path, '/') + 1);
	} else if (!all_known(k, &found, NULL)) {
		NOTE(k, "a program started by %s left a profile, and none of the suites is its binary: it "
		     "is in coverage.profdata, not in the reports (%s)", k->who, strrchr(path, '/') + 1);
	}
}

static void collect_functions(struct collector *k, const char *path)
{
	struct proctor_error err;

	if (k->process)
		k->process->wrote_functions = true;
	if (functions_add_file(&k->store->functions, path, &err) < 0)
		PROBLEM(k, "the TML functions of %s are not used: %s", k->who, err.text);
}

/* A file in raw/; `kind` is what its name has behind the number of the process that it is of. */
static void collect_file(struct collector *k, const char *path, const char *kind)
{
	if (k->c->what->llvm && strncmp(kind, AREA_OTHER, strlen(AREA_OTHER)) == 0)
		collect_other(k, path);
	else if (k->c->what->llvm && strcmp(kind, PROGRAM_PROFILE) == 0)
		collect_program(k, path);
	else if (k->c->what->functions && strcmp(kind, PROGRAM_FUNCTIONS) == 0)
		collect_functions(k, path);
}

static void collect_files(struct collector *k)
{
	char *dir = store_path(k->store, "raw"), *path;
	struct dirent **entries;
	int n = dir ? scandir(dir, &entries, NULL, alphasort) : -1;

	if (n < 0)
		k->store->problems.lost = true;
	for (int i = 0; i < n; i++) {
		struct process_counts *p = k->c->processes;
		char *kind;
		uint64_t number = strtoull(entries[i]->d_name, &kind, 10);

		while (p && p->number != number)
			p = p->next;
		look_at(k, p);
		if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0) {
			path = NULL;
			k->store->problems.lost = true;
		}
		if (path && *kind == '-')
			collect_file(k, path, kind + 1);
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	free(dir);
}

/* A program writes them itself, after each test; what it hit after that is lost when it is killed. */
static void check_program_functions(struct collector *k, const struct process_counts *p)
{
	size_t own = objects_of_suite(k->objects, p->program)->own;

	if (own != OBJECT_NONE && k->objects->list[own].functions &&
	    (!p->wrote_functions || WIFSIGNALED(p->status)))
		PROBLEM(k, "TML functions of %s %s missing: %s, and they are written at the normal end of a "
			"test only", k->who, WIFSIGNALED(p->status) ? "may be" : "are", k->how);
}

static void check_host_functions(struct collector *k, const struct process_counts *p)
{
	if (p->functions_lost)
		PROBLEM(k, "TML functions of %s are missing: process %llu of the run could not enter them "
			"all", k->who, (unsigned long long)p->number);
	if (p->functions_missing)
		PROBLEM(k, "TML functions of %s are missing: %s", k->who, k->how);
	check_children(k, "TML functions", p->nforked_functions_missing);
}

/* What was added up while the tests ran. */
static void merge_counters(struct collector *k)
{
	for (size_t i = 0; i < k->objects->n; i++) {
		const uint64_t *counters = k->objects->list[i].sum;
		struct proctor_error err;
		unsigned char *profile;
		struct merge_sum *sum;
		struct raw_header h;
		int ret;

		if (!counters)
			continue;
		ret = object_profile(&k->objects->list[i], &h, &profile, &err);
		if (ret == 0)
			ret = merge_add_counters(&k->merge, &h, profile, counters, &sum, &err);
		if (ret < 0)
			PROBLEM(k, "what was counted in %s is not used: %s", k->objects->list[i].path,
				err.text);
	}
}

/* The binaries without a coverage map that the sum is of. */
static struct texts unmapped_paths(const struct collector *k, const struct merge_sum *sum)
{
	struct texts paths = { 0 };

	for (size_t i = 0; i < k->objects->n; i++) {
		const struct object *o = &k->objects->list[i];

		if (o->counts && !o->mapped && o->identity == sum->identity)
			texts_add(&paths, "%s", o->path);
	}
	return paths;
}

/* LLVM's tool merges such profiles, and nothing of it is left to read functions from. */
static void check_unread(struct collector *k)
{
	for (size_t i = 0; i < k->objects->n && k->merge.others.n > 0; i++)
		if (k->objects->list[i].counts && !k->objects->list[i].summed && !k->objects->list[i].mapped)
			PROBLEM(k, "%s has no coverage map, and its functions "
				"are not reported: a profile of it has what only LLVM's own tool can "
				"merge (%s)", k->objects->list[i].path, k->merge.reasons.list[0]);
}

/* The path of a profile for LLVM's tools, which is on their list from here on. NULL: no memory. */
static char *profile_path(struct collector *k, const char *kind, size_t number, struct proctor_error *err)
{
	char name[64], *path;

	snprintf(name, sizeof(name), "merged/%s%zu.profraw", kind, number);
	path = store_path(k->store, name);
	texts_add(&k->store->profiles, "%s", name);
	if (!path)
		error_set(err, -ENOMEM, "no memory for a profile's name");
	return path;
}

static int write_sum(struct collector *k, const struct merge_sum *sum, size_t number,
		     struct proctor_error *err)
{
	char *path = profile_path(k, "", number, err);
	int ret = path ? merge_write(sum, path, err) : -ENOMEM;

	free(path);
	return ret;
}

/* The sums, one for each binary. Of what has no map llvm-cov shows nothing: its functions are kept. */
static int keep_sums(struct collector *k, struct proctor_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < k->merge.sums.n && ret == 0; i++) {
		const struct merge_sum *sum = k->merge.sums.list[i];
		struct texts paths = unmapped_paths(k, sum);

		if (paths.n > 0 || paths.lost)
			ret = unmapped_add(&k->store->unmapped, sum, &paths, err);
		else
			ret = write_sum(k, sum, i, err);
	}
	unmapped_sort(&k->store->unmapped);
	return ret;
}

/* Files that take LLVM's own way are kept as they are. */
static int keep_others(struct collector *k, struct proctor_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < k->merge.others.n && ret == 0; i++) {
		const char *from = k->merge.others.list[i];
		char *path = profile_path(k, "other-", i, err);

		if (!path)
			ret = -ENOMEM;
		else if (rename(from, path) < 0)
			ret = error_sys(err, errno, "cannot move %s to %s", from, path);
		free(path);
	}
	return ret;
}

static int add_binaries(struct collector *k, struct proctor_error *err)
{
	for (size_t i = 0; i < k->objects->n; i++) {
		const struct object *o = &k->objects->list[i];
		enum file_change change;

		if (!o->counts || !o->mapped)
			continue;
		/* The map in another file is of other code. */
		change = file_look(o->path, &o->file);
		if (change != FILE_SAME)
			PROBLEM(k, "%s %s: its coverage is not in the reports",
				o->path, file_change_words(change));
		else
			texts_add(&k->store->binaries, "%s", o->path);
	}
	return k->store->binaries.lost || k->store->profiles.lost
		? error_set(err, -ENOMEM, "no memory for the lists of binaries and profiles") : 0;
}

static void collect_process(struct collector *k, struct process_counts *p)
{
	look_at(k, p);
	if (p->problem)
		PROBLEM(k, "%s (%s)", p->problem, k->who);
	process_counts_add_remote(p);
	/* Killed before it executed anything, a program counted nothing. */
	if (p->remote.unstarted && WIFSIGNALED(p->status))
		return;
	if (k->c->what->llvm) {
		check_missing(k, p);
		check_opened(k, p);
	}
	if (k->c->what->functions && p->program)
		check_program_functions(k, p);
	else if (k->c->what->functions)
		check_host_functions(k, p);
}

/* What was counted, for LLVM's tools, and what these need beside. */
static int keep_counts(struct collector *k, struct proctor_error *err)
{
	int ret;

	merge_counters(k);
	check_unread(k);
	ret = keep_sums(k, err);
	if (ret == 0)
		ret = keep_others(k, err);
	return ret < 0 ? ret : add_binaries(k, err);
}

int collect(const struct collection *c, struct proctor_error *err)
{
	struct collector k = { .c = c, .store = c->store, .objects = c->what->objects };
	int ret = 0;

	/* First of all: what has been written of a process is not missing in it. */
	collect_files(&k);
	for (struct process_counts *p = c->processes; p; p = p->next)
		collect_process(&k, p);
	if (c->what->llvm)
		ret = keep_counts(&k, err);
	c->store->has_functions = c->what->functions;
	functions_sort(&c->store->functions);
	/* What was merged is not needed any more; what could not be, somebody may want to see. */
	if (ret == 0 && c->store->problems.n == 0)
		ret = store_clean_raw(c->store, err);
	merge_fini(&k.merge);
	bytes_fini(&k.words);
	return ret;
}
