/* SPDX-License-Identifier: MIT */
/* Isolation by fork: the host has opened the suite, and each test runs in a child that it forks. */
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

/* How it ended. */
struct fork_end {
	bool finished;		/* `run` has returned; else `status` tells how the child ended */
	int status;		/* as wait(2) gives it */
	uint64_t user_us, sys_us;
	uint64_t max_rss_kb;
};

/* Runs the call in a forked child and waits for it. False and errno: it could not be started. */
bool fork_run(const struct fork_call *call, struct fork_end *end);

#endif
