/* SPDX-License-Identifier: MIT */
#include "coverage/process.h"

#include "coverage/area_functions.h"
#include "coverage/others.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Counters read from outside, of one object in one process. */
struct outside {
	struct outside *next;
	pid_t pid;
	bool child;		/* forked from the process */
	size_t object;
	unsigned char bytes[];
};

static uint64_t image_bytes(const struct object *o)
{
	return o->counts ? o->counters.nbytes + o->bitmaps.nbytes : 0;
}

/* Images begin on cache lines: those of counters are read and written as numbers. */
static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static uint64_t own_at(const struct process *p, size_t object)
{
	return p->offsets[object];
}

static uint64_t forked_at(const struct process *p, size_t object)
{
	return p->offsets[object] + round_up(image_bytes(&p->objects->list[object]), 64);
}

/* Lays out the area; returns its size. */
static uint64_t area_layout(struct process *p, bool functions)
{
	uint64_t at = sizeof(struct area) + p->objects->n * sizeof(struct area_object);

	for (size_t i = 0; i < p->objects->n; i++) {
		p->offsets[i] = at = round_up(at, 64);
		at += 2 * round_up(image_bytes(&p->objects->list[i]), 64);
	}
	at = round_up(at, 4096);
	p->functions_at = functions ? at : 0;
	return at + (functions ? AREA_FUNCTIONS_BYTES : 0);
}

static void directory_of(const char *prefix, uint64_t *dev, uint64_t *ino)
{
	char path[AREA_PATH_BYTES];
	struct stat st;

	snprintf(path, sizeof(path), "%.*s", (int)(strrchr(prefix, '/') - prefix), prefix);
	if (stat(path, &st) == 0) {
		*dev = st.st_dev;
		*ino = st.st_ino;
	}
}

static void area_fill(struct process *p)
{
	struct area *a = p->area;

	a->magic = AREA_MAGIC;
	a->nbytes = p->narea_bytes;
	a->functions_at = p->functions_at;
	a->objects_at = sizeof(*a);
	a->nobjects = p->objects->n;
	snprintf(a->prefix, sizeof(a->prefix), "%s", p->prefix);
	snprintf(a->others, sizeof(a->others), "%s" AREA_OTHER "%%p-%%m" AREA_PROFILE, p->prefix);
	directory_of(p->prefix, &a->directory_dev, &a->directory_ino);
	for (size_t i = 0; i < a->nobjects; i++) {
		const struct object *o = &p->objects->list[i];

		area_objects(a)[i] = (struct area_object){
			.dev = o->dev, .ino = o->ino,
			.counters_address = o->counters.address,
			.ncounter_bytes = o->counts ? o->counters.nbytes : 0,
			.bitmaps_address = o->bitmaps.address,
			.nbitmap_bytes = o->counts ? o->bitmaps.nbytes : 0,
			.own_at = own_at(p, i), .forked_at = forked_at(p, i),
		};
	}
}

