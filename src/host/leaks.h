/* SPDX-License-Identifier: MIT */
/* What a test leaves running: threads, and processes. What its children leave becomes the host's
 * child, as the host is a subreaper. */
#ifndef HOST_LEAKS_H
#define HOST_LEAKS_H

#include "host/page_texts.h"

#include <stdbool.h>
#include <sys/types.h>

#define LEFT_KNOWN_MAX 32

/* Threads or processes that a suite started when it was opened: not a test's. */
struct known {
	pid_t ids[LEFT_KNOWN_MAX];
	unsigned n;
};

/* Fills `k` with the threads of this process other than the calling one; with its living
 * children. */
void known_threads(struct known *k);
void known_children(struct known *k);

/*
 * Waits for the end of all threads but the known ones, for the leak time (and no less than 20 ms:
 * one that was joined may still be counted by the kernel). True if some stay; names them in `l`.
 */
bool left_threads(const struct known *k, uint64_t leak_us, struct text_lines *l);

/*
 * True if this process has no children at all, which costs one system call to find out. Reaps
 * children that have ended.
 */
bool left_none(void);

/*
 * To be called if left_none() said false. Waits for the end of all children but the known ones, for
 * the leak time. True if some stay: names them in `l`, kills them, and whatever becomes a child of
 * this process when they die, and reaps all.
 */
bool left_processes(const struct known *k, uint64_t leak_us, struct text_lines *l);

#endif
