/* SPDX-License-Identifier: MIT */
/*
 * Processes that did not die of SIGKILL. Their hosts are gone and nobody waits for them, but if one
 * dies during the run after all, it is reaped. Supervisor's thread.
 */
#ifndef RUN_UNDEAD_H
#define RUN_UNDEAD_H

#include "loop/loop.h"

#include <sys/types.h>

struct undead {
	struct undead *next;
	void *owner;		/* the caller's, for its callback */
	const struct loop_ops *ops;	/* of the loop that its stream is in */
	struct loop *lp;
	pid_t pid, group;
	struct stream death;	/* of its pidfd */
};

/* Adds one to the list, which takes over `pidfd`. NULL: no memory. Then nobody sees it die: it stays
 * a zombie until the program's end. */
struct undead *undead_add(struct undead **list, pid_t pid, pid_t group, int pidfd);
/* Waits for its death, of which `died` is told. */
int undead_watch(struct undead *u, const struct loop_ops *ops, struct loop *lp,
		 stream_callback *died, void *owner, struct proctor_error *err);
/* Reaps it, if it is dead, and forgets it. */
void undead_remove(struct undead **list, struct undead *u);
void undead_remove_all(struct undead **list);

#endif
