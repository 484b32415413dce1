/* SPDX-License-Identifier: MIT */
/*
 * The run's end of the guard, the small process that cleans up if proctor itself is killed
 * (host/guard.c). Groups may be added and removed by any thread.
 */
#ifndef RUN_GUARD_H
#define RUN_GUARD_H

#include "base/spawn.h"

struct guard;

/* Starts the guard. Not on the supervisor's thread: what is a child of that thread is an orphan
 * of a test (run/orphans.h). */
int guard_open(struct guard **guard, const char *host_path, const char *run_id,
	       const struct inherited *inherited, struct proctor_error *err);
/* Tells it that all is well and waits for its end, a second at most. NULL is allowed. */
void guard_close(struct guard *guard);

/* A process group that lives; it is forgotten before its leader is reaped. */
void guard_add(struct guard *guard, pid_t group);
void guard_remove(struct guard *guard, pid_t group);

#endif
