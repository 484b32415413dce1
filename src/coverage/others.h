/* SPDX-License-Identifier: MIT */
/*
 * Files that a process had loaded when it ended without its exit handlers, besides those that it said
 * it counts in: libraries that a test opened, whose counts are lost then if they have any.
 *
 * They come as a list of paths, each ended by NUL, with an empty one at the end; allocated. NULL: there
 * are none, or no memory.
 */
#ifndef COVERAGE_OTHERS_H
#define COVERAGE_OTHERS_H

#include "wire/counter_area.h"

#include <sys/types.h>

/* As the process itself, or its children, have noted them in its counter area. */
char *others_of_area(const struct area_paths *paths);
/* All that process `pid` has mapped to execute, those that it counts in too. */
char *others_of_process(pid_t pid);

#endif
