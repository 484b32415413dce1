/* SPDX-License-Identifier: MIT */
/* What the exit status of a program says of the test that it is. */
#ifndef HOSTS_STATUS_H
#define HOSTS_STATUS_H

#include "hosts/evidence.h"
#include "hosts/host.h"

/* The verdict on a program that ended by itself, with a status as wait(2) gives it: 0 is a pass, 77
 * a skip. If there is no memory for the sentence, that alone is lost. */
void status_tell(struct test_evidence *t, int status);

/* What the process used, and when it died. */
void status_usage(struct test_record *usage, const struct host_end *end, uint64_t start_us);

/* Did the program end by itself, and is it known how? Not if it was stopped, or reaped by
 * others. */
bool status_is_its_own(const struct host_end *end);

#endif
