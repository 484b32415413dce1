/* SPDX-License-Identifier: MIT */
/* All that hear of a run. The writer knows one callback, audience_event(), which hands each event
 * to each reporter. */
#ifndef LIB_AUDIENCE_H
#define LIB_AUDIENCE_H

#include "proctor/proctor.h"

struct audience {
	const struct proctor_reporter *reporters;	/* lent */
	size_t nreporters;
};

/* A proctor_callback; `data` is the audience. Returns what the first reporter that failed
 * returned. */
int audience_event(const struct proctor_event *event, void *data);

#endif
