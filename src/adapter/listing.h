/* SPDX-License-Identifier: MIT */
/* The tests that an adapter found in a library, or in what a program answered. */
#ifndef ADAPTER_LISTING_H
#define ADAPTER_LISTING_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts are lent by the ELF file, or are of the listing (listing_text). */
struct listed {
	unsigned index;
	const char *symbol;		/* NULL: it is a program's */
	const char *name;		/* the symbol, where the library has no other */
	const char *file;		/* "" if unknown */
	unsigned line;
	uint64_t timeout_us;		/* 0: the run's */
	const char *disabled;		/* why it is not run unless asked for, as "disabled"; NULL: it is run */
	bool none_expected;		/* its framework expects no failures of it: each is the test's */
};

struct listing {		/* all zero is an empty one */
	struct listed *tests;
	size_t ntests, cap_tests;
	struct arena texts;
};

void listing_fini(struct listing *list);
/* Adds a test, all zero; lent until the next. NULL: no memory. */
struct listed *listing_add(struct listing *list);
/* A copy that lives as long as the listing; NULL: no memory. */
const char *listing_text(struct listing *list, const char *bytes, size_t nbytes);

#endif
