/* SPDX-License-Identifier: MIT */
#include "coverage/collect.h"

#include "coverage/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct collector {
	const struct collection *c;
	struct store *store;
	struct objects *objects;
	struct merge merge;
	bool *covered;			/* by object: the present process's counts of it are in */
	bool *unread;			/* by object: LLVM's own tool has to merge a profile of it */
	void *others;			/* tsearch: struct other, files that were looked into */
};

struct other {
	bool counts;			/* it has LLVM's counters */
	bool gone;
	char path[];
};

/* "suite alpha (tests a, b, c and 4 more)". */
struct concerned {
	char text[512];
};

static void concerned_add(struct concerned *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void concerned_add(struct concerned *c, const char *fmt, ...)
{
	size_t n = strlen(c->text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->text + n, sizeof(c->text) - n, fmt, args);
	va_end(args);
}

static const struct concerned *suite_concerned(const struct process_suite *s, struct concerned *c)
{
	size_t shown = s->ntests < 3 ? s->ntests : 3;

	c->text[0] = '\0';
	concerned_add(c, "suite %s (test%s ", s->suite->name, s->ntests == 1 ? "" : "s");
	for (size_t i = 0; i < shown; i++)
		concerned_add(c, "%s%.100s", i ? ", " : "", s->names[i]);
	if (s->ntests > shown)
		concerned_add(c, " and %zu more", s->ntests - shown);
	concerned_add(c, ")");
	return c;
}

/* Of all suites of a process; long lists are cut. */
static const struct concerned *process_concerned(const struct process *p, struct concerned *c)
{
	struct concerned one;

	c->text[0] = '\0';
	if (p->nsuites == 1)
		return suite_concerned(&p->suites[0], c);
	for (size_t i = 0; i < p->nsuites && i < 3; i++)
		concerned_add(c, "%s%s", i ? ", " : "", suite_concerned(&p->suites[i], &one)->text);
	if (p->nsuites > 3)
		concerned_add(c, " and %zu more suites", p->nsuites - 3);
	return c;
}

static void how_ended(int status, char text[static 64])
{
	if (WIFSIGNALED(status))
		snprintf(text, 64, "ended by SIG%s", sigabbrev_np(WTERMSIG(status)) ?: "?");
	else
		snprintf(text, 64, "ended with status %d", WEXITSTATUS(status));
}

/* The object that a profile is of. Files may be copies of each other, or compiled from the same
 * source: then one that the process (NULL: unknown) has loaded and whose counts are not in yet. */
static size_t object_by_identity(const struct collector *k, const struct process *p,
				 uint64_t identity)
{
	size_t found = OBJECT_NONE;

	for (size_t i = 0; i < k->objects->n; i++) {
		if (identity == 0 || k->objects->list[i].identity != identity)
			continue;
		if (!p || !p->loaded || (p->loaded[i] && !k->covered[i]))
			return i;
		if (found == OBJECT_NONE)
			found = i;
	}
	return found;
}

/* Which binary a profile is of is told by its names and records, as the file has them. */
static void identify_objects(struct collector *k)
{
	for (size_t i = 0; i < k->objects->n; i++) {
		struct object *o = &k->objects->list[i];
		struct proctor_error err;
		struct raw_shape shape;
		void *memory;

		if (!o->counts || object_shape(o, &shape, &memory, &err) < 0)
			continue;
		o->identity = merge_shape_identity(&shape);
		free(memory);
	}
}

/* Marks the objects that a file of the process held the counts of. One is expected in it: it comes
 * before its copies (OBJECT_NONE: none is). False: a profile is of no object. */
static bool mark_covered(struct collector *k, const struct process *p,
			 const struct merge_found *found, size_t expected)
{
	bool known = found->nprofiles > 0;

	for (size_t i = 0; i < found->nprofiles; i++) {
		uint64_t identity = found->parts[i].sum->identity;
		bool is_expected = expected != OBJECT_NONE && !k->covered[expected] &&
				   k->objects->list[expected].identity == identity;
		size_t object = is_expected ? expected : object_by_identity(k, p, identity);

		if (object == OBJECT_NONE)
			known = false;
		else
			k->covered[object] = true;
	}
	return known;
}

/* Which profiles are in a file that takes LLVM's own way is not known: what was loaded together
 * writes them into one. */
static void mark_covered_unread(struct collector *k, const struct suite *suite)
{
	for (size_t i = 0; i < k->objects->n; i++)
		if (objects_suite_loads(k->objects, suite, i))
			k->covered[i] = k->unread[i] = true;
}

/* The profile that a suite's code in this process has written, if it has. */
static void collect_profile(struct collector *k, struct process *p, struct process_suite *s)
{
	const struct object *o = objects_of_suite(k->objects, s->suite);
	size_t own = o && o->counts ? (size_t)(o - k->objects->list) : OBJECT_NONE;
	char *path = process_profile_path(p, s->suite);
	struct concerned who;
	struct merge_found found;
	struct proctor_error err;
	struct stat st;

	/* LLVM's runtime makes the file when it is loaded and fills it at exit. */
	if (!path || lstat(path, &st) < 0 || (S_ISREG(st.st_mode) && st.st_size == 0)) {
		free(path);
		return;
	}
	if (merge_add_file(&k->merge, path, &found, &err) < 0) {
		/* A process that was killed while it wrote may have been read before. */
		s->damage = strdup(err.text);
	} else if (found.other) {
		mark_covered_unread(k, s->suite);
	} else if (!mark_covered(k, p, &found, own)) {
		if (own != OBJECT_NONE && !k->covered[own])
			texts_add(&k->store->problems, "%s, the profile of %s, is of another binary",
				      path, suite_concerned(s, &who)->text);
		else
			texts_add(&k->store->notes, "a library that %s opened left a profile, and "
				      "none of the suites needs it: it is in coverage.profdata, not in "
				      "the reports", suite_concerned(s, &who)->text);
	}
	free(path);
}

/* Adds one image to the sum of its object. */
static int collect_image(struct collector *k, const struct image_head *head, const void *bytes,
			 struct proctor_error *err)
{
	const struct object *o = &k->objects->list[head->object];
	struct raw_shape shape;
	struct merge_sum *sum;
	void *memory;
	int ret = object_shape(o, &shape, &memory, err);

	if (ret == 0 && o->bitmaps.nbytes > 0)
		ret = error_set(err, -ENOTSUP, "%s counts MC/DC conditions, which are kept at a normal "
				"exit only", o->path);
	if (ret == 0)
		ret = merge_add_counters(&k->merge, &shape, bytes, &sum, err);
	free(memory);
	return ret;
}

/* Images of the process itself count where it left no profile. */
static int collect_image_file(struct collector *k, FILE *f, struct proctor_error *err)
{
	struct image_head head;

	while (fread(&head, sizeof(head), 1, f) == 1) {
		const struct object *o = head.object < k->objects->n
			? &k->objects->list[head.object] : NULL;
		unsigned char *bytes;
		bool wanted;
		int ret = 0;

		if (!o || head.nbytes != o->counters.nbytes + o->bitmaps.nbytes)
			return error_set(err, -EBADMSG, "it was written over");
		bytes = malloc(head.nbytes ? head.nbytes : 1);
		if (!bytes || fread(bytes, head.nbytes, 1, f) != 1) {
			free(bytes);
			return error_set(err, -EBADMSG, "it is truncated");
		}
		wanted = head.of == IMAGE_FORKED || !k->covered[head.object];
		if (wanted)
			ret = collect_image(k, &head, bytes, err);
		free(bytes);
		if (ret < 0)
			return ret;
		if (head.of != IMAGE_FORKED)
			k->covered[head.object] = true;
	}
	return 0;
}

static void collect_images(struct collector *k, struct process *p)
{
	char *path = process_images_path(p);
	struct proctor_error err;
	struct concerned who;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) : -1;
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (!f)
		error_sys(&err, path ? errno : ENOMEM, "cannot open it");
	if (!f || collect_image_file(k, f, &err) < 0)
		texts_add(&k->store->problems, "the counters that a process of %s left are not "
			      "used: %s", process_concerned(p, &who)->text, err.text);
	if (f)
		fclose(f);
	free(path);
}

