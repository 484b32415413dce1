/* SPDX-License-Identifier: MIT */
/* A growing list of texts, which it owns; all zero is an empty one. */
#ifndef BASE_TEXTS_H
#define BASE_TEXTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct texts {
	char **list;
	size_t n, cap;
	bool lost;		/* at least one is missing: there was no memory for it */
};

void texts_add(struct texts *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The texts with NULL behind the last, lent until the next is added. NULL: one is lost, or there is no memory
 * for that. */
char **texts_words(struct texts *t);
void texts_fini(struct texts *t);

#endif
