/* SPDX-License-Identifier: MIT */
/* What was found out about this machine: names, and a line for each. */
#ifndef LIB_FACTS_H
#define LIB_FACTS_H

#include "base/error.h"
#include "base/vector.h"

#include <stdbool.h>

struct fact {
	const char *name;	/* a constant; several facts may have the same */
	char *text;		/* one line, with whatever bytes are in a path or an answer */
};

struct facts {			/* all zero: none; in the order in which they are to be told */
	struct fact *list;
	size_t n, cap;
	bool incomplete;	/* there was no memory for one */
};

void facts_add(struct facts *f, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
void facts_fini(struct facts *f);

#endif
