/* SPDX-License-Identifier: MIT */
/* The live line at the bottom of a terminal: how far the run is, and what runs now. */
#ifndef REPORT_STATUS_LINE_H
#define REPORT_STATUS_LINE_H

#include "base/bytes.h"

#include <stdint.h>

struct status_slot {		/* what one worker runs */
	char *id;		/* NULL: nothing */
	uint64_t start_us;	/* without the time that the run had stood still */
};

struct status {			/* all zero: the run has not started */
	size_t ntests, ndone, nfailed;
	uint64_t start_us;
	uint64_t paused_us;	/* how long the run has stood still */
	struct status_slot slots[PROCTOR_THREADS_MAX];
	uint64_t drawn_us;
	bool shown;		/* the line is on the screen */
};

/* Takes note of an event; draws nothing. */
void status_event(struct status *s, const struct proctor_event *event);
/* True if the line is due: about ten times a second. */
bool status_due(const struct status *s, uint64_t now_us);
/* Appends what draws the line in `ncolumns` columns, and what takes it away. */
void status_draw(struct status *s, struct bytes *to, unsigned ncolumns, uint64_t now_us);
void status_erase(struct status *s, struct bytes *to);
void status_fini(struct status *s);

#endif
