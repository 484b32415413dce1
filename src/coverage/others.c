/* SPDX-License-Identifier: MIT */
#include "coverage/others.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *others_of_area(const struct area *area)
{
	uint32_t n = atomic_load(&area->nothers_bytes);
	char *list;

	if (n == 0 || n > AREA_OTHERS_BYTES)
		return NULL;
	list = malloc(n + 2);
	if (!list)
		return NULL;
	memcpy(list, area->others_loaded, n);
	/* Two, as a test may have written over the last byte. */
	list[n] = list[n + 1] = '\0';
	return list;
}

/* The path in a line of /proc/PID/maps (proc_pid_maps(5)); NULL: it is of no file, or a later part of
 * one. */
static char *line_path(char *line)
{
	unsigned long long offset;
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%*s %*s %llx %*s %*s %n", &offset, &at) < 1 || at == 0 || offset != 0)
		return NULL;
	return line[at] == '/' ? line + at : NULL;
}

char *others_of_process(pid_t pid)
{
	char name[64], *line = NULL, *list = NULL;
	size_t room = 0, nbytes = 0;
	FILE *maps, *to;

	snprintf(name, sizeof(name), "/proc/%ld/maps", (long)pid);
	maps = fopen(name, "re");
	if (!maps)
		return NULL;
	to = open_memstream(&list, &nbytes);
	while (to && getline(&line, &room, maps) > 0) {
		const char *path = line_path(line);

		if (path)
			fwrite(path, strlen(path) + 1, 1, to);
	}
	if (to)
		putc('\0', to);
	if (to && fclose(to) != 0) {
		free(list);
		list = NULL;
	}
	free(line);
	fclose(maps);
	return list;
}
