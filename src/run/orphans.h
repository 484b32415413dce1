/* SPDX-License-Identifier: MIT */
/*
 * Processes that tests left behind: when a host dies, what it had started and not waited for
 * becomes a child of proctor (a subreaper), and of its first thread, which starts no processes
 * itself: so a child of that thread is an orphan. Supervisor's thread, only where the run owns the
 * process.
 */
#ifndef RUN_ORPHANS_H
#define RUN_ORPHANS_H

#include <stdbool.h>
#include <stdint.h>

/* Is the host with this number alive? Its orphans are left alone: a test may have its reasons. */
typedef bool orphans_alive(uint64_t host, void *data);

/* Reaps the orphans that have ended. True if there are others that live. */
bool orphans_reap(void);

/*
 * Kills the orphans of hosts that are dead. `*left` gets a line for each that belonged to host
 * `number` (heap, appended; may stay NULL), `*others` for the rest of the killed. With `all`,
 * orphans that show no host, since they wiped their environment, are killed as well.
 */
void orphans_kill(const char *run_id, uint64_t number, bool all, orphans_alive *alive, void *data,
		  char **left, char **others);

/* The number of the host that `pid` descends from, by its marks; 0: none of this run. */
uint64_t process_host(int pid, const char *run_id);
/* The parent of `pid`; 0: no such process. */
int process_parent(int pid);

#endif
