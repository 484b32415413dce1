/* SPDX-License-Identifier: MIT */
/* The backtrace of an outcome that has a crash record. */
#ifndef RUN_BACKTRACE_H
#define RUN_BACKTRACE_H

#include "run/mailbox.h"
#include "run/symbolizer.h"

/*
 * Gives each outcome that is marked `crash_recorded` its frames: from the one that crashed to that
 * of the test function. If they cannot be had, tells the first one only, and why there are no
 * others. Waits for proctor-symbolizer. Worker's thread.
 */
void outcomes_backtrace(struct outcome *outcomes, unsigned noutcomes,
			struct symbolizers *symbolizers, const struct crash *crash,
			const struct module_list *modules);

#endif
