/* SPDX-License-Identifier: MIT */
/*
 * The files that are loaded besides the objects of the counter area. Libraries that a test opened are
 * among them, whose profiles LLVM's runtime writes in exit handlers only: where these do not run, the
 * run has to know which were there. Async-signal-safe.
 */
#ifndef INJECT_LOADED_H
#define INJECT_LOADED_H

#include "wire/counter_area.h"

#include <link.h>
#include <stdbool.h>

/* Is it one of the objects? */
typedef bool loaded_known(const struct link_map *map);

/* In a forked child, before it loads anything: what is there is its parent's to note. */
void loaded_in_child(void);
/* Adds those that the process has loaded itself to `paths`. */
void loaded_note(struct area_paths *paths, loaded_known *known);

#endif
