/* SPDX-License-Identifier: MIT */
/*
 * What follows from the outcome of a test for the run: a table of rules, without effects. What is
 * found here the supervisor does.
 */
#ifndef RUN_FOLLOW_H
#define RUN_FOLLOW_H

#include <proctor/proctor.h>

#include <stdbool.h>
#include <stddef.h>

enum follow {
	FOLLOW_NOTHING,
	FOLLOW_RETRY,		/* the test is tried again: this outcome is not its last */
	FOLLOW_END_CRASH,	/* the run is ended, and what still runs killed: at a crash */
	FOLLOW_END_FIRST,	/* ... at the first failure */
	FOLLOW_END_FAILURES,	/* ... at as many failures as it may have */
};

struct follow_facts {
	enum proctor_verdict verdict;
	unsigned attempt;	/* from 1 */
	unsigned nretries;	/* attempts that may follow the first; 0: the run is being ended */
	size_t nfailures;	/* of the run before this outcome */
};

/* `options` as they are resolved: on_crash is not PROCTOR_ON_CRASH_AUTO. */
enum follow follow_of(const struct proctor_options *options, const struct follow_facts *facts);

/* Why the run is ended by the outcome of the test `id`: "the run ended at …"; "": it is not. */
const char *follow_reason(enum follow follow, const struct proctor_options *options,
			  const char *id, char *words, size_t nwords);

#endif
