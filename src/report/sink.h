/* SPDX-License-Identifier: MIT */
/* Bytes on their way to a descriptor: collected while more events wait, written in one piece. */
#ifndef REPORT_SINK_H
#define REPORT_SINK_H

#include "base/bytes.h"

/* With so much collected it is written even when more events wait. */
#define SINK_FLUSH_BYTES (64u * 1024)

struct sink {
	int fd;			/* the owner's */
	const char *name;	/* for the sentence of an error; the owner's */
	struct bytes bytes;	/* append here */
};

/* Writes what was collected. After a failure the rest of it is dropped. */
int sink_flush(struct sink *s, struct proctor_error *err);
/* The same, only if there is so much that it should not wait. */
int sink_relieve(struct sink *s, struct proctor_error *err);
void sink_fini(struct sink *s);

#endif
