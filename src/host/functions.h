/* SPDX-License-Identifier: MIT */
/* TML's function coverage: the runtime's table of functions that ran, read by the host. */
#ifndef HOST_FUNCTIONS_H
#define HOST_FUNCTIONS_H

#include "host/area.h"

/* Remembers the table of a library opened as `handle`, if it has one. */
void functions_register(void *handle);
/*
 * Appends what the tables hold to the process's file, and empties them. One thread at a time;
 * async-signal-safe as far as the runtime's accessors are: they read a table in memory.
 */
void functions_leave(struct area *area);
/* In a forked child: what ran before the fork is the parent's, and a file of the child is expected. */
void functions_in_child(struct area *area);
/* The same of a child that cannot leave one. */
void functions_lose_child(struct area *area);

#endif
