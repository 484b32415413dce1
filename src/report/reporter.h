/* SPDX-License-Identifier: MIT */
/*
 * A reporter turns the events of one run into one kind of output. Each kind has an open function of
 * its own (terminal.h, events.h, junit.h), which cli/reporters.c calls; all get their events and are
 * closed through this table, on one thread at a time.
 */
#ifndef REPORT_REPORTER_H
#define REPORT_REPORTER_H

#include "base/error.h"
#include "base/failure.h"

struct reporter;

struct reporter_ops {
	/* A negative errno when the output could not be written; may be called again after that.
	 * -EPIPE: the reader is gone. */
	int (*event)(struct reporter *r, const struct proctor_event *event,
		     struct proctor_error *err);
	/* Writes what is left and frees the reporter, whatever it returns. */
	int (*close)(struct reporter *r, struct proctor_error *err);
};

struct reporter {		/* the first member of each kind */
	const struct reporter_ops *ops;
};

#endif
