/* SPDX-License-Identifier: MIT */
#include "coverage/others.h"

#include "coverage/maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *others_of_area(const struct area_paths *paths)
{
	size_t nbytes = atomic_load(&paths->nbytes), n = 0, room;
	char *list;

	if (nbytes == 0)
		return NULL;
	room = nbytes < AREA_PATHS_BYTES ? nbytes : AREA_PATHS_BYTES;
	list = malloc(room + 2);
	if (!list)
		return NULL;
	memcpy(list, paths->bytes, room);
	list[room] = list[room + 1] = '\0';
	/* Without the empty ones, which were reserved and not filled: one ends the list. */
	for (size_t at = 0, next; at < room; at = next) {
		next = at + strlen(list + at) + 1;
		if (next > at + 1) {
			memmove(list + n, list + at, next - at);
			n += next - at;
		}
	}
	list[n] = '\0';
	return list;
}

char *others_of_process(pid_t pid)
{
	char *list = NULL;
	size_t nbytes = 0;
	struct maps maps;
	struct mapping m;
	FILE *to;

	if (!maps_open(&maps, pid))
		return NULL;
	to = open_memstream(&list, &nbytes);
	while (to && maps_next(&maps, &m))
		if (m.executable)
			fwrite(m.path, strlen(m.path) + 1, 1, to);
	maps_close(&maps);
	if (to)
		putc('\0', to);
	if (to && fclose(to) != 0) {
		free(list);
		list = NULL;
	}
	return list;
}