/* Is it of a suite of the process, or does one need it? */
static bool is_needed(const struct collector *k, const struct process *p, size_t object)
{
	for (size_t i = 0; i < p->nsuites; i++)
		if (objects_suite_loads(k->objects, p->suites[i].suite, object))
			return true;
	return false;
}

/* A library that did not open counted nothing, unless a constructor of it was about to. */
static bool may_count(const struct process *p, size_t object)
{
	return p->program || !p->loaded || p->loaded[object] || p->opening;
}

/* What the process loaded and nothing brought the counts of. */
static void check_missing(struct collector *k, const struct process *p)
{
	struct concerned who;
	char how[64];

	/* Killed before it executed anything, it counted nothing. */
	if (p->unstarted && WIFSIGNALED(p->status))
		return;
	how_ended(p->status, how);
	for (size_t i = 0; i < p->nsuites; i++) {
		const struct object *o = objects_of_suite(k->objects, p->suites[i].suite);
		size_t object;

		if (!o || !o->counts)
			continue;
		object = (size_t)(o - k->objects->list);
		if (k->covered[object] || !may_count(p, object))
			continue;
		k->covered[object] = true;
		texts_add(&k->store->problems, "the counts of %s are missing: process %llu of the run "
			      "%s, and %s", suite_concerned(&p->suites[i], &who)->text,
			      (unsigned long long)p->number, how,
			      p->suites[i].damage ?: "left no profile");
	}
	for (size_t i = 0; p->loaded && i < k->objects->n; i++)
		if ((p->loaded[i] || (p->opening && is_needed(k, p, i))) && !k->covered[i] &&
		    k->objects->list[i].counts)
			texts_add(&k->store->problems, "the counts of %s are missing: process %llu "
				      "of the run, of %s, %s and left no profile", k->objects->list[i].path,
				      (unsigned long long)p->number,
				      process_concerned(p, &who)->text, how);
	if (p->nforked_lost > 0)
		texts_add(&k->store->problems, "the counts of %u process%s that %s forked are "
			      "missing: %s ended in a way that leaves none (SIGKILL, for one)",
			      p->nforked_lost, p->nforked_lost == 1 ? "" : "es",
			      process_concerned(p, &who)->text,
			      p->nforked_lost == 1 ? "it" : "they");
	if (p->nothers_lost > 0)
		texts_add(&k->store->problems, "in processes that %s forked, counts of libraries "
			      "that were opened with dlopen() are missing (%u): these carry the counts of "
			      "the process that forked", process_concerned(p, &who)->text,
			      p->nothers_lost);
}

