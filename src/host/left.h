/* SPDX-License-Identifier: MIT */
/* What a test leaves running: threads, and processes (the host is a subreaper). */
#ifndef HOST_LEFT_H
#define HOST_LEFT_H

#include "host/page_texts.h"

#include <stdbool.h>
#include <sys/types.h>

#define LEFT_KNOWN_MAX 32

/* Threads or processes that a suite started when it was opened: not a test's. */
struct known {
	pid_t ids[LEFT_KNOWN_MAX];
	unsigned n;
};

/* The threads of this process beside the calling one; the living children. */
void known_threads(struct known *k);
void known_children(struct known *k);

/*
 * True if threads beyond the known ones stay for longer than the leak time (one that was joined is
 * still in the kernel's count for some microseconds); names them in `l`.
 */
bool left_threads(const struct known *k, uint64_t leak_us, struct lines *l);

/*
 * True if there are no children at all: the cheap proof, one system call. Children that have
 * ended are reaped on the way.
 */
bool left_none(void);

/*
 * After left_none() said false: true if processes beyond the known ones stay for longer than the
 * leak time. Names them in `l`, kills them and whatever falls to this process when they die, and reaps.
 */
bool left_processes(const struct known *k, uint64_t leak_us, struct lines *l);

#endif
