/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK_BYTES ((size_t)64 * 1024)

struct arena_chunk {
	struct arena_chunk *older;
	max_align_t bytes[];
};

void arena_fini(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *older = a->chunks->older;

		free(a->chunks);
		a->chunks = older;
	}
	*a = (struct arena){0};
}

static struct arena_chunk *arena_chunk_new(struct arena *a, size_t nbytes)
{
	struct arena_chunk *chunk;

	if (nbytes > SIZE_MAX - sizeof(*chunk))
		return NULL;
	chunk = malloc(sizeof(*chunk) + nbytes);
	if (!chunk)
		return NULL;
	chunk->older = a->chunks;
	a->chunks = chunk;
	return chunk;
}

static void *arena_take(struct arena *a, size_t nbytes, size_t align)
{
	size_t pad = -(uintptr_t)a->next & (align - 1);
	struct arena_chunk *chunk;
	char *p;

	if (a->next && pad <= (size_t)(a->end - a->next) &&
	    nbytes <= (size_t)(a->end - a->next) - pad) {
		p = a->next + pad;
		a->next = p + nbytes;
		return p;
	}
	/* A big piece gets a chunk of its own, and the rest of the current one stays in use. */
	if (nbytes > ARENA_CHUNK_BYTES / 4) {
		chunk = arena_chunk_new(a, nbytes);
		return chunk ? chunk->bytes : NULL;
	}
	chunk = arena_chunk_new(a, ARENA_CHUNK_BYTES);
	if (!chunk)
		return NULL;
	p = (char *)chunk->bytes;
	a->next = p + nbytes;
	a->end = p + ARENA_CHUNK_BYTES;
	return p;
}

void *arena_alloc(struct arena *a, size_t nbytes)
{
	void *p = arena_take(a, nbytes, alignof(max_align_t));

	return p ? memset(p, 0, nbytes) : NULL;
}

char *arena_text(struct arena *a, size_t nbytes)
{
	char *p = nbytes < SIZE_MAX ? arena_take(a, nbytes + 1, 1) : NULL;

	if (p)
		p[nbytes] = '\0';
	return p;
}

char *arena_copy(struct arena *a, const char *text)
{
	size_t n = strlen(text);
	char *p = arena_text(a, n);

	return p ? memcpy(p, text, n) : NULL;
}
