/* SPDX-License-Identifier: MIT */
/*
 * From what is known of a test to its verdict and the sentence that explains it. Worker's thread;
 * nothing here waits or touches a process. An outcome without memory for its sentence goes
 * without one.
 */
#ifndef RUN_VERDICT_H
#define RUN_VERDICT_H

#include "hosts/host.h"
#include "run/mailbox.h"

/* A test that has ended. Takes the texts of its record over. */
void verdict_of_test(struct outcome *o, struct test_evidence *t, const struct crash *crash);

/* A test that was running when its host died: `crash` may be all zero. */
void verdict_of_death(struct outcome *o, const struct host_end *end, uint64_t timeout_us,
		      const struct crash *crash);

/* It was overdue, whatever its record says. */
void verdict_of_timeout(struct outcome *o, uint64_t timeout_us);

/* It could not be run; `message` is copied. */
void verdict_error(struct outcome *o, const char *message);
/* A crash that is known by a sentence only; `message` is copied. */
void verdict_crash(struct outcome *o, const char *message);

/* A sentence on how a host died when no test of it was running, heap: "the host was ended by …". */
char *death_words(const struct host_end *end, uint64_t timeout_us, const struct crash *crash);

#endif
