/* SPDX-License-Identifier: MIT */
/*
 * What is told of tests that have not ended: that one begins, once for each of its runs, and that it
 * takes long. A start may be seen by a look at the host's page, or only when the test has ended:
 * whichever comes first tells it. Supervisor's thread.
 */
#ifndef RUN_STARTS_H
#define RUN_STARTS_H

#include "run/begun.h"
#include "run/run.h"

/* What a look at a host has found: all that has begun since the last look, and what is slow. `age_us`:
 * of the present phase, without pauses. */
void starts_tell(struct run *run, struct begun *begun, struct watch *host,
		 const struct host_work *work, const struct progress *p, uint64_t age_us);
/* That all tests of the host's work up to this one have begun. */
void starts_tell_until(struct run *run, struct begun *begun, struct watch *host, const struct host_work *work,
		       uint32_t serial);
/* The start of a test that has ended; `host` NULL: in none. The exit of a host is one as well. */
void starts_tell_ended(struct run *run, struct begun *begun, struct watch *host,
		       const struct outcome *o, const struct proctor_test *test);

/* That time passes while tests run: the PROCTOR_TICK. */
void starts_tell_tick(struct run *run, uint64_t now_us);

#endif
