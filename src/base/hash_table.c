/* SPDX-License-Identifier: MIT */
#include "base/hash_table.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 64u

struct hash_table_slot {
	uint64_t hash;
	void *item;		/* NULL: free */
};

void hash_table_fini(struct hash_table *t)
{
	free(t->slots);
	*t = (struct hash_table){ .slots = NULL };
}

void hash_table_clear(struct hash_table *t)
{
	if (t->n > 0)
		memset(t->slots, 0, t->nslots * sizeof(*t->slots));
	t->n = 0;
}

/* Where to look first for an item with this hash; then in the slots behind, up to a free one. At
 * least half of all slots are free. */
static size_t slot_of(const struct hash_table *t, uint64_t hash)
{
	/* Some hashes differ mostly in their high bits. */
	return (hash ^ hash >> 32) & (t->nslots - 1);
}

void *hash_table_find(const struct hash_table *t, uint64_t hash, hash_table_is *is, const void *key)
{
	for (size_t at = t->n ? slot_of(t, hash) : 0; t->n && t->slots[at].item;
	     at = (at + 1) & (t->nslots - 1))
		if (t->slots[at].hash == hash && is(t->slots[at].item, key))
			return t->slots[at].item;
	return NULL;
}

static void table_put(struct hash_table *t, uint64_t hash, void *item)
{
	size_t at = slot_of(t, hash);

	while (t->slots[at].item)
		at = (at + 1) & (t->nslots - 1);
	t->slots[at] = (struct hash_table_slot){ .hash = hash, .item = item };
	t->n++;
}

static bool table_grow(struct hash_table *t)
{
	struct hash_table grown = { .nslots = t->nslots ? 2 * t->nslots : SLOTS_MIN };

	grown.slots = calloc(grown.nslots, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < t->nslots; i++)
		if (t->slots[i].item)
			table_put(&grown, t->slots[i].hash, t->slots[i].item);
	free(t->slots);
	*t = grown;
	return true;
}

bool hash_table_add(struct hash_table *t, uint64_t hash, void *item)
{
	if (2 * (t->n + 1) > t->nslots && !table_grow(t))
		return false;
	table_put(t, hash, item);
	return true;
}
