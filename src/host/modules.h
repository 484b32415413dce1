/* SPDX-License-Identifier: MIT */
/* The modules in this process, recorded in the page so that a crash can be symbolized. */
#ifndef HOST_MODULES_H
#define HOST_MODULES_H

#include "wire/page.h"

#include <stdbool.h>

/* All zero before the first call. */
struct modules {
	struct page *page;
	uint32_t nmodules, npaths;	/* in the page; bytes of paths */
	/* Where each module's path begins; the last word is where all end. Not read from the page,
	 * where a test may write. */
	uint32_t paths[PAGE_MODULES_MAX + 1];
	unsigned long long nclosed;	/* the loader's count of modules taken away */
	bool full;			/* what comes later in the loader's list is not recorded */
};

/* Adds what was loaded since the last call, and drops what is not there any more. */
void modules_record(struct modules *m);

#endif
