/* SPDX-License-Identifier: MIT */
#include "run/confirm.h"

/* Above what halving takes: where several tests are needed the search is longer, but not without end. */
#define RUNS_MORE 24
#define RUNS_PER_HALVING 4

/* Which of the checks are runs of the test alone: no turns that a test which fails every other time would take, too. */
static const bool checks_alone[CONFIRM_CHECKS] = { false, true, true, false, false, true, false };

void confirm_init(struct confirm *c, size_t nbefore)
{
	*c = (struct confirm){ .nbefore = nbefore, .stage = CONFIRM_ALONE, .nruns_max = RUNS_MORE,
			       .finding = PROCTOR_NFINDINGS };
	for (size_t n = nbefore; n > 1; n = (n + 1) / 2)
		c->nruns_max += RUNS_PER_HALVING;
}

static size_t confirm_middle(const struct confirm *c)
{
	return c->first + (c->end - c->first) / 2;
}

static bool confirm_has_found(const struct confirm *c, size_t i)
{
	for (unsigned k = 0; k < c->nfound; k++)
		if (c->found[k] == i)
			return true;
	return false;
}

bool confirm_asks(const struct confirm *c, size_t i)
{
	switch (c->stage) {
	case CONFIRM_ALL:
		return true;
	case CONFIRM_HALVE:
		return i >= confirm_middle(c) && i < c->end;
	case CONFIRM_ADD:
		return i < confirm_middle(c) || confirm_has_found(c, i);
	case CONFIRM_CHECK:
		return confirm_has_found(c, i);
	case CONFIRM_OTHERS:
		return !confirm_has_found(c, i);
	case CONFIRM_ALONE:
	case CONFIRM_CHECK_ALONE:
	case CONFIRM_DONE:
		break;
	}
	return false;
}

static void confirm_done(struct confirm *c, enum proctor_finding finding)
{
	c->stage = CONFIRM_DONE;
	c->finding = finding;
}

void confirm_give_up(struct confirm *c)
{
	switch (c->stage) {
	case CONFIRM_ALONE:
		confirm_done(c, PROCTOR_NFINDINGS);
		break;
	case CONFIRM_ALL:
		confirm_done(c, PROCTOR_PASSES_ALONE);
		break;
	case CONFIRM_HALVE:
	case CONFIRM_ADD:
	case CONFIRM_CHECK:
	case CONFIRM_CHECK_ALONE:
		c->failed_again = true;
		confirm_done(c, PROCTOR_PASSES_ALONE);
		break;
	case CONFIRM_OTHERS:
		confirm_done(c, PROCTOR_FAILS_AFTER);
		break;
	case CONFIRM_DONE:
		break;
	}
}

static void confirm_check(struct confirm *c)
{
	if (c->nchecks < CONFIRM_CHECKS)
		c->stage = checks_alone[c->nchecks] ? CONFIRM_CHECK_ALONE : CONFIRM_CHECK;
	else if (c->nfound < c->nbefore)
		c->stage = CONFIRM_OTHERS;
	else
		confirm_done(c, PROCTOR_FAILS_AFTER);
}

/* This test is to blame, perhaps with those that were found before it. `nchecks`: it just failed after these. */
static void confirm_find(struct confirm *c, size_t i, unsigned nchecks)
{
	for (unsigned k = c->nfound; k > 0; k--)
		c->found[k] = c->found[k - 1];
	c->found[0] = i;
	c->nfound++;
	c->nchecks = nchecks;
	confirm_check(c);
}

/* `failed`: just now, after those in question and no others. */
static void confirm_halve(struct confirm *c, bool failed)
{
	if (c->end - c->first == 1)
		confirm_find(c, c->first, failed);
	else
		c->stage = CONFIRM_HALVE;
}

/* With all up to `end` and those found it fails, with all up to `first` and those found it does not. */
static void confirm_add(struct confirm *c)
{
	if (c->end - c->first == 1)
		confirm_find(c, c->end - 1, 0);
	else
		c->stage = CONFIRM_ADD;
}

/* What was found is not enough: at least one of those before it is needed, too. */
static void confirm_need_more(struct confirm *c)
{
	if (!c->adds) {
		c->adds = true;
		c->nfound = 0;
		c->end = c->nbefore;
	} else {
		c->end = c->found[0];
	}
	c->first = 0;
	/* It failed before after what now passes. */
	if (c->end == 0)
		confirm_done(c, PROCTOR_FAILS_AT_TIMES);
	else if (c->nfound == CONFIRM_FOUND_MAX)
		confirm_give_up(c);
	else
		confirm_add(c);
}

static void confirm_checked(struct confirm *c, bool holds)
{
	if (holds) {
		c->nchecks++;
		confirm_check(c);
	} else if (c->nchecks == 0) {
		confirm_need_more(c);
	} else {
		confirm_done(c, PROCTOR_FAILS_AT_TIMES);
	}
}

static void confirm_take(struct confirm *c, enum confirm_answer answer)
{
	bool failed = answer == CONFIRM_FAILED;

	switch (c->stage) {
	case CONFIRM_ALONE:
		if (answer == CONFIRM_PASSED)
			c->stage = CONFIRM_ALL;
		else
			confirm_done(c, failed ? PROCTOR_FAILS_ALONE : PROCTOR_NFINDINGS);
		break;
	case CONFIRM_ALL:
		c->end = c->nbefore;
		if (failed)
			confirm_halve(c, true);
		else
			confirm_done(c, answer == CONFIRM_PASSED ? PROCTOR_NOT_AGAIN : PROCTOR_PASSES_ALONE);
		break;
	case CONFIRM_HALVE:
		if (failed)
			c->first = confirm_middle(c);
		else
			c->end = confirm_middle(c);
		confirm_halve(c, failed);
		break;
	case CONFIRM_ADD:
		if (failed)
			c->end = confirm_middle(c);
		else
			c->first = confirm_middle(c);
		confirm_add(c);
		break;
	case CONFIRM_CHECK:
		/* The first one decides whether others are needed; a later one has to be sure. */
		if (answer == CONFIRM_UNKNOWN && c->nchecks > 0)
			confirm_give_up(c);
		else
			confirm_checked(c, failed);
		break;
	case CONFIRM_CHECK_ALONE:
		if (answer == CONFIRM_UNKNOWN)
			confirm_give_up(c);
		else
			confirm_checked(c, answer == CONFIRM_PASSED);
		break;
	case CONFIRM_OTHERS:
		c->others = failed;
		confirm_done(c, PROCTOR_FAILS_AFTER);
		break;
	case CONFIRM_DONE:
		break;
	}
}

void confirm_told(struct confirm *c, enum confirm_answer answer)
{
	c->nruns++;
	confirm_take(c, answer);
	if (c->nruns >= c->nruns_max)
		confirm_give_up(c);
}
