/* SPDX-License-Identifier: MIT */
#include "base/maps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DELETED " (deleted)"		/* behind the path, where the file is not there any more */

bool maps_open(struct maps *maps, pid_t pid)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%ld/maps", (long)pid);
	*maps = (struct maps){ .file = fopen(name, "re") };
	return maps->file != NULL;
}

/* "55d0e7a00000-55d0e7a02000 r-xp 00002000 08:01 131 /usr/bin/x"; false: it is of no file. */
static bool line_read(char *line, struct mapping *m)
{
	char permissions[5];
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%*s %4s %" SCNx64 " %*s %*s %n", &m->address, permissions,
		   &m->offset, &at) < 3 || at == 0 || line[at] != '/')
		return false;
	m->executable = strchr(permissions, 'x') != NULL;
	m->path = line + at;
	return !strstr(m->path, DELETED);
}

bool maps_next(struct maps *maps, struct mapping *m)
{
	while (getline(&maps->line, &maps->room, maps->file) > 0)
		if (line_read(maps->line, m))
			return true;
	return false;
}

void maps_close(struct maps *maps)
{
	free(maps->line);
	fclose(maps->file);
}
