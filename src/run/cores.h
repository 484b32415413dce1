/* SPDX-License-Identifier: MIT */
/* How many cores there are to use: the affinity mask, limited by the cgroup's CPU quota. */
#ifndef RUN_CORES_H
#define RUN_CORES_H

#include "base/error.h"

struct cores {
	int *cpus;		/* numbers of the cores in the affinity mask, ascending */
	unsigned ncpus;
	unsigned usable;	/* at least 1, at most ncpus */
	/* "2 in the affinity mask; no cgroup quota", or
	 * "8 in the affinity mask; 2 by the quota of /ci (cpu.max 200000 100000)" */
	char why[256];
};

/*
 * Asks for the mask of the calling thread: called before it is pinned. The quota is the smallest
 * of the process's cgroup and its ancestors, as far as they can be seen, rounded up to whole cores;
 * what cannot be read is no quota. `root` stands before /proc and before the mount points that are
 * read: "" but in tests.
 */
int cores_read(struct cores *c, const char *root, struct proctor_error *err);
void cores_fini(struct cores *c);

/* The workers to use when no number is asked for: one per usable core, 4 at least, 64 at most. */
unsigned cores_threads(const struct cores *c);

#endif
