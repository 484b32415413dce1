/* SPDX-License-Identifier: MIT */
/* Which tests run at this moment, and in words, for those who interrupt the run or ask. Supervisor's
 * thread. */
#ifndef RUN_RUNNING_H
#define RUN_RUNNING_H

#include "run/run.h"

/* How far a host is with its work; all zero if it is idle. */
struct progress running_progress(struct watch *host, struct host_work *work);

/* "a, b and 3 more"; "": nothing runs. */
void running_list(struct watch *hosts, char *words, size_t nwords);
/* A line for each: "a has run for 2 s"; heap, "": nothing runs. NULL: no memory. */
char *running_ages(struct watch *hosts);
/* Tells whoever asked what runs, or how many tests are done if nothing does. */
void running_tell(struct watch *hosts, struct writer *w, size_t ndone);

#endif
