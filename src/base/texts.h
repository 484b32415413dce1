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
void texts_fini(struct texts *t);

#endif
