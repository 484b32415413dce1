/* SPDX-License-Identifier: MIT */
#include "coverage/process_counts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* In the names there is no percent sign but those of LLVM's pattern: the process id, the binary. */
#define OTHER_PROFILES AREA_OTHER "%p-%m" AREA_PROFILE

/* A path of what process `number` writes; NULL: no memory. */
static char *path_of(const struct collected *what, uint64_t number, const char *rest)
{
	char *path;

	return asprintf(&path, "%s%llu-%s", what->prefix, (unsigned long long)number, rest) < 0 ? NULL : path;
}

/* A program is told a name for its own profile, as it may be that no library of ours gets into it. Where one
 * does, the name for others takes its place. False: no memory. */
static bool environment_fill(struct process_counts *p, const struct collected *what,
			     const struct suite_objects *of, const struct object *own)
{
	bool functions = what->functions && own && own->functions;

	if (what->llvm)
		p->profile = path_of(what, p->number, of->counts ? PROGRAM_PROFILE : OTHER_PROFILES);
	if (functions)
		p->functions_file = path_of(what, p->number, PROGRAM_FUNCTIONS);
	if (p->program && p->area.shared)
		p->library = what->preload;
	return (p->profile || !what->llvm) && (p->functions_file || !functions);
}

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for the coverage of a process");
}

int process_counts_new(struct process_counts **result, const struct collected *what, uint64_t number,
		       const struct suite *program, struct proctor_error *err)
{
	const struct suite_objects *of = objects_of_suite(what->objects, program);
	const struct object *own = of->own == OBJECT_NONE ? NULL : &what->objects->list[of->own];
	/* What needs a library is dynamic. */
	bool preloads = what->preload && what->llvm && of->summed && (!own || own->dynamic);
	struct process_counts *p = calloc(1, sizeof(*p));
	char *others;
	int ret = 0;

	if (!p)
		return no_memory(err);
	p->number = number;
	p->program = program;
	p->area = (struct counter_area){ .objects = what->objects, .fd = -1 };
	p->counted = calloc(what->objects->n + 1, sizeof(*p->counted));
	others = path_of(what, number, OTHER_PROFILES);
	if (!p->counted || !others)
		ret = no_memory(err);
	else if (!program || preloads)
		ret = counter_area_open(&p->area, others, what->functions && !program, err);
	free(others);
	if (ret == 0 && !environment_fill(p, what, of, own))
		ret = no_memory(err);
	if (ret < 0)
		process_counts_free(p);
	else
		*result = p;
	return ret;
}

void process_counts_free(struct process_counts *p)
{
	if (!p)
		return;
	counter_area_close(&p->area);
	remote_fini(&p->remote);
	free(p->suites.list);
	free(p->loaded);
	free(p->counted);
	texts_fini(&p->opened);
	texts_fini(&p->opened_by_children);
	free(p->profile);
	free(p->functions_file);
	free(p->damage);
	free(p);
}

int process_counts_note_test(struct process_counts *p, const struct suite *suite, const char *name)
{
	struct process_suite *s = NULL;

	/* Tasks of one suite mostly follow each other. */
	for (size_t i = p->suites.n; i-- > 0 && !s;)
		if (p->suites.list[i].suite == suite)
			s = &p->suites.list[i];
	if (!s && !(s = vector_add(&p->suites)))
		return -ENOMEM;
	s->suite = suite;
	if (s->ntests < sizeof(s->names) / sizeof(s->names[0]))
		s->names[s->ntests] = name;
	s->ntests++;
	return 0;
}

void process_counts_read(struct process_counts *p, pid_t pid)
{
	size_t program = p->program ? objects_of_suite(p->area.objects, p->program)->own : OBJECT_NONE;

	remote_read(&p->remote, &p->area, program, pid);
}

static void add_image(struct process_counts *p, size_t object, const uint64_t *image)
{
	if (!object_add(&p->area.objects->list[object], image))
		p->problem = "no memory for the counts of a process, which are not used";
}

