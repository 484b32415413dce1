/* SPDX-License-Identifier: MIT */
/* Isolation by fork: each test in a child of the host that opened its suite. */
#ifndef HOST_FORK_H
#define HOST_FORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fork_call {
	/* Runs in the child, to the end of the test; its record is in shared memory. */
	void (*run)(void *data);
	void *data;
};

/* What came of it. */
struct fork_end {
	bool finished;		/* it came to the end of the test; else `status` tells how it died */
	int status;		/* as wait(2) gives it */
	uint64_t user_us, sys_us;
	uint64_t max_rss_kb;
};

/* Runs the call in a forked child and waits for it. False and errno: it could not be started. */
bool fork_run(const struct fork_call *call, struct fork_end *end);

#endif
