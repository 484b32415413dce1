/* SPDX-License-Identifier: MIT */
/*
 * Signal dispositions. The host, and what is put into programs, defines signal(), sigaction() and their relatives itself, and
 * suites resolve to these. For a signal by which programs crash, and where coverage is collected for
 * one by which they end, the kernel keeps calling the host, which calls the suite's handler after
 * it. For all others the first change is noted with what was there before it, so that putting them
 * back costs nothing where nothing was changed.
 */
#ifndef INJECT_DISPOSITIONS_H
#define INJECT_DISPOSITIONS_H

#include <signal.h>
#include <stdbool.h>

typedef void disposition_handler(int sig, siginfo_t *si, void *context);

enum dispositions_of {
	DISPOSITIONS_CRASH,		/* those by which programs crash */
	DISPOSITIONS_ASIDE,		/* these, as long as the program has no handler of its own for one */
	DISPOSITIONS_ALL,		/* and the others that end a process by default */
};

/* From now on these signals go to `handler`; those that have a handler already, a sanitizer's, do not.
 * Called once, before a suite is opened. */
void dispositions_take(disposition_handler *handler, enum dispositions_of which);

/* Do programs crash by it? */
bool signal_is_crash(int sig);

/* The C library's own sigaction(). */
int disposition_real(int sig, const struct sigaction *action, struct sigaction *old);

/*
 * What the suite wants done at the crash signal `sig`, to be called from the handler. With
 * SA_RESETHAND that is forgotten by the call.
 */
struct sigaction disposition_theirs(int sig);

/* What is set up now is what later tests are to find. */
void dispositions_adopt(void);
/* Puts back what differs from that. */
void dispositions_put_back(void);

#endif
