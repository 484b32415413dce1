/* SPDX-License-Identifier: MIT */
/*
 * From outcomes to events: a result is complete when its worker has judged it and its output has
 * arrived, in whichever order; then it is counted, told and, if it is to be tried again, queued.
 * Supervisor's thread.
 */
#ifndef RUN_RESULTS_H
#define RUN_RESULTS_H

#include "run/supervisor.h"

/* A judged test whose output has not all arrived. */
struct waiting {
	struct waiting *next;
	struct outcome outcome;
};

/* Takes over a judged outcome of `host`; NULL: of no host. */
void results_add(struct supervisor *sup, struct watch *host, struct outcome *o);
/* Tells what has become complete; all of it when the host is over. */
void results_settle(struct supervisor *sup, struct watch *host);

/* Tells that a test runs (once for each serial, which must be told in order), or that it is slow. */
void results_tell_start(struct supervisor *sup, struct watch *host, const struct host_work *work,
			uint32_t serial, uint64_t start_us);
void results_tell_slow(struct supervisor *sup, struct watch *host, const struct host_work *work,
		       uint32_t serial, uint64_t start_us);

void results_fini(struct supervisor *sup);

#endif
