/* SPDX-License-Identifier: MIT */
/*
 * The end of a host, in either of two ways. It died: then it is over when its output has ended and
 * nothing lives that it had started, or the leak time after its death has passed; what is left then
 * is killed and named. Or it does not die of SIGKILL: then it is given up, its worker goes on, and
 * it is watched until the end of the run. Supervisor's thread; effects on the host's state are in
 * host_next().
 *
 * What is read or taken on the way (output, its end, signals) calls back: any of these functions
 * may leave this host over, and others, and the run stopped. None is released: only posts do that.
 */
#ifndef RUN_LIFE_H
#define RUN_LIFE_H

#include "run/supervisor.h"

/* Waits for its output and its death. On failure some of it is not waited for. */
int life_watch(struct supervisor *sup, struct watch *h, struct proctor_error *err);
/* Its pidfd says that it died. */
void life_died(struct supervisor *sup, struct watch *h);
/* It died: is it over by now? */
void life_look(struct supervisor *sup, struct watch *h, uint64_t now_us);
/* Some orphan ended: perhaps the last that a dead host is held up by. */
void life_orphan_ended(struct supervisor *sup);
/* SIGKILL did not end it: its worker goes on without it. */
void life_give_up(struct supervisor *sup, struct watch *h);

/* Kills what dead hosts have left, and names what is of `h`; NULL: what no host is left to own. Returns
 * how many of it may yet die. */
size_t life_orphans(struct supervisor *sup, const struct watch *h, char **left);

#endif
