/* SPDX-License-Identifier: MIT */
/*
 * Waiting where the loop itself has failed: with poll(2), for what has to be collected so that the
 * workers come home. Supervisor's thread.
 */
#ifndef RUN_RESCUE_H
#define RUN_RESCUE_H

#include "run/watch.h"

/* Waits for a post (`wake_fd`) or the death of a host that was killed, `us` at most: the eventfd that
 * wakes for a post may be what failed. Returns how many `dead` there are. */
unsigned rescue_wait(int wake_fd, struct watch *hosts, uint64_t us,
		     struct watch *dead[PROCTOR_THREADS_MAX]);

#endif
