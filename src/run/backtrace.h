/* SPDX-License-Identifier: MIT */
/* The backtrace of an outcome that has a crash record. */
#ifndef RUN_BACKTRACE_H
#define RUN_BACKTRACE_H

#include "run/mailbox.h"
#include "run/symbolizer.h"

/*
 * Gives each outcome that is marked `crash_recorded` its frames, down to its test's own. Where they
 * cannot be had the one that crashed is told, and why there are no others. Waits for
 * proctor-symbolizer. Worker's thread.
 */
void outcomes_backtrace(struct outcome *outcomes, unsigned noutcomes,
			struct symbolizers *symbolizers, const struct crash *crash,
			const struct module_list *modules);

#endif
