/* SPDX-License-Identifier: MIT */
/* What a process has mapped: /proc/PID/maps, as proc_pid_maps(5) describes it. */
#ifndef BASE_MAPS_H
#define BASE_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct maps {
	FILE *file;
	char *line;
	size_t room;
};

struct mapping {			/* of a file that is still there under its name */
	uint64_t address, offset;
	bool executable;
	const char *path;		/* valid until the next one is read */
};

/* False: the process is not there, or is not ours to look at. */
bool maps_open(struct maps *maps, pid_t pid);
/* The next mapping of a file; false: there is none. A zombie has none. */
bool maps_next(struct maps *maps, struct mapping *m);
void maps_close(struct maps *maps);

#endif
