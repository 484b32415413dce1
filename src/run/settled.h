/* SPDX-License-Identifier: MIT */
/*
 * Outcomes of tests that have ended in a process that goes on, and that nothing can change any more: they are
 * told while it runs, and its worker judges the others when it is over. Supervisor's thread.
 */
#ifndef RUN_SETTLED_H
#define RUN_SETTLED_H

#include "run/run.h"

/* May the host have such outcomes? Then tells its work. */
bool settled_possible(struct watch *h, struct host_work *work);
/* The next of them; false: there is none now. */
bool settled_next(struct watch *h, const struct host_work *work, struct outcome *o);

#endif
