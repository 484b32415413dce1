/* SPDX-License-Identifier: MIT */
/*
 * A hash table: finds things by a key, such as their name. It has pointers to things that belong to
 * others. For one thread at a time.
 */
#ifndef BASE_HASH_TABLE_H
#define BASE_HASH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_table {				/* all zero is an empty one */
	struct hash_table_slot *slots;
	size_t nslots, n;
};

/* Is `item` the one with this key? Only asked if their hashes are equal. */
typedef bool hash_table_is(const void *item, const void *key);

void hash_table_fini(struct hash_table *t);
/* Removes all, but keeps the memory: so many can be added again without a failure. */
void hash_table_clear(struct hash_table *t);

/* NULL: it is not there. */
void *hash_table_find(const struct hash_table *t, uint64_t hash, hash_table_is *is,
		      const void *key);
/* Adds one that is not there yet. False: no memory. */
bool hash_table_add(struct hash_table *t, uint64_t hash, void *item);

#endif
