/* SPDX-License-Identifier: MIT */
/* What the exit status of a program says of the test that it is. */
#ifndef HOSTS_STATUS_H
#define HOSTS_STATUS_H

#include "hosts/evidence.h"
#include "hosts/host.h"

/* It ended by itself, with a status as wait(2) gives it: 0 is a pass, 77 a skip. Sets what is `told`; a
 * sentence that there is no memory for is lost. */
void status_tell(struct test_evidence *t, int status);

/* What the process used, and when it died. */
void status_usage(struct record *usage, const struct host_end *end, uint64_t start_us);

/* Nobody stopped it, and it is known how it ended. */
bool status_is_its_own(const struct host_end *end);

#endif
