/* SPDX-License-Identifier: MIT */
/* Isolation by fork: each test in a child of the host that opened its suite. */
#ifndef HOST_FORK_H
#define HOST_FORK_H

#include "host/protocol.h"

#include <stdbool.h>
#include <sys/types.h>

struct fork_call {
	/* Runs in the child, to the end of the test; its record is in shared memory. */
	void (*run)(void *data);
	void *data;
};

/*
 * Runs the call in a forked child and waits for it; fills the times and memory of `rec`, and its
 * outcome if the child did not come to the end. False and errno: it could not be started.
 */
bool fork_run(const struct fork_call *call, struct page_record *rec);

#endif
