/* SPDX-License-Identifier: MIT */
/* The modules in this process, recorded in the page so that a crash can be symbolized. */
#ifndef HOST_MODULES_H
#define HOST_MODULES_H

#include "host/protocol.h"

/* All zero before the first call. */
struct modules {
	struct page *page;
	uint32_t nmodules, npaths;	/* in the page; bytes of paths */
	unsigned nseen;			/* of the loader's list, which grows at its end */
	unsigned long long nclosed;	/* the loader's count of modules taken away */
};

/* Adds what was loaded since the last call. */
void modules_record(struct modules *m);

#endif
