/* SPDX-License-Identifier: MIT */
#include "coverage/process.h"

#include "coverage/area_functions.h"
#include "coverage/counter_area.h"
#include "coverage/others.h"
#include "coverage/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool names_make(struct process *p, const char *prefix)
{
	p->offsets = calloc(p->objects->n ? p->objects->n : 1, sizeof(*p->offsets));
	if (asprintf(&p->prefix, "%s%llu-", prefix, (unsigned long long)p->number) < 0)
		p->prefix = NULL;
	return p->offsets && p->prefix;
}

int process_new(struct process **process, const struct objects *objects, const char *prefix,
		uint64_t number, const struct suite *program, bool with_area, bool functions,
		struct proctor_error *err)
{
	struct process *p = calloc(1, sizeof(*p));
	int ret = 0;

	if (!p)
		return error_set(err, -ENOMEM, "no memory for the coverage of a process");
	p->number = number;
	p->objects = objects;
	p->program = program;
	p->area_fd = -1;
	if (!names_make(p, prefix))
		ret = error_set(err, -ENOMEM, "no memory for the coverage of a process");
	else if (strlen(p->prefix) + 32 > AREA_PATH_BYTES)
		ret = error_set(err, -ENAMETOOLONG, "the path of the coverage directory is too long: "
				"%s", p->prefix);
	else if (with_area)
		ret = counter_area_open(p, functions, err);
	if (ret < 0) {
		process_free(p);
		return ret;
	}
	*process = p;
	return 0;
}

void process_free(struct process *p)
{
	if (!p)
		return;
	counter_area_close(p);
	outside_forget(p);
	for (size_t i = 0; i < p->nsuites; i++)
		free(p->suites[i].damage);
	free(p->suites);
	free(p->offsets);
	free(p->loaded);
	free(p->others);
	free(p->others_of_children);
	free(p->problem);
	free(p->prefix);
	free(p);
}

int process_note_test(struct process *p, const struct suite *suite, const char *name)
{
	struct process_suite *s = NULL;

	/* Tasks of one suite mostly follow each other. */
	for (size_t i = p->nsuites; i-- > 0 && !s;)
		if (p->suites[i].suite == suite)
			s = &p->suites[i];
	if (!s && p->nsuites == p->cap_suites) {
		size_t cap = p->cap_suites ? 2 * p->cap_suites : 4;
		struct process_suite *suites = reallocarray(p->suites, cap, sizeof(*suites));

		if (!suites)
			return -ENOMEM;
		p->suites = suites;
		p->cap_suites = cap;
	}
	if (!s) {
		s = &p->suites[p->nsuites++];
		*s = (struct process_suite){ .suite = suite };
	}
	if (s->ntests < sizeof(s->names) / sizeof(s->names[0]))
		s->names[s->ntests] = name;
	s->ntests++;
	return 0;
}

static char *path_of(const struct process *p, const char *rest)
{
	char *path;

	return asprintf(&path, "%s%s", p->prefix, rest) < 0 ? NULL : path;
}

char *process_profile_path(const struct process *p, const struct suite *suite)
{
	char rest[48];

	/* A percent sign begins a pattern, and there is none in these. */
	snprintf(rest, sizeof(rest), "%zu" AREA_PROFILE, suite->number);
	return path_of(p, rest);
}

char *process_others_path(const struct process *p)
{
	return path_of(p, AREA_OTHER "%p-%m" AREA_PROFILE);
}

char *process_functions_path(const struct process *p)
{
	return path_of(p, "functions");
}

char *process_images_path(const struct process *p)
{
	return path_of(p, "images");
}

static bool is_zero(const unsigned char *bytes, uint64_t nbytes)
{
	return nbytes == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, nbytes - 1) == 0);
}

struct image_file {
	FILE *file;		/* NULL: nothing was written yet */
	char *path;
	bool failed;
	int error;
};

