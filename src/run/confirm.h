/* SPDX-License-Identifier: MIT */
/*
 * Finds out about one test that failed in a process in which others had run before it: whether it fails alone, and
 * if not, after which of them. It says which of them are to run next, in one new process and in their order, with
 * the test itself behind them; and is told what came of that. Nothing here waits or touches a process.
 *
 *	confirm_init(&c, nbefore);
 *	while (c.stage != CONFIRM_DONE)
 *		confirm_told(&c, run those with confirm_asks(&c, i));
 *
 * The search halves the tests until one is left. That is sure where one test is to blame, and no more than a
 * guess where two are needed, or where the test fails at times. So what was found is tried again, and so is the
 * test alone: only what always fails, while the test alone always passes, is told. Where it is not
 * one test the search adds one after the other until they are enough.
 */
#ifndef RUN_CONFIRM_H
#define RUN_CONFIRM_H

#include <proctor/proctor.h>

#include <stdbool.h>
#include <stddef.h>

/* So many tests may be needed together. */
#define CONFIRM_FOUND_MAX 8
/* So often it is tried whether what was found holds. */
#define CONFIRM_CHECKS 7

enum confirm_answer {
	CONFIRM_PASSED,
	CONFIRM_FAILED,
	CONFIRM_UNKNOWN,	/* it did not come to the test */
};

enum confirm_stage {		/* what is asked for now: */
	CONFIRM_ALONE,		/* the test alone */
	CONFIRM_ALL,		/* all tests before it */
	CONFIRM_HALVE,		/* the later half of those in question */
	CONFIRM_ADD,		/* the earlier half of those in question and all before them, and those found */
	CONFIRM_CHECK,		/* those found */
	CONFIRM_CHECK_ALONE,	/* the test alone, again */
	CONFIRM_OTHERS,		/* all but those found */
	CONFIRM_DONE,
};

struct confirm {
	size_t nbefore;
	enum confirm_stage stage;
	size_t first, end;	/* the tests in question */
	size_t found[CONFIRM_FOUND_MAX];	/* ascending */
	unsigned nfound;
	unsigned nchecks;	/* so many have held */
	bool adds;		/* one test was not enough */
	bool others;		/* without those found it fails, too */
	unsigned nruns, nruns_max;
	/* Once it is done. NFINDINGS: nothing was found out. */
	enum proctor_finding finding;
	bool failed_again;		/* PASSES_ALONE: after all tests before it it has failed again */
};

/* `nbefore` is 1 at least. */
void confirm_init(struct confirm *c, size_t nbefore);
/* Is the test number `i` of those before it to run? */
bool confirm_asks(const struct confirm *c, size_t i);
void confirm_told(struct confirm *c, enum confirm_answer answer);
/* No more runs: it is done, with what is known so far. */
void confirm_give_up(struct confirm *c);

#endif
