/* SPDX-License-Identifier: MIT */
/*
 * How a run is brought to its end before its time: why, since when, how hard, and what follows for a
 * host. Only notes and decides; what follows the supervisor does. Its thread.
 */
#ifndef RUN_ENDING_H
#define RUN_ENDING_H

#include "base/error.h"
#include "hosts/host_state.h"

#include <stdbool.h>
#include <stdint.h>

/* How the run is brought to an end. */
enum stopping {
	STOPPING_NOT,
	STOPPING_ASKED,		/* running tests get SIGTERM and their grace time */
	STOPPING_KILLED,	/* running tests are killed */
};

struct ending {
	enum stopping stopping;
	uint64_t since_us;	/* 0: the run goes on */
	int signo;		/* of the signal that ended it: 128+N is the exit code; 0: none did */
	char why[512];		/* in a sentence; "": it was not ended */
};

/* Notes why the run is ended, before it is; the first reason counts. "the run ended at …" */
void ending_reason(struct ending *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same of a signal, from `pid` or from nobody known. `doubt`: why it may have been of a test, with
 * the tests that `running` names; NULL: it was not. */
void ending_by_signal(struct ending *e, int signo, int pid, const char *doubt, const char *running);
/* False: it is ended so already, or harder. */
bool ending_begin(struct ending *e, enum stopping how, uint64_t now_us);

/* What an end of the run means for a host. */
enum ending_verb {
	ENDING_SPARES,		/* it may go on, or is over */
	ENDING_HURRIES,		/* it is dead: what it left behind is waited for no longer */
	ENDING_ASKS,		/* it is asked to stop, and has its grace time */
	ENDING_KILLS,
};

/* `works`: it was handed a task, and is not at its exit. */
enum ending_verb ending_verb(const struct ending *e, enum host_state state, bool works);

#endif
