/* SPDX-License-Identifier: MIT */
/*
 * The counters of instrumented code in this process, and how they get into the counter area
 * (wire/counter_area.h). In proctor-host and, for executables, in proctor-preload.so. All functions do nothing
 * where no coverage is collected.
 */
#ifndef INJECT_COUNTERS_H
#define INJECT_COUNTERS_H

#include "wire/counter_area.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Maps the area that AREA_FD holds, and closes that. From here on fork(2) gives a child counters of
 * its own. False: there is none, or no memory for the handlers.
 */
bool counters_open(void);
bool counters_active(void);

/* What LLVM_PROFILE_FILE is while the process itself loads `profile`, and for all that is loaded or
 * started later (NULL). */
void counters_name(const char *profile);

struct link_map;
/* Registers the objects from `map` to the end of the loader's list. */
void counters_register(const struct link_map *map);
/* From true to false constructors run, of objects that are not registered yet: a process that ends
 * or is forked in there registers them itself. */
void counters_opening(bool opening);

/*
 * The process is about to end, or may be: its counters go into the area. By signal `sig` (0: by an
 * exit that runs no handlers). May be called again: the last call counts. Async-signal-safe.
 */
void counters_leave(int sig);
/* The same by exec. What is executed writes no profile under the name of what is being loaded here. */
void counters_exec(void);
/* It does not end, or may not: exec has failed, or the signal has a handler. */
void counters_stay(void);

/*
 * What to open where LLVM's runtime opens `path` for a profile; any other path is returned as it is.
 * A forked child's counts are left in the area, and the name is its parent's: that opens
 * /dev/null. NULL and errno: it cannot be written from here (after chroot), and the area will be used.
 */
const char *counters_profile_path(const char *path);
/* `path` could not be opened: if it is a profile, the area will be used. */
void counters_not_opened(const char *path);

#endif