static int other_compare(const void *a, const void *b)
{
	return strcmp(((const struct other *)a)->path, ((const struct other *)b)->path);
}

/* Looks into a file, into each once. NULL: no memory. */
static const struct other *other_find(struct collector *k, const char *path)
{
	struct other *other = calloc(1, sizeof(*other) + strlen(path) + 1), **node = NULL;

	if (other) {
		strcpy(other->path, path);
		node = tsearch(other, &k->others, other_compare);
	}
	if (!node) {
		free(other);
		k->store->problems.lost = true;
		return NULL;
	}
	if (*node == other) {
		other->counts = object_file_counts(path);
		other->gone = access(path, F_OK) < 0;
	} else {
		free(other);
	}
	return *node;
}

/* Has a file that was opened LLVM's counters? */
static bool other_counts(struct collector *k, const struct process *p, const char *path)
{
	const struct other *other = other_find(k, path);
	struct concerned who;

	if (other && other->gone)
		texts_add(&k->store->notes, "%s, which %s opened, is not there any more: whether "
			      "counts of it are missing cannot be told", path,
			      process_concerned(p, &who)->text);
	return other && other->counts;
}

/* Is it a file of which check_missing() knows that the process counts in it? */
static bool is_expected(const struct collector *k, const struct process *p, const char *path)
{
	size_t i = objects_of_file(k->objects, path);

	return i != OBJECT_NONE && ((p->loaded && p->loaded[i]) || is_needed(k, p, i));
}

/* What a test had opened, in a process that LLVM's runtime wrote no profile of. */
static void check_others(struct collector *k, const struct process *p)
{
	struct concerned who;
	char how[64];

	if (p->unstarted && WIFSIGNALED(p->status))
		return;
	how_ended(p->status, how);
	for (const char *path = p->others; path && *path; path += strlen(path) + 1)
		if (other_counts(k, p, path) && !is_expected(k, p, path))
			texts_add(&k->store->problems, "the counts of %s, a library that %s opened, "
				      "are missing: process %llu of the run %s and left no profile", path,
				      process_concerned(p, &who)->text,
				      (unsigned long long)p->number, how);
	for (const char *path = p->others_of_children; path && *path; path += strlen(path) + 1)
		if (other_counts(k, p, path))
			texts_add(&k->store->problems, "the counts of %s, a library that was opened "
				      "in a process that %s forked, are missing", path,
				      process_concerned(p, &who)->text);
}

