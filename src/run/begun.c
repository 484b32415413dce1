/* SPDX-License-Identifier: MIT */
#include "run/begun.h"

#include <errno.h>
#include <stdlib.h>

#define BITS 64u

static uint64_t bit_of(item_t item)
{
	return 1ull << (item % BITS);
}

int begun_init(struct begun *b, size_t nitems)
{
	b->bits = calloc(nitems / BITS + 1, sizeof(*b->bits));
	return b->bits ? 0 : -ENOMEM;
}

void begun_fini(struct begun *b)
{
	free(b->bits);
	b->bits = NULL;
}

bool begun_add(struct begun *b, item_t item)
{
	bool before = begun_has(b, item);

	b->bits[item / BITS] |= bit_of(item);
	return !before;
}

bool begun_has(const struct begun *b, item_t item)
{
	return b->bits[item / BITS] & bit_of(item);
}

void begun_remove(struct begun *b, item_t item)
{
	b->bits[item / BITS] &= ~bit_of(item);
}
