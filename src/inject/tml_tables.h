/* SPDX-License-Identifier: MIT */
/*
 * TML's function coverage in a host. The runtime of each library keeps a table of the functions that ran
 * and how often; here they are added to the counter area.
 */
#ifndef INJECT_TML_TABLES_H
#define INJECT_TML_TABLES_H

#include "wire/counter_area.h"

#include <stdbool.h>

/* Called before all others, which do nothing where the area has no room for functions. */
void tml_tables_open(struct area *area);
/* Remembers the table of a library opened as `handle`. False: it has none that can be used. */
bool tml_tables_add(void *handle);

/* Tests of a suite that has a table run from now on, here or in children; or no longer do. */
void tml_tables_running(bool running);
/* Such a test is about to run: a process that ends without tml_tables_save() is missing functions. */
void tml_tables_owe(void);
/*
 * Adds what the tables hold to the area, and empties them. One thread at a time;
 * async-signal-safe as far as the runtime's accessors are: they read a table in memory.
 */
void tml_tables_save(void);

/* In a forked child: what ran before the fork is the parent's. */
void tml_tables_in_child(void);
/* A child was forked that cannot save any. */
void tml_tables_lose_child(void);

#endif
