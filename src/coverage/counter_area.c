/* SPDX-License-Identifier: MIT */
#include "coverage/counter_area.h"

#include "coverage/area_functions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECTS_AT sizeof(struct area)

uint64_t image_bytes(const struct object *o)
{
	return o->counts ? o->counters.nbytes + o->bitmaps.nbytes : 0;
}

/* Images begin on cache lines: those of counters are read and written as numbers. */
static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

uint64_t image_own_at(const struct process *p, size_t object)
{
	return p->offsets[object];
}

uint64_t image_forked_at(const struct process *p, size_t object)
{
	return p->offsets[object] + round_up(image_bytes(&p->objects->list[object]), 64);
}

static struct area_object *objects_in(const struct process *p)
{
	return (struct area_object *)((char *)p->area + OBJECTS_AT);
}

bool object_bias(const struct process *p, size_t object, uint64_t *bias)
{
	*bias = atomic_load(&objects_in(p)[object].bias);
	return (*bias)-- != 0;
}

/* Lays out the area; returns its size. */
static uint64_t area_layout(struct process *p, bool functions)
{
	uint64_t at = OBJECTS_AT + p->objects->n * sizeof(struct area_object);

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
	a->objects_at = OBJECTS_AT;
	a->nobjects = p->objects->n;
	snprintf(a->prefix, sizeof(a->prefix), "%s", p->prefix);
	snprintf(a->others, sizeof(a->others), "%s" AREA_OTHER "%%p-%%m" AREA_PROFILE, p->prefix);
	directory_of(p->prefix, &a->directory_dev, &a->directory_ino);
	for (size_t i = 0; i < a->nobjects; i++) {
		const struct object *o = &p->objects->list[i];

		objects_in(p)[i] = (struct area_object){
			.dev = o->dev, .ino = o->ino,
			.counters_address = o->counters.address,
			.ncounter_bytes = o->counts ? o->counters.nbytes : 0,
			.bitmaps_address = o->bitmaps.address,
			.nbitmap_bytes = o->counts ? o->bitmaps.nbytes : 0,
			.own_at = image_own_at(p, i),
			.forked_at = image_forked_at(p, i),
		};
	}
}

int counter_area_open(struct process *p, bool functions, struct proctor_error *err)
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

bool counter_area_intact(const struct process *p)
{
	const struct area *a = p->area;
	bool intact = a->magic == AREA_MAGIC && a->nbytes == p->narea_bytes &&
		      a->functions_at == p->functions_at && a->objects_at == OBJECTS_AT &&
		      a->nobjects == p->objects->n && strcmp(a->prefix, p->prefix) == 0;

	for (size_t i = 0; intact && i < p->objects->n; i++)
		intact = objects_in(p)[i].own_at == image_own_at(p, i) &&
			 objects_in(p)[i].forked_at == image_forked_at(p, i);
	return intact;
}

void counter_area_close(struct process *p)
{
	if (p->area)
		munmap(p->area, p->narea_bytes);
	p->area = NULL;
	if (p->area_fd >= 0)
		close(p->area_fd);
	p->area_fd = -1;
}