static void collect_process(struct collector *k, struct process *p)
{
	memset(k->covered, 0, k->objects->n * sizeof(*k->covered));
	/* Its own images are newer than what it may have written at exit. */
	for (size_t i = 0; i < p->nsuites && !p->own; i++)
		if (objects_suite_counts(k->objects, p->suites[i].suite))
			collect_profile(k, p, &p->suites[i]);
	if (p->images)
		collect_images(k, p);
	check_missing(k, p);
	check_others(k, p);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), nend = strlen(end);

	return n >= nend && strcmp(text + n - nend, end) == 0;
}

static struct process *process_by_number(const struct collector *k, uint64_t number)
{
	struct process *p = k->c->processes;

	while (p && p->number != number)
		p = p->next;
	return p;
}

/* A profile of a program that a test started, or of a library that it opened itself. */
static void collect_other(struct collector *k, const char *name)
{
	uint64_t number = strtoull(name, NULL, 10);
	struct process *p = process_by_number(k, number);
	struct concerned who = { "a test" };
	struct merge_found found;
	struct proctor_error err;
	char *path;
	int ret;

	if (p)
		process_concerned(p, &who);
	if (asprintf(&path, "%s/raw/%s", k->store->dir, name) < 0) {
		k->store->problems.lost = true;
		return;
	}
	ret = merge_add_file(&k->merge, path, &found, &err);
	if (ret < 0)
		texts_add(&k->store->problems, "a profile that a program started by %s left is not "
			      "used: %s", who.text, err.text);
	else if (found.other)
		texts_add(&k->store->notes, "a program started by %s left a profile that only LLVM's "
			      "own tool can merge: it is in coverage.profdata, and in the reports if it is "
			      "a suite's (%s)", who.text, name);
	else if (!mark_covered(k, NULL, &found, OBJECT_NONE))
		texts_add(&k->store->notes, "a program started by %s left a profile, and none of "
			      "the suites is its binary: it is in coverage.profdata, not in the reports "
			      "(%s)", who.text, name);
	free(path);
}

