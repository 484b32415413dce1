/* SPDX-License-Identifier: MIT */
/*
 * The libraries that count and are none of the objects of the counter area: a test has opened them. LLVM's
 * runtime in each writes a profile of it when it is closed, or in an exit handler; the run has to know of
 * those that had none written when their process ended.
 */
#ifndef INJECT_OPENED_H
#define INJECT_OPENED_H

#include "wire/counter_area.h"

#include <link.h>

/* Adds a library, which asks for the name of its profile, to the list of this process in the area. */
void opened_add(struct area *area, const struct link_map *map);
/* Its profile is written. */
void opened_written(const struct link_map *map);
/* In a forked child: what is opened now is the parent's, what it will open stands in another list. */
void opened_in_child(void);

#endif
