/* SPDX-License-Identifier: MIT */
#include "inject/loaded.h"

#include <string.h>
#include <unistd.h>

static unsigned ninherited;	/* a forked child's: files that were loaded before it was forked */

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

void loaded_in_child(void)
{
	ninherited = 0;
	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next)
		ninherited++;
}

/* Bytes that others have reserved and not filled yet are empty paths. */
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

/* Other children may do the same at the same time. */
static void paths_add(struct area_paths *paths, const char *path, size_t nbytes)
{
	size_t at;

	if (paths_have(paths, path) || atomic_load(&paths->nbytes) > AREA_PATHS_BYTES - nbytes)
		return;
	at = atomic_fetch_add(&paths->nbytes, (uint32_t)nbytes);
	if (at + nbytes <= AREA_PATHS_BYTES)
		memcpy(paths->bytes + at, path, nbytes);
}

void loaded_note(struct area_paths *paths, loaded_known *known)
{
	static char path[2 * AREA_PATH_BYTES];		/* not on a handler's stack */
	unsigned i = 0;

	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next, i++) {
		size_t nbytes = i < ninherited || known(map) ? 0 : path_put(path, sizeof(path), map);

		if (nbytes > 0)
			paths_add(paths, path, nbytes);
	}
}
