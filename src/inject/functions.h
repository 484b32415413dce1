/* SPDX-License-Identifier: MIT */
/* TML's function coverage: the runtime's table of functions that ran, read by the host. */
#ifndef INJECT_FUNCTIONS_H
#define INJECT_FUNCTIONS_H

#include "wire/counter_area.h"

#include <stdbool.h>

/* Before all others, of which none does anything if there is no room for functions in the area. */
void functions_open(struct area *area);
/* Remembers the table of a library opened as `handle`. False: it has none that can be used. */
bool functions_register(void *handle);
/* Has the suite one, of which tests run from now on, here or in children? */
void functions_running(bool has);
/* What such a test calls from here on in this process, this is to leave. */
void functions_owe(void);
/*
 * Adds what the tables hold to the area, and empties them. One thread at a time;
 * async-signal-safe as far as the runtime's accessors are: they read a table in memory.
 */
void functions_leave(void);
/* In a forked child: what ran before the fork is the parent's. */
void functions_in_child(void);
/* A child was forked that cannot leave any. */
void functions_lose_child(void);

#endif
