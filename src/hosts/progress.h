/* SPDX-License-Identifier: MIT */
/*
 * How far a host is with what it was handed: which test runs, since when, how many have ended,
 * which phase. Deadlines, interrupts, the status line and verdicts all take it from here. The page
 * may change meanwhile, and a test may have written anything there: each field is read once, and
 * every time is moved to between the hand-out and now. Any thread.
 */
#ifndef HOSTS_PROGRESS_H
#define HOSTS_PROGRESS_H

#include "wire/page.h"

#include <stdbool.h>

/* What the run itself knows. */
struct hand_out {
	const struct page *page;
	unsigned ntests;
	bool ending;			/* it was told to end, and has no task */
	uint64_t handed_us;
};

enum progress_phase {
	PROGRESS_STARTING,	/* has not begun with the task */
	PROGRESS_OPENING,	/* opens the task's suite */
	PROGRESS_TEST,		/* the test `nended` runs, or the checks after it */
	PROGRESS_BETWEEN,	/* a test has ended and no other has begun: nobody's time */
	PROGRESS_ENDING,
};

struct progress {
	enum progress_phase phase;
	unsigned nended;	/* the first so many tests have ended */
	uint64_t since_us;	/* of the phase: not before the hand-out, not after now */
	/* Of those that have begun, where the host has a page or is one test (host_ops.start_us). */
	uint64_t start_us[TASK_TESTS_MAX];
};

struct progress progress_read(const struct hand_out *out, uint64_t now_us);
/* For a process that is a single test. */
struct progress progress_of_one(uint64_t handed_us);

/* How long each phase may take. */
struct deadlines {
	uint64_t test_us;	/* the running test, its own deadline */
	uint64_t other_us;	/* opening and ending */
	uint64_t task_us;	/* all tests of the task together; CLOCK_NEVER: not known */
};

/* How long PROGRESS_BETWEEN may last, if opening and ending may take `other_us`. */
uint64_t progress_between_us(uint64_t other_us);

/* When the host is overdue, unless the run is paused meanwhile. */
uint64_t progress_due_us(uint64_t handed_us, const struct progress *p,
			 const struct deadlines *d);

#endif