static int area_open(struct process *p, bool functions, struct proctor_error *err)
{
	uint64_t nbytes = p->narea_bytes = area_layout(p, functions);
	void *area;

	p->area_fd = memfd_create("proctor-counters", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (p->area_fd < 0)
		return error_sys(err, errno, "cannot make a counter area");
	/* A test that shrank it would have the run killed by SIGBUS. */
	if (ftruncate(p->area_fd, (off_t)nbytes) < 0 ||
	    fcntl(p->area_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return error_sys(err, errno, "cannot size a counter area of %llu bytes",
				 (unsigned long long)nbytes);
	area = mmap(NULL, nbytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->area_fd, 0);
	if (area == MAP_FAILED)
		return error_sys(err, errno, "cannot map a counter area of %llu bytes",
				 (unsigned long long)nbytes);
	p->area = area;
	area_fill(p);
	return 0;
}

static void area_close(struct process *p)
{
	if (p->area)
		munmap(p->area, p->narea_bytes);
	p->area = NULL;
	if (p->area_fd >= 0)
		close(p->area_fd);
	p->area_fd = -1;
}

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
		ret = area_open(p, functions, err);
	if (ret < 0) {
		process_free(p);
		return ret;
	}
	*process = p;
	return 0;
}

static void outside_forget(struct process *p)
{
	while (p->outside) {
		struct outside *next = p->outside->next;

		free(p->outside);
		p->outside = next;
	}
}

void process_free(struct process *p)
{
	if (!p)
		return;
	area_close(p);
	outside_forget(p);
	for (size_t i = 0; i < p->nsuites; i++)
		free(p->suites[i].damage);
	free(p->suites);
	free(p->offsets);
	free(p->loaded);
	free(p->others);
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

/* The loader's bias of an object as the process says; false: not loaded. */
static bool object_bias(const struct process *p, size_t object, uint64_t *bias)
{
	*bias = atomic_load(&area_objects(p->area)[object].bias);
	return (*bias)-- != 0;
}

static bool read_remote(pid_t pid, uint64_t address, void *to, uint64_t nbytes)
{
	uint64_t done = 0;

	while (done < nbytes) {
		struct iovec here = { (char *)to + done, nbytes - done };
		struct iovec there = { (void *)(uintptr_t)(address + done), nbytes - done };
		ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

/* What cannot be read is found to be missing by the collector. */
static void outside_take(struct process *p, pid_t pid, bool child, size_t object, uint64_t bias)
{
	const struct object *o = &p->objects->list[object];
	struct outside *out = malloc(sizeof(*out) + image_bytes(o));

	if (!out || !read_remote(pid, o->counters.address + bias, out->bytes, o->counters.nbytes) ||
	    !read_remote(pid, o->bitmaps.address + bias, out->bytes + o->counters.nbytes,
			 o->bitmaps.nbytes)) {
		free(out);
		return;
	}
	out->pid = pid;
	out->child = child;
	out->object = object;
	out->next = p->outside;
	p->outside = out;
}

static void outside_read(struct process *p, pid_t pid, bool child)
{
	uint64_t bias;

	for (size_t i = 0; i < p->objects->n; i++)
		if (image_bytes(&p->objects->list[i]) > 0 && object_bias(p, i, &bias))
			outside_take(p, pid, child, i, bias);
}

static bool same_file(const struct stat *a, dev_t dev, ino_t ino)
{
	return a->st_dev == dev && a->st_ino == ino;
}

enum program_stage {
	STAGE_UNKNOWN,		/* it executes something else, or cannot be looked at */
	STAGE_UNSTARTED,	/* not executed yet */
	STAGE_LOADED,		/* its first instruction is behind or before it */
};

/* Where the process's program headers are, as the kernel tells it; 0: it executes nothing yet. False:
 * that cannot be read. */
static bool remote_phdrs(pid_t pid, uint64_t *address)
{
	Elf64_auxv_t entry = { .a_type = AT_NULL };
	char path[64];
	FILE *f;
	bool any;

	snprintf(path, sizeof(path), "/proc/%ld/auxv", (long)pid);
	f = fopen(path, "re");
	any = f && fread(&entry, sizeof(entry), 1, f) == 1;
	while (any && entry.a_type != AT_PHDR && entry.a_type != AT_NULL)
		if (fread(&entry, sizeof(entry), 1, f) != 1)
			entry.a_type = AT_NULL;
	if (f)
		fclose(f);
	*address = entry.a_type == AT_PHDR ? entry.a_un.a_val : 0;
	return any;
}

/* Between vfork and exec a process still executes this program here. */
static enum program_stage program_stage(const struct object *o, pid_t pid, uint64_t *bias)
{
	struct stat own, st;
	char path[64];
	uint64_t phdrs;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	if (stat(path, &st) < 0 || stat("/proc/self/exe", &own) < 0)
		return STAGE_UNKNOWN;
	if (same_file(&st, own.st_dev, own.st_ino))
		return same_file(&st, o->dev, o->ino) ? STAGE_UNKNOWN : STAGE_UNSTARTED;
	if (!same_file(&st, o->dev, o->ino) || o->phdrs_address == 0 || !remote_phdrs(pid, &phdrs))
		return STAGE_UNKNOWN;
	*bias = phdrs - o->phdrs_address;
	return phdrs ? STAGE_LOADED : STAGE_UNSTARTED;
}

/* A program that has not said where its counters are: it is static, or has not come to main() yet. */
static void outside_read_program(struct process *p, pid_t pid)
{
	const struct object *o = objects_of_suite(p->objects, p->program);
	size_t object = o ? (size_t)(o - p->objects->list) : OBJECT_NONE;
	uint64_t bias;

	if (!o || (p->area && object_bias(p, object, &bias)))
		return;
	switch (program_stage(o, pid, &bias)) {
	case STAGE_UNKNOWN:
		break;
	case STAGE_UNSTARTED:
		p->unstarted = true;
		break;
	case STAGE_LOADED:
		if (image_bytes(o) > 0)
			outside_take(p, pid, false, object, bias);
		break;
	}
}

static bool outside_has(const struct outside *list, const struct outside *wanted)
{
	for (; list; list = list->next)
		if (list->pid == wanted->pid && list->child == wanted->child &&
		    list->object == wanted->object)
			return true;
	return false;
}

/* What was read before and cannot be read again, as it is a zombie now, is kept. */
static void outside_keep(struct process *p, struct outside *before)
{
	while (before) {
		struct outside *next = before->next;

		if (outside_has(p->outside, before)) {
			free(before);
		} else {
			before->next = p->outside;
			p->outside = before;
		}
		before = next;
	}
}

/* A zombie has nothing mapped: what was found before is kept. */
static void others_read(struct process *p, pid_t pid)
{
	char *others = others_of_process(pid);

	if (others && *others) {
		free(p->others);
		p->others = others;
	} else {
		free(others);
	}
}

void process_read_outside(struct process *p, pid_t pid)
{
	struct outside *before = p->outside;

	p->outside = NULL;
	p->unstarted = false;
	others_read(p, pid);
	if (p->program)
		outside_read_program(p, pid);
	if (p->area)
		outside_read(p, pid, false);
	for (size_t i = 0; p->area && i < AREA_CHILDREN_MAX; i++) {
		pid_t child = atomic_load(&p->area->children[i]);

		if (child > 1 && child != pid)
			outside_read(p, child, true);
	}
	outside_keep(p, before);
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
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
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
			image_write(f, i, IMAGE_OWN, area + own_at(p, i), nbytes);
		if (nforked > 0 && !is_zero(area + forked_at(p, i), nbytes))
			image_write(f, i, IMAGE_FORKED, area + forked_at(p, i), nbytes);
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
				    path ? path : "memory", strerror(error)) < 0)
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
	p->nfunctions_left = atomic_load(&p->area->functions_left);
	p->nfunctions_owing = atomic_load(&p->area->functions_owing);
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
	p->others = p->own ? others_of_area(p->area) : NULL;
}

void process_end(struct process *p, int status)
{
	struct image_file f = { .file = NULL };

	p->status = status;
	if (!p->area && !p->outside)
		return;
	f.path = process_images_path(p);
	if (p->area)
		p->loaded = calloc(p->objects->n ? p->objects->n : 1, sizeof(*p->loaded));
	if (p->loaded) {
		p->own = own_counts(p, status);
		images_of_area(p, &f);
		functions_note(p);
	} else if (p->area) {
		f.failed = true;
		f.error = ENOMEM;
	}
	if (!p->own)
		images_of_outside(p, &f);
	others_keep(p);
	image_file_close(p, &f);
	free(f.path);
	outside_forget(p);
	area_close(p);
}
