/* SPDX-License-Identifier: MIT */
/*
 * A hash table: finds things by a key, such as their name. It has pointers to things that belong to
 * others. For one thread at a time.
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

/* Is `item` the one with this key? Only asked if their hashes are equal. */
typedef bool table_is(const void *item, const void *key);

void table_fini(struct table *t);
/* Removes all, but keeps the memory: so many can be added again without a failure. */
void table_clear(struct table *t);

/* NULL: it is not there. */
void *table_find(const struct table *t, uint64_t hash, table_is *is, const void *key);
/* Adds one that is not there yet. False: no memory. */
bool table_add(struct table *t, uint64_t hash, void *item);

#endif
