/* SPDX-License-Identifier: MIT */
/* Output on its way to a descriptor: as long as more events are waiting it is collected, then it is
 * written in one piece. */
#ifndef REPORT_SINK_H
#define REPORT_SINK_H

#include "base/bytes.h"

/* If so much has been collected, it is written although more events are waiting. */
#define SINK_FLUSH_BYTES (64u * 1024)

struct sink {
	int fd;			/* the owner's */
	const char *name;	/* for the sentence of an error; the owner's */
	struct bytes bytes;	/* append here */
};

/* Writes what was collected. If that fails, what could not be written is thrown away. */
int sink_flush(struct sink *s, struct proctor_error *err);
/* The same, but only if SINK_FLUSH_BYTES have been collected. */
int sink_relieve(struct sink *s, struct proctor_error *err);
void sink_fini(struct sink *s);

#endif
