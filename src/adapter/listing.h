/* SPDX-License-Identifier: MIT */
/* The tests that an adapter found in a library. */
#ifndef ADAPTER_LISTING_H
#define ADAPTER_LISTING_H

#include <stddef.h>
#include <stdint.h>

/* Texts are lent by the ELF file. */
struct listed {
	unsigned index;
	const char *symbol;
	const char *name;		/* the symbol, where the library has no other */
	const char *file;		/* "" if unknown */
	unsigned line;
	uint64_t timeout_us;		/* 0: the run's */
};

struct listing {		/* all zero is an empty one */
	struct listed *tests;
	size_t ntests, cap_tests;
};

void listing_fini(struct listing *list);
/* Adds a test, all zero; lent until the next. NULL: no memory. */
struct listed *listing_add(struct listing *list);

#endif
