/* SPDX-License-Identifier: MIT */
/*
 * Processes that do not die of SIGKILL: why, as far as /proc tells, and their end if it comes after
 * all. Supervisor's thread.
 */
#ifndef RUN_UNDEAD_H
#define RUN_UNDEAD_H

#include <stddef.h>

struct host;
struct supervisor;

/* Watches the process of a host that was given up, and takes over its pidfd. Without memory for it
 * nobody sees it die: then it stays a zombie until the program's end. */
void undead_watch(struct supervisor *sup, struct host *h);
/* At the end of the run: those that have died since are reaped, the rest is let go. */
void undead_fini(struct supervisor *sup);

#endif
