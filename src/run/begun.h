/* SPDX-License-Identifier: MIT */
/*
 * The tests whose start was told and whose end was not yet. A test whose record was lost runs again
 * in another process, or never: whichever it is, it has one start and one end. Supervisor's thread.
 */
#ifndef RUN_BEGUN_H
#define RUN_BEGUN_H

#include "run/queue.h"

struct begun {			/* all zero: not opened */
	uint64_t *bits;		/* by item */
};

/* For items below `nitems`. -ENOMEM. */
int begun_init(struct begun *b, size_t nitems);
void begun_fini(struct begun *b);

/* False: its start was told before. */
bool begun_add(struct begun *b, item_t item);
bool begun_has(const struct begun *b, item_t item);
void begun_remove(struct begun *b, item_t item);

#endif
