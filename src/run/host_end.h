/* SPDX-License-Identifier: MIT */
/*
 * From a host's first byte of output to its end, in either of two ways. It died: then it is over when
 * its output has ended and nothing lives that it had started, or the leak time after its death has
 * passed. Or it does not die of SIGKILL: then it is given up, and its worker goes on. These are the
 * steps; the supervisor takes them, and kills what is left in between. Supervisor's thread.
 *
 * Output that arrives, in a turn of the loop, by draining or closing, is cut at once and marked as news
 * (watch.h); what that completes the supervisor finds out later.
 */
#ifndef RUN_HOST_END_H
#define RUN_HOST_END_H

#include "run/run.h"

/* It is known of from now on, and will be watched in this loop. `death` is told of its death. */
void life_meet(struct watch *h, const struct loop_ops *ops, struct loop *lp,
	       stream_callback *death);
/* Waits for its output and its death, once. On failure some of it is not waited for. */
int life_watch(struct watch *h, struct proctor_error *err);
/* Takes all that is in its pipes at this moment. */
void life_drain(struct watch *h);
/* No more output is waited for. */
bool life_output_ended(const struct watch *h);

/* It has died: what it died of is learned, but it is not reaped, so that its number stays its own and
 * whom a signal came from can be told. From then on it has the leak time. */
void life_died(struct watch *h);
/* Nobody waits for anything of it any longer: drained, closed, reaped. */
void life_close(struct watch *h);
/* SIGKILL did not end it: says why, and closes its output. It keeps its pidfd. */
void life_give_up(struct watch *h);
/* What it left behind and no test's result has named is told. That was mostly left by a constructor. */
void life_tell_left(const struct watch *h);
/* Its worker may go on: all that is known of its end has been written down. */
void life_end(struct watch *h);

#endif
