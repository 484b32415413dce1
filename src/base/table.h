/* SPDX-License-Identifier: MIT */
/*
 * A hash table: finds things by what they are called or made of. It holds pointers to them, the things
 * are their owner's. One thread.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table {				/* all zero is an empty one */
	struct table_slot *slots;
	size_t nslots, n;
};

/* Is `item` what is looked for? Asked of those whose hash is that of the key. */
typedef bool table_is(const void *item, const void *key);

void table_fini(struct table *t);
/* Forgets all, keeps the memory: as many can be added again without needing any. */
void table_clear(struct table *t);

/* NULL: it is not there. */
void *table_find(const struct table *t, uint64_t hash, table_is *is, const void *key);
/* Adds one that is not there yet. False: no memory. */
bool table_add(struct table *t, uint64_t hash, void *item);

#endif
