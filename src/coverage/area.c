/* SPDX-License-Identifier: MIT */
#include "coverage/area.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUNCTIONS_BYTES (AREA_FUNCTIONS * sizeof(uint32_t) + AREA_FUNCTION_BYTES)

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* Images begin on cache lines: those of counters are read and written as numbers. */
void counter_area_lay_out(struct objects *objects)
{
	uint64_t at = sizeof(struct area) + objects->n * sizeof(struct area_object);

	for (size_t i = 0; i < objects->n; i++) {
		struct object *o = &objects->list[i];

		o->own_at = round_up(at, 64);
		o->forked_at = o->own_at + round_up(object_image_bytes(o), 64);
		at = o->forked_at + object_image_bytes(o);
	}
	objects->area_bytes = round_up(at, 4096);
}

const uint64_t *counter_area_image(const struct counter_area *a, uint64_t at)
{
	return (const uint64_t *)((const char *)a->shared + at);
}

bool counter_area_bias(const struct counter_area *a, size_t object, uint64_t *bias)
{
	*bias = a->shared ? atomic_load(&area_objects(a->shared)[object].bias) : 0;
	return (*bias)-- != 0;
}

static void area_fill(const struct counter_area *a, const char *profiles)
{
	struct area *shared = a->shared;

	shared->magic = AREA_MAGIC;
	shared->nbytes = a->nbytes;
	shared->functions_at = a->functions_at;
	shared->nobjects = a->objects->n;
	snprintf(shared->profiles, sizeof(shared->profiles), "%s", profiles);
	snprintf(shared->unwanted, sizeof(shared->unwanted), "%.*s/" AREA_UNWANTED,
		 (int)(strrchr(profiles, '/') - profiles), profiles);
	for (size_t i = 0; i < shared->nobjects; i++) {
		const struct object *o = &a->objects->list[i];

		area_objects(shared)[i] = (struct area_object){
			.dev = o->file.dev, .ino = o->file.ino,
			.counters_address = o->counters.address,
			.ncounter_bytes = object_image_bytes(o),
			.own_at = o->own_at, .forked_at = o->forked_at,
		};
	}
}

static int area_map(struct counter_area *a, struct proctor_error *err)
{
	void *shared;

	a->fd = memfd_create("proctor-counters", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (a->fd < 0)
		return error_sys(err, errno, "cannot make a counter area");
	/* A test that shrank it would have the run killed by SIGBUS. */
	if (ftruncate(a->fd, (off_t)a->nbytes) < 0 ||
	    fcntl(a->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return error_sys(err, errno, "cannot size a counter area of %llu bytes",
				 (unsigned long long)a->nbytes);
	shared = mmap(NULL, a->nbytes, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
	if (shared == MAP_FAILED)
		return error_sys(err, errno, "cannot map a counter area of %llu bytes",
				 (unsigned long long)a->nbytes);
	a->shared = shared;
	return 0;
}

int counter_area_open(struct counter_area *a, const char *profiles, bool functions,
		      struct proctor_error *err)
{
	int ret;

	a->functions_at = functions ? a->objects->area_bytes : 0;
	a->nbytes = a->objects->area_bytes + (functions ? FUNCTIONS_BYTES : 0);
	if (strlen(profiles) >= AREA_PATH_BYTES)
		return error_set(err, -ENAMETOOLONG, "the path of the coverage directory is too long: %s",
				 profiles);
	ret = area_map(a, err);
	if (ret < 0)
		counter_area_close(a);
	else
		area_fill(a, profiles);
	return ret;
}

bool counter_area_intact(const struct counter_area *a)
{
	const struct area *shared = a->shared;
	bool intact = shared->magic == AREA_MAGIC && shared->nbytes == a->nbytes &&
		      shared->functions_at == a->functions_at && shared->nobjects == a->objects->n;

	for (size_t i = 0; intact && i < a->objects->n; i++)
		intact = area_objects(a->shared)[i].own_at == a->objects->list[i].own_at &&
			 area_objects(a->shared)[i].forked_at == a->objects->list[i].forked_at;
	return intact;
}

void counter_area_close(struct counter_area *a)
{
	if (a->shared)
		munmap(a->shared, a->nbytes);
	if (a->fd >= 0)
		close(a->fd);
	*a = (struct counter_area){ .objects = a->objects, .fd = -1 };
}

void counter_area_paths(const struct area_paths *paths, struct texts *to)
{
	size_t nbytes = atomic_load(&paths->nbytes);
	size_t room = nbytes < AREA_PATHS_BYTES ? nbytes : AREA_PATHS_BYTES;

	/* Empty ones were reserved and not filled, or taken back. */
	for (size_t at = 0, n; at < room; at += n + 1) {
		n = strnlen(paths->bytes + at, room - at);
		if (n > 0)
			texts_add(to, "%.*s", (int)n, paths->bytes + at);
	}
}
