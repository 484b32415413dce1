/* SPDX-License-Identifier: MIT */
/*
 * The run's end of the guard, the small process that cleans up if proctor itself is killed
 * (guard/guard.c). A thread of its own starts the guard, while the run is made ready, and reaps it:
 * as a child of the supervisor's thread it would be taken for a test's orphan (run/orphans.h).
 */
#ifndef RUN_GUARD_CLIENT_H
#define RUN_GUARD_CLIENT_H

#include "base/spawn.h"

struct guard;
struct writer;

/* Begins to start the guard; the strings and `inherited` are lent until guard_close(). Fails with
 * -ENOMEM only. Any other failure is told by guard_failed(), as the run can do without a guard
 * unless proctor is killed. */
int guard_open(struct guard **guard, const char *host_path, const char *run_id, const char *temp_dirs,
	       const struct inherited *inherited, struct proctor_error *err);
/* Waits until the guard runs, or until it is known that it cannot be started. NULL is allowed. */
void guard_wait(struct guard *guard);
/* True, once, if the guard is known not to have been started; `err` says why. */
bool guard_failed(struct guard *guard, struct proctor_error *err);
/* The same, told as a note. Fails if no process can be started at all: the guard is the first. */
int guard_tell_failed(struct guard *guard, struct writer *w, struct proctor_error *err);
/* Tells the guard that the run is over, and waits for its end, a second at most. NULL is allowed.
 * Fails if it had not run until then, unless guard_failed() has told so already. */
int guard_close(struct guard *guard, struct proctor_error *err);
/* The same, and a failure is told as a note. */
void guard_end(struct guard *guard, struct writer *w);

/* Adds a process group that the guard is to kill if proctor dies. It is removed before its
 * processes are reaped: after that its number may be a stranger's. Any thread. */
void guard_add(struct guard *guard, pid_t group);
void guard_remove(struct guard *guard, pid_t group);

#endif
