/* SPDX-License-Identifier: MIT */
/* Memory that is freed all at once: for many small texts that live as long as their owner. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {			/* all zero is an empty one */
	struct arena_chunk *chunks;
	char *next, *end;	/* the free part of the newest chunk */
};

void arena_fini(struct arena *a);

/* Zeroed and aligned for any type; NULL: no memory. */
void *arena_alloc(struct arena *a, size_t nbytes);
/* Room for a text of `nbytes`, and its NUL, which is written already; not aligned. NULL: no
 * memory. */
char *arena_text(struct arena *a, size_t nbytes);
/* A copy of `text`; NULL: no memory. */
char *arena_copy(struct arena *a, const char *text);

#endif
