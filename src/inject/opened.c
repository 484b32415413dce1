/* SPDX-License-Identifier: MIT */
#include "inject/opened.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A library that this process has opened. Another one may be loaded at the same address after it was closed: the newest
 * stands first in the list, and is found first. */
struct opened_file {
	uint64_t address;
	char *path;			/* in the area */
	struct opened_file *next;
};

static struct opened_file *newest;
static bool forked;

/* The path of a file, absolute: `to` has room for `room` bytes. Returns how many it took, the NUL among
 * them; 0: there is no such path, or no room. */
static size_t path_put(char *to, size_t room, const struct link_map *map)
{
	size_t n = 0, nname = strlen(map->l_name) + 1;

	if (!strchr(map->l_name, '/'))
		return 0;
	if (map->l_name[0] != '/') {
		if (!getcwd(to, room))
			return 0;
		n = strlen(to);
		to[n++] = '/';
	}
	if (nname > room - n)
		return 0;
	memcpy(to + n, map->l_name, nname);
	return n + nname;
}

/* Is the path in the list? Bytes that another process has reserved and not filled yet are zero: they look like empty
 * paths, and are passed over. */
static bool paths_have(const struct area_paths *paths, const char *path)
{
	size_t n = atomic_load(&paths->nbytes);

	for (size_t at = 0; at < n && at < AREA_PATHS_BYTES;) {
		const char *other = paths->bytes + at;

		if (strcmp(other, path) == 0)
			return true;
		at += strlen(other) + 1;
	}
	return false;
}

/* Where the path stands then; NULL: there is no room. Other children may do the same at the same time. */
static char *paths_add(struct area_paths *paths, const char *path, size_t nbytes)
{
	size_t at;

	if (atomic_load(&paths->nbytes) > AREA_PATHS_BYTES - nbytes)
		return NULL;
	at = atomic_fetch_add(&paths->nbytes, (uint32_t)nbytes);
	return at + nbytes <= AREA_PATHS_BYTES ? memcpy(paths->bytes + at, path, nbytes) : NULL;
}

static struct opened_file *opened_find(const struct link_map *map)
{
	struct opened_file *o = newest;

	while (o && o->address != map->l_addr)
		o = o->next;
	return o && o->path && *o->path ? o : NULL;
}

void opened_add(struct area *area, const struct link_map *map)
{
	char path[2 * AREA_PATH_BYTES];
	size_t nbytes = opened_find(map) ? 0 : path_put(path, sizeof(path), map);
	struct opened_file *o;

	if (nbytes == 0)
		return;
	if (forked) {
		/* Thousands of children may open the same. */
		if (!paths_have(&area->opened_by_children, path))
			paths_add(&area->opened_by_children, path, nbytes);
		return;
	}
	o = malloc(sizeof(*o));
	if (!o)
		return;
	*o = (struct opened_file){ map->l_addr, paths_add(&area->opened, path, nbytes), newest };
	newest = o;
}

void opened_written(const struct link_map *map)
{
	struct opened_file *o = opened_find(map);

	/* Zeros are empty paths, which are none. */
	if (o)
		memset(o->path, 0, strlen(o->path));
}

void opened_in_child(void)
{
	forked = true;
	newest = NULL;
}