void process_counts_add_remote(struct process_counts *p)
{
	for (size_t i = 0; i < p->remote.images.n; i++) {
		const struct remote_image *image = &p->remote.images.list[i];

		if (image->child || p->counted[image->object])
			continue;
		add_image(p, image->object, image->counters);
		p->counted[image->object] = true;
	}
}

/* Does what the process copied count: did it end where it copied? */
static bool own_counts(const struct process_counts *p)
{
	uint64_t endings = atomic_load(&p->area.shared->own_endings);

	return (endings & 1) || (WIFSIGNALED(p->status) && (endings >> WTERMSIG(p->status) & 1));
}

static bool child_is_there(const struct process_counts *p, pid_t pid)
{
	for (size_t i = 0; i < AREA_CHILDREN_MAX; i++)
		if (atomic_load(&p->area.shared->children[i]) == pid)
			return true;
	return false;
}

/* What was read of children that were killed with the process, before they could save anything. Returns
 * how many children it is of. */
static unsigned add_remote_children(struct process_counts *p)
{
	pid_t last = 0;
	unsigned n = 0;

	for (size_t i = 0; i < p->remote.images.n; i++) {
		const struct remote_image *image = &p->remote.images.list[i];

		if (!image->child || !child_is_there(p, image->pid))
			continue;
		n += image->pid != last;
		last = image->pid;
		add_image(p, image->object, image->counters);
	}
	return n;
}

/* The images in the area. */
static void area_add(struct process_counts *p)
{
	unsigned nforked = atomic_load(&p->area.shared->nforked);
	unsigned nsaved = atomic_load(&p->area.shared->nsaved) + add_remote_children(p);
	uint64_t bias;

	for (size_t i = 0; i < p->area.objects->n; i++) {
		const struct object *o = &p->area.objects->list[i];

		p->loaded[i] = counter_area_bias(&p->area, i, &bias);
		if (!p->loaded[i] || object_image_bytes(o) == 0)
			continue;
		if (p->own)
			add_image(p, i, counter_area_image(&p->area, o->own_at));
		p->counted[i] = p->own;
		if (nforked > 0)
			add_image(p, i, counter_area_image(&p->area, o->forked_at));
	}
	p->nforked_lost = nforked > nsaved ? nforked - nsaved : 0;
	p->nprofiles_lost = atomic_load(&p->area.shared->nprofiles_lost);
}

static void functions_take(struct process_counts *p, struct functions *functions)
{
	const struct area *shared = p->area.shared;
	int ret = 0;

	if (p->area.functions_at == 0)
		return;
	p->functions_missing = atomic_load(&shared->functions_owing) > 0;
	p->nforked_functions_missing = atomic_load(&shared->functions_owing_forked);
	p->functions_lost = atomic_load(&shared->functions_lost) > 0;
	if (atomic_load(&shared->functions_used) > 0)
		ret = functions_add_area(functions, (const char *)shared + p->area.functions_at);
	if (ret == -ENOMEM)
		p->problem = "no memory for the TML functions of a process, which are not used";
	else if (ret < 0)
		p->problem = "a test wrote over the TML functions of its process, which are not used";
}

/* What is in the area, unless a test has written over it. */
static void area_take(struct process_counts *p, struct functions *functions)
{
	if (!counter_area_intact(&p->area)) {
		p->problem = "a test wrote over the counter area of its process, which is not used";
		return;
	}
	p->loaded = calloc(p->area.objects->n + 1, sizeof(*p->loaded));
	if (!p->loaded) {
		p->problem = "no memory for the counts of a process, which are not used";
		return;
	}
	p->own = own_counts(p);
	p->opening = !p->own && !p->remote.looked && atomic_load(&p->area.shared->opening) != 0;
	counter_area_paths(&p->area.shared->opened, &p->opened);
	counter_area_paths(&p->area.shared->opened_by_children, &p->opened_by_children);
	area_add(p);
	functions_take(p, functions);
}

void process_counts_end(struct process_counts *p, int status, struct functions *functions)
{
	p->status = status;
	if (p->area.shared)
		area_take(p, functions);
	/* What a program may have written itself is newer, and is looked at by the collector. */
	if (!p->program)
		process_counts_add_remote(p);
	if (!p->program || p->own)
		remote_fini(&p->remote);
}
