/* SPDX-License-Identifier: MIT */
/*
 * The run's end of the guard, the small process that cleans up if proctor itself is killed
 * (guard/guard.c). A thread of its own starts it, while the run is made ready, and reaps it: what is
 * a child of the supervisor's thread is an orphan of a test (run/orphans.h).
 */
#ifndef RUN_GUARD_CLIENT_H
#define RUN_GUARD_CLIENT_H

#include "base/spawn.h"

struct guard;

/* Begins to start the guard; the strings and `inherited` are lent until guard_close(). Fails with
 * -ENOMEM only: whatever else is wrong is told by guard_failed(), as the run is as good without a
 * guard, but for the case that proctor is killed. */
int guard_open(struct guard **guard, const char *host_path, const char *run_id,
	       const struct inherited *inherited, struct proctor_error *err);
/* Waits until it stands, or until it is known that it does not. NULL is allowed. */
void guard_wait(struct guard *guard);
/* Is it known that it could not be started? Says why, at the first call that finds it so. */
bool guard_failed(struct guard *guard, struct proctor_error *err);
/* Tells it that all is well and waits for its end, a second at most. NULL is allowed. Fails if it
 * had not stood until then and guard_failed() has not said so. */
int guard_close(struct guard *guard, struct proctor_error *err);

/* A process group that lives; it is forgotten before its processes are reaped. Any thread. */
void guard_add(struct guard *guard, pid_t group);
void guard_remove(struct guard *guard, pid_t group);

#endif