/* Tests can write there, too: nothing of theirs is opened, or waited for. NULL and errno. */
static FILE *file_make(const char *path)
{
	FILE *file = NULL;
	int fd;

	errno = ENOMEM;
	if (!path)
		return NULL;
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static void image_write(struct image_file *f, size_t object, enum image_of of,
			const unsigned char *bytes, uint64_t nbytes)
{
	struct image_head head = { .object = object, .of = of, .nbytes = nbytes };

	if (f->failed)
		return;
	if (!f->file)
		f->file = file_make(f->path);
	if (f->file && fwrite(&head, sizeof(head), 1, f->file) == 1 &&
	    fwrite(bytes, nbytes, 1, f->file) == 1)
		return;
	f->failed = true;
	f->error = errno;
}

/* Does what the process copied count: did it end where it copied? */
static bool own_counts(const struct process *p, int status)
{
	uint64_t endings = atomic_load(&p->area->own_endings);

	if (atomic_load(&p->area->own) != AREA_OWN_WRITTEN)
		return false;
	return (endings & 1) || (WIFSIGNALED(status) && (endings >> WTERMSIG(status) & 1));
}

static bool child_is_there(const struct process *p, pid_t pid)
{
	for (size_t i = 0; i < AREA_CHILDREN_MAX; i++)
		if (atomic_load(&p->area->children[i]) == pid)
			return true;
	return false;
}

/* Images of children that were killed with the process, before they could leave anything. Returns
 * how many children they are of. */
static unsigned images_of_children(struct process *p, struct image_file *f)
{
	pid_t last = 0;
	unsigned n = 0;

	for (struct outside *out = p->outside; out; out = out->next) {
		if (!out->child || !child_is_there(p, out->pid))
			continue;
		n += out->pid != last;
		last = out->pid;
		image_write(f, out->object, IMAGE_FORKED, out->bytes,
			    image_bytes(&p->objects->list[out->object]));
	}
	return n;
}

/* What the process and its children wrote into the area. */
static void images_of_area(struct process *p, struct image_file *f)
{
	const unsigned char *area = (const unsigned char *)p->area;
	unsigned nforked = atomic_load(&p->area->nforked), nleft = atomic_load(&p->area->nleft);
	unsigned nread = images_of_children(p, f);

	for (size_t i = 0; i < p->objects->n; i++) {
		uint64_t nbytes = image_bytes(&p->objects->list[i]), bias;

		p->loaded[i] = object_bias(p, i, &bias);
		if (!p->loaded[i] || nbytes == 0)
			continue;
		if (p->own)
			image_write(f, i, IMAGE_OWN, area + image_own_at(p, i), nbytes);
		if (nforked > 0 && !is_zero(area + image_forked_at(p, i), nbytes))
			image_write(f, i, IMAGE_FORKED, area + image_forked_at(p, i), nbytes);
	}
	p->nforked_lost = nforked > nleft + nread ? nforked - nleft - nread : 0;
	p->nothers_lost = atomic_load(&p->area->nothers_lost);
}

static void images_of_outside(struct process *p, struct image_file *f)
{
	for (struct outside *out = p->outside; out; out = out->next)
		if (!out->child)
			image_write(f, out->object, IMAGE_OUTSIDE, out->bytes,
				    image_bytes(&p->objects->list[out->object]));
}

/* Says why something cannot be kept, unless that is known of something else. */
static void problem_note(struct process *p, const char *what, const char *path, int error)
{
	if (!p->problem && asprintf(&p->problem, "cannot keep the %s of a process in %s: %s", what,
				    path ? path : "memory", error == EBADMSG
				    ? "a test wrote over them" : strerror(error)) < 0)
		p->problem = NULL;
}

static void functions_write(struct process *p)
{
	char *path = process_functions_path(p);
	FILE *file = file_make(path);
	int ret = file ? area_functions_write((char *)p->area + p->functions_at, file) : -errno;

	if (file && fclose(file) != 0 && ret == 0)
		ret = -errno;
	if (ret < 0)
		problem_note(p, "TML functions", path, -ret);
	if (ret < 0 && path)
		unlink(path);
	free(path);
}

static void functions_note(struct process *p)
{
	if (p->functions_at == 0)
		return;
	p->functions_missing = atomic_load(&p->area->functions_owing) > 0;
	p->nforked_functions_missing = atomic_load(&p->area->functions_owing_forked);
	p->functions_lost = atomic_load(&p->area->functions_lost) > 0;
	if (atomic_load(&p->area->functions_used) > 0)
		functions_write(p);
}

static void image_file_close(struct process *p, struct image_file *f)
{
	if (f->file && fclose(f->file) != 0 && !f->failed) {
		f->failed = true;
		f->error = errno;
	}
	p->images = f->file && !f->failed;
	if (f->failed && f->path)
		unlink(f->path);
	if (!f->failed)
		return;
	problem_note(p, "counters", f->path, f->error);
	p->own = false;
}

/* Where the process wrote its profiles itself, as LLVM's runtime does at exit, nothing is lost. */
static void others_keep(struct process *p)
{
	if (!p->own && WIFSIGNALED(p->status))
		return;
	free(p->others);
	p->others = p->own ? others_of_area(&p->area->others_loaded) : NULL;
}

/* What is in the area, unless a test has written over it. */
static void area_take(struct process *p, struct image_file *f)
{
	if (!counter_area_intact(p)) {
		p->problem = strdup("a test wrote over the counter area of its process, which is not used");
		return;
	}
	p->loaded = calloc(p->objects->n ? p->objects->n : 1, sizeof(*p->loaded));
	if (!p->loaded) {
		f->failed = true;
		f->error = ENOMEM;
		return;
	}
	p->own = own_counts(p, p->status);
	p->opening = !p->own && !p->others && atomic_load(&p->area->opening) != 0;
	p->others_of_children = others_of_area(&p->area->others_of_children);
	images_of_area(p, f);
	functions_note(p);
}

void process_end(struct process *p, int status)
{
	struct image_file f = { .file = NULL };

	p->status = status;
	if (p->area || p->outside)
		f.path = process_images_path(p);
	if (p->area)
		area_take(p, &f);
	others_keep(p);
	if (!p->own)
		images_of_outside(p, &f);
	image_file_close(p, &f);
	free(f.path);
	outside_forget(p);
	counter_area_close(p);
}
