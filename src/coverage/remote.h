/* SPDX-License-Identifier: MIT */
/* Counters that are read from outside, out of the memory of a process that is about to be killed. */
#ifndef COVERAGE_REMOTE_H
#define COVERAGE_REMOTE_H

#include "base/vector.h"
#include "coverage/area.h"

/* The counters of one object in one process. */
struct remote_image {
	pid_t pid;
	bool child;		/* forked from the process */
	size_t object;
	uint64_t *counters;
};

struct remote {				/* all zero: nothing was read */
	VECTOR(struct remote_image) images;
	bool unstarted;			/* a program that had executed nothing when last looked at */
	bool looked;			/* at what it had mapped */
};

/*
 * Copies the counters of process `pid` and of its forked children, as far as they can be found and read;
 * what an earlier call read, and cannot be read again, is kept. `program`: the object that the process
 * executes, OBJECT_NONE for a host or where there is none.
 */
void remote_read(struct remote *r, const struct counter_area *area, size_t program, pid_t pid);
/* What was read of counters is not needed any more. */
void remote_fini(struct remote *r);

#endif
