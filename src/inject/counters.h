/* SPDX-License-Identifier: MIT */
/*
 * The counters of instrumented code in this process, and how they get into the counter area
 * (wire/counter_area.h). In proctor-host and, for executables, in proctor-preload.so. All functions do
 * nothing where no coverage is collected.
 */
#ifndef INJECT_COUNTERS_H
#define INJECT_COUNTERS_H

#include "wire/counter_area.h"

#include <stdbool.h>

/*
 * Maps the area that AREA_FD holds, and closes that. From here on fork(2) gives a child counters of
 * its own. False: there is none, or no memory for the handlers.
 */
bool counters_open(void);
bool counters_active(void);

struct link_map;
/*
 * Between the two a library is opened, or a program is loaded: constructors run, of objects whose places
 * in memory are not known yet. counters_opened() looks at the loader's list from `map` on.
 */
void counters_opening(void);
void counters_opened(const struct link_map *map);

/*
 * The process is about to end, or may be: its counters go into the area. By signal `sig` (0: by an
 * exit that runs no handlers). May be called again: the last call counts. Async-signal-safe.
 */
void counters_save(int sig);
/* The same by exec: what is executed is to write its profile. */
void counters_exec(void);
/* It goes on after all: exec has failed, or the signal has a handler. */
void counters_stay(void);

/*
 * Each library and program has a runtime of LLVM's in it, whose constructor asks for this variable: what code
 * at `caller` is to be told, where the value is `value`. While objects are opened whose counters are saved
 * here, they get a name for profiles that nobody wants. All others are to write a profile, and are noted.
 */
#define COUNTERS_PROFILE_VARIABLE "LLVM_PROFILE_FILE"
char *counters_profile_name(const void *caller, char *value);

/*
 * What to open where `path` is asked for: mostly that. LLVM's runtime in a forked child would add the
 * child's counts, its parent's among them, to the profile of a library that the parent opened: that opens
 * /dev/null, and is noted.
 */
const char *counters_profile_path(const char *path);
/* Code at `caller` has opened it: LLVM's runtime writes the profile that it was to write. */
void counters_profile_opened(const char *path, const void *caller);

#endif
