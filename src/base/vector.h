/* SPDX-License-Identifier: MIT */
/*
 * A growing array. Any struct that has the members `list`, `n` (used) and `cap` (allocated) is one;
 * all zero is an empty one. free(v->list) ends it.
 */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include <stdlib.h>
#include <string.h>

#define VECTOR(type) struct { type *list; size_t n, cap; }

/* Twice the room, for `*cap` items of `item_bytes` each; NULL: no memory, and all is as it was. */
static inline void *vector_grow(void *list, size_t *cap, size_t item_bytes)
{
	size_t more = *cap ? 2 * *cap : 16;
	void *grown = reallocarray(list, more, item_bytes);

	if (grown)
		*cap = more;
	return grown;
}

/* A new last item, zeroed, which stays at its place until the next one is added. NULL: no
 * memory. */
#define vector_add(v) ({ \
	__typeof__(v) vector_ = (v); \
	void *grown_ = vector_->list; \
	if (vector_->n == vector_->cap) \
		grown_ = vector_grow(grown_, &vector_->cap, \
				     sizeof(*vector_->list)); /* NOLINT(bugprone-sizeof-expression) */ \
	if (grown_) { \
		vector_->list = grown_; \
		memset(&vector_->list[vector_->n++], 0, \
		       sizeof(*vector_->list)); /* NOLINT(bugprone-sizeof-expression) */ \
	} \
	grown_ ? &vector_->list[vector_->n - 1] : NULL; \
})

#endif
