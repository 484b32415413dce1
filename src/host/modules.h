/* SPDX-License-Identifier: MIT */
/* Keeps a list of the modules in this process (the program and its libraries) in the crash page: a
 * backtrace of a crash is made with it. */
#ifndef HOST_MODULES_H
#define HOST_MODULES_H

#include "wire/crash_page.h"

#include <stdbool.h>

/* All zero before the first call. */
struct modules {
	struct crash_page *page;
	uint32_t nmodules, npaths;	/* so many are in the page; bytes of their paths */
	/* Where the path of each module begins in the page, and where the last one ends. Kept here
	 * because tests may write over the page. */
	uint32_t paths[PAGE_MODULES_MAX + 1];
	unsigned long long nclosed;	/* how many modules the loader has unloaded so far */
	bool full;			/* there was no room for all of the loader's list */
};

/* Adds what was loaded since the last call, and drops what is not there any more. */
void modules_record(struct modules *m);

#endif
