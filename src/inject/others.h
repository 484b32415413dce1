/* SPDX-License-Identifier: MIT */
/*
 * Files that are loaded besides the objects of the counter area. Libraries that a test opened are among
 * them, which may count as well: where the process ends without its exit handlers, LLVM's runtime
 * does not come to write their profiles, and the run is to know of them. Async-signal-safe.
 */
#ifndef INJECT_OTHERS_H
#define INJECT_OTHERS_H

#include "wire/counter_area.h"

#include <link.h>
#include <stdbool.h>

/* Is it one of the objects? */
typedef bool others_known(const struct link_map *map);

/* Of the process itself: all of them, instead of what an earlier call noted. */
void others_note(struct area *area, others_known *known);
/* In a forked child, before it loads anything. */
void others_in_child(void);
/* Of a forked child: those that it has loaded itself. */
void others_note_child(struct area *area, others_known *known);

#endif