/* Calls `each` for the files in raw/ of that kind. */
static void collect_files(struct collector *k, bool (*fits)(const char *name),
			  void (*each)(struct collector *k, const char *name))
{
	char *path = store_path(k->store, "raw");
	struct dirent **entries;
	int n = path ? scandir(path, &entries, NULL, alphasort) : -1;

	if (n < 0)
		k->store->problems.lost = true;
	for (int i = 0; i < n; i++) {
		if (fits(entries[i]->d_name))
			each(k, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	free(path);
}

/* A program writes them itself, after each test; what it hit after that is lost when it is killed. */
static void check_program_functions(struct collector *k, const struct process *p, bool written)
{
	const struct object *o = objects_of_suite(k->objects, p->program);
	struct concerned who;
	char how[64];

	if (!o || !o->functions || (written && !WIFSIGNALED(p->status)))
		return;
	how_ended(p->status, how);
	texts_add(&k->store->problems, "TML functions of %s %s missing: process %llu of the run %s, and "
		      "they are written at the normal end of a test only",
		      process_concerned(p, &who)->text,
		      WIFSIGNALED(p->status) ? "may be" : "are", (unsigned long long)p->number, how);
}

static void check_host_functions(struct collector *k, const struct process *p)
{
	unsigned n = p->nforked_functions_missing;
	struct concerned who;
	char how[64];

	how_ended(p->status, how);
	process_concerned(p, &who);
	if (p->functions_lost)
		texts_add(&k->store->problems, "TML functions of %s are missing: process %llu of the "
			      "run could not enter them all", who.text, (unsigned long long)p->number);
	if (p->functions_missing)
		texts_add(&k->store->problems, "TML functions of %s are missing: process %llu of the run "
			      "%s",
			      who.text, (unsigned long long)p->number, how);
	if (n > 0)
		texts_add(&k->store->problems, "TML functions of %u process%s that %s forked are "
			      "missing: %s ended in a way that leaves none (SIGKILL, for one)", n,
			      n == 1 ? "" : "es", who.text, n == 1 ? "it" : "they");
}

static void check_functions(struct collector *k, struct process *p)
{
	char *path = process_functions_path(p);
	bool written = path && access(path, F_OK) == 0;

	free(path);
	if (p->unstarted && WIFSIGNALED(p->status))
		return;
	if (p->program)
		check_program_functions(k, p, written);
	else
		check_host_functions(k, p);
}

static void collect_functions(struct collector *k, const char *name)
{
	const struct process *p = process_by_number(k, strtoull(name, NULL, 10));
	struct concerned who = { "a test" };
	struct proctor_error err;
	char *path;

	if (p)
		process_concerned(p, &who);
	if (asprintf(&path, "%s/raw/%s", k->store->dir, name) < 0) {
		k->store->problems.lost = true;
		return;
	}
	if (functions_add_file(&k->store->functions, path, &err) < 0)
		texts_add(&k->store->problems, "the TML functions of %s are not used: %s", who.text,
			      err.text);
	free(path);
}

static bool is_other(const char *name)
{
	return strstr(name, "-" AREA_OTHER) && ends_with(name, AREA_PROFILE);
}

static bool is_functions(const char *name)
{
	return strcmp(name + strspn(name, "0123456789"), "-functions") == 0;
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
	for (size_t i = 0; i < k->objects->n; i++)
		if (k->unread[i] && k->objects->list[i].counts && !k->objects->list[i].mapped)
			texts_add(&k->store->problems, "%s has no coverage map, and its functions "
				      "are not reported: a profile of it has what only LLVM's own tool can "
				      "merge (%s)", k->objects->list[i].path, k->merge.others.list[0].why);
}

/* For LLVM's tools. */
static int write_sum(struct collector *k, const struct merge_sum *sum, size_t number,
		     struct proctor_error *err)
{
	char name[64], *path;
	int ret;

	snprintf(name, sizeof(name), "merged/%zu.profraw", number);
	path = store_path(k->store, name);
	ret = path ? merge_write(sum, path, err)
		   : error_set(err, -ENOMEM, "no memory for a profile's name");
	if (ret == 0 && store_add_profile(k->store, name, sum->header.version) < 0)
		ret = error_set(err, -ENOMEM, "no memory for the list of profiles");
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
		const struct merge_other *other = &k->merge.others.list[i];
		char name[64], *path;

		snprintf(name, sizeof(name), "merged/other-%zu.profraw", i);
		path = store_path(k->store, name);
		if (!path)
			ret = error_set(err, -ENOMEM, "no memory for a profile's name");
		else if (rename(other->path, path) < 0)
			ret = error_sys(err, errno, "cannot move %s to %s", other->path, path);
		if (ret == 0 && store_add_profile(k->store, name, other->version) < 0)
			ret = error_set(err, -ENOMEM, "no memory for the list of profiles");
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
			texts_add(&k->store->problems, "%s %s: its coverage is not in the reports",
				      o->path, file_change_words(change));
		else
			texts_add(&k->store->binaries, "%s", o->path);
	}
	return k->store->binaries.lost ? error_set(err, -ENOMEM, "no memory for the list of binaries") : 0;
}

int collect(const struct collection *c, struct proctor_error *err)
{
	struct collector k = { .c = c, .store = c->store, .objects = c->objects };
	struct concerned who;
	int ret = 0;

	for (struct process *p = c->processes; p; p = p->next)
		if (p->problem)
			texts_add(&c->store->problems, "%s (%s)", p->problem,
				      process_concerned(p, &who)->text);
	k.covered = calloc(c->objects->n ? c->objects->n : 1, sizeof(*k.covered));
	k.unread = calloc(c->objects->n ? c->objects->n : 1, sizeof(*k.unread));
	if (!k.covered || !k.unread) {
		free(k.covered);
		free(k.unread);
		return error_set(err, -ENOMEM, "no memory to merge the coverage");
	}
	if (c->llvm) {
		identify_objects(&k);
		for (struct process *p = c->processes; p; p = p->next)
			collect_process(&k, p);
		collect_files(&k, is_other, collect_other);
		check_unread(&k);
		ret = keep_sums(&k, err);
		if (ret == 0)
			ret = keep_others(&k, err);
		if (ret == 0)
			ret = add_binaries(&k, err);
	}
	if (c->functions) {
		c->store->has_functions = true;
		collect_files(&k, is_functions, collect_functions);
		for (struct process *p = c->processes; p; p = p->next)
			check_functions(&k, p);
		functions_sort(&c->store->functions);
	}
	/* What was merged is not needed any more; what could not be, somebody may want to see. */
	if (ret == 0 && c->store->problems.n == 0)
		ret = store_clean_raw(c->store, err);
	merge_fini(&k.merge);
	tdestroy(k.others, free);
	free(k.covered);
	free(k.unread);
	return ret;
}
