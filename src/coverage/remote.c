/* SPDX-License-Identifier: MIT */
#include "coverage/remote.h"

#include "base/maps.h"
#include "base/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The process that is looked at. */
struct remote_process {
	struct remote *remote;
	const struct counter_area *area;
	pid_t pid;
	bool child;
};

static struct remote_image *image_of(struct remote *r, pid_t pid, size_t object)
{
	for (size_t i = 0; i < r->images.n; i++)
		if (r->images.list[i].pid == pid && r->images.list[i].object == object)
			return &r->images.list[i];
	return NULL;
}

/* Copies the counters of an object. If that fails, nothing is noted here: the collector sees that they are missing. */
static void look_take(const struct remote_process *l, size_t object, uint64_t bias)
{
	const struct object *o = &l->area->objects->list[object];
	uint64_t nbytes = object_image_bytes(o), *counters = nbytes ? malloc(nbytes) : NULL;
	struct remote_image *image = image_of(l->remote, l->pid, object);

	if (!counters || !process_memory(l->pid, o->counters.address + bias, counters, nbytes) ||
	    (!image && !(image = vector_add(&l->remote->images)))) {
		free(counters);
		return;
	}
	free(image->counters);
	*image = (struct remote_image){
		.pid = l->pid, .child = l->child, .object = object, .counters = counters,
	};
}

/* Copies the counters of all that the process has said it loaded. */
static void look_at_loaded(const struct remote_process *l)
{
	uint64_t bias;

	for (size_t i = 0; i < l->area->objects->n; i++)
		if (counter_area_bias(l->area, i, &bias))
			look_take(l, i, bias);
}

/* A program tells where its counters are just before main(). One that has not told is static, or not there yet: its
 * place is then worked out from that of its program headers. */
static void look_at_program(const struct remote_process *l, size_t program)
{
	const struct object *o = &l->area->objects->list[program];
	uint64_t bias, phdrs;
	struct stat own, st;
	bool is_program;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)l->pid);
	if (counter_area_bias(l->area, program, &bias) || stat(path, &st) < 0 ||
	    stat("/proc/self/exe", &own) < 0)
		return;
	is_program = st.st_dev == o->file.dev && st.st_ino == o->file.ino;
	/* Between vfork and exec the file that a process executes is still proctor's own. */
	if (st.st_dev == own.st_dev && st.st_ino == own.st_ino) {
		l->remote->unstarted = !is_program;
	} else if (is_program && o->phdrs_address != ELF_NOT_LOADED && process_phdrs(l->pid, &phdrs)) {
		l->remote->unstarted = phdrs == 0;
		if (phdrs)
			look_take(l, program, phdrs - o->phdrs_address);
	}
}

/* While constructors run, the process has not said yet where the loader put the library that it opens: the first
 * mapping of its file tells. */
static void look_at_mapping(const struct remote_process *l, const struct mapping *m)
{
	size_t i = m->offset == 0 ? objects_of_file(l->area->objects, m->path) : OBJECT_NONE;
	const struct object *o = i == OBJECT_NONE ? NULL : &l->area->objects->list[i];
	uint64_t bias;

	if (o && !o->program && o->base_address != ELF_NOT_LOADED &&
	    !counter_area_bias(l->area, i, &bias))
		look_take(l, i, m->address - o->base_address);
}

static void look_at_maps(const struct remote_process *l)
{
	struct mapping m;
	struct maps maps;

	if (!l->area->shared || !atomic_load(&l->area->shared->opening) || !maps_open(&maps, l->pid))
		return;
	/* A zombie has nothing mapped. */
	while (maps_next(&maps, &m)) {
		look_at_mapping(l, &m);
		l->remote->looked = true;
	}
	maps_close(&maps);
}

void remote_read(struct remote *r, const struct counter_area *area, size_t program, pid_t pid)
{
	struct remote_process look = { .remote = r, .area = area, .pid = pid };

	r->unstarted = false;
	look_at_maps(&look);
	if (program != OBJECT_NONE)
		look_at_program(&look, program);
	look_at_loaded(&look);
	look.child = true;
	for (size_t i = 0; area->shared && i < AREA_CHILDREN_MAX; i++) {
		look.pid = atomic_load(&area->shared->children[i]);
		if (look.pid > 1 && look.pid != pid)
			look_at_loaded(&look);
	}
}

void remote_fini(struct remote *r)
{
	for (size_t i = 0; i < r->images.n; i++)
		free(r->images.list[i].counters);
	free(r->images.list);
	*r = (struct remote){ .unstarted = r->unstarted };
}
