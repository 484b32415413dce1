/* SPDX-License-Identifier: MIT */
#include "run/not_run.h"

#include "base/clock.h"
#include "run/signals.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long to wait for the writer before asking again; room posts the loop's eventfd at once. */
#define WAIT_US 100000

/* Repetitions of one test that were never begun. */
struct missing {
	unsigned n, first;
};

struct rest {
	struct supervisor *sup;
	struct missing *missing;	/* by test; NULL: no memory */
	size_t nretries;		/* that were not begun */
	unsigned ninterrupts;		/* so many had come: another one ends the telling */
};

static bool rest_is_wanted(const struct rest *rest)
{
	return writer_failed(&rest->sup->run->writer) == 0 &&
	       rest->sup->ninterrupts == rest->ninterrupts;
}

/* Many tests may be left, and the reader slow: the queue to it stays bounded. False: no more. */
static bool rest_has_room(struct rest *rest)
{
	struct supervisor *sup = rest->sup;
	struct writer *writer = &sup->run->writer;
	struct proctor_error err;

	if (sup->run->writer.batch)
		writer_flush(writer);
	while (writer_full(writer) && rest_is_wanted(rest) && !sup->loop_failed)
		if (sup->ops->turn(sup->lp, clock_us() + WAIT_US, &err) < 0)
			sup->loop_failed = true;
	/* A reader that is fast enough has nothing waited for. */
	signals_take(sup);
	return rest_is_wanted(rest);
}

static struct writer_entry *entry_new(struct rest *rest, enum proctor_event_kind kind,
				      const struct proctor_test *test, unsigned repetition)
{
	struct writer_entry *e = writer_entry_new(kind, clock_us());

	if (!e) {
		rest->sup->run->writer.lost = true;
		return NULL;
	}
	e->event.test = test;
	e->event.result = &e->result;
	e->result.core = -1;
	e->result.exit_code = -1;
	e->result.attempt = 1;
	e->result.repetition = repetition;
	e->result.nrepetitions = 1;
	e->result.out = e->result.err = "";
	return e;
}

static void PRINTF_LIKE(3, 4) entry_say(struct rest *rest, struct writer_entry *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&e->own_message, fmt, ap) < 0) {
		e->own_message = NULL;
		rest->sup->run->writer.lost = true;
	}
	va_end(ap);
	e->result.message = e->own_message;
}

static const char *why(const struct rest *rest)
{
	return rest->sup->why_stopped[0] ? rest->sup->why_stopped : "the run ended early";
}

/* A retry that was never begun: its test has failed, and this is the last that is heard of it. */
static void tell_retry(struct rest *rest, item_t item, unsigned attempt)
{
	struct supervisor *sup = rest->sup;
	unsigned repetition = (unsigned)(item / sup->run->plan->ntests) + 1;
	const struct proctor_test *test = &run_test(sup->run, item)->pub;
	struct writer_entry *start = entry_new(rest, PROCTOR_TEST_START, test, repetition);
	struct writer_entry *end = entry_new(rest, PROCTOR_TEST_END, test, repetition);

	sup->counts.by_verdict[PROCTOR_FAIL]++;
	sup->failed = true;
	if (start) {
		start->result.attempt = attempt;
		writer_add(&sup->run->writer, start);
	}
	if (!end)
		return;
	end->result.attempt = attempt;
	end->result.verdict = PROCTOR_FAIL;
	end->result.final = true;
	entry_say(rest, end, "it had failed, and attempt %u was not begun: %s", attempt, why(rest));
	writer_add(&sup->run->writer, end);
}

/* It began once, in a process that was lost with its record. */
static void tell_begun(struct rest *rest, item_t item, unsigned attempt)
{
	struct supervisor *sup = rest->sup;
	unsigned repetition = (unsigned)(item / sup->run->plan->ntests) + 1;
	struct writer_entry *e = entry_new(rest, PROCTOR_TEST_END, &run_test(sup->run, item)->pub,
					   repetition);

	begun_remove(&sup->begun, item);
	sup->counts.by_verdict[PROCTOR_CANCELLED]++;
	if (!e)
		return;
	e->result.attempt = attempt;
	e->result.verdict = PROCTOR_CANCELLED;
	e->result.final = true;
	entry_say(rest, e, "its process was lost, and it was not begun again: %s", why(rest));
	writer_add(&sup->run->writer, e);
}

static void rest_take(item_t item, unsigned attempt, void *data)
{
	struct rest *rest = data;
	struct supervisor *sup = rest->sup;
	struct missing *m;

	if (begun_has(&sup->begun, item)) {
		tell_begun(rest, item, attempt);
		return;
	}
	if (attempt > 1) {
		tell_retry(rest, item, attempt);
		rest->nretries++;
		return;
	}
	sup->counts.by_verdict[PROCTOR_NOT_RUN]++;
	if (!rest->missing)
		return;
	m = &rest->missing[item % sup->run->plan->ntests];
	if (m->n++ == 0 || item / sup->run->plan->ntests + 1 < m->first)
		m->first = (unsigned)(item / sup->run->plan->ntests) + 1;
}

static void tell_missing(struct rest *rest, const struct proctor_test *test,
			 const struct missing *m)
{
	struct writer_entry *e = entry_new(rest, PROCTOR_TEST_END, test, m->first);

	if (!e)
		return;
	e->result.verdict = PROCTOR_NOT_RUN;
	e->result.final = true;
	e->result.nrepetitions = m->n;
	if (m->n > 1)
		entry_say(rest, e, "%u repetitions not run: %s", m->n, why(rest));
	else
		entry_say(rest, e, "not run: %s", why(rest));
	writer_add(&rest->sup->run->writer, e);
}

/* Otherwise a run that ended after two failures would have seven, and nobody knew why. */
static void reason_add_retries(struct rest *rest)
{
	struct supervisor *sup = rest->sup;
	size_t n = strlen(sup->why_stopped);

	if (n == 0 || rest->nretries == 0)
		return;
	snprintf(sup->why_stopped + n, sizeof(sup->why_stopped) - n,
		 rest->nretries == 1 ? "; %zu more that had failed was not tried again, and counts as failed" :
		 "; %zu more that had failed were not tried again, and count as failed",
		 rest->nretries);
}

void not_run_tell(struct supervisor *sup)
{
	size_t ntests = sup->run->plan->ntests;
	struct rest rest = {
		.sup = sup,
		.missing = calloc(ntests ? ntests : 1, sizeof(*rest.missing)),
		.ninterrupts = sup->ninterrupts,
	};

	if (!rest.missing)
		sup->run->writer.lost = true;
	queue_rest(&sup->run->queue, rest_take, &rest);
	for (size_t i = 0; rest.missing && i < ntests; i++) {
		if (rest.missing[i].n == 0)
			continue;
		tell_missing(&rest, &sup->run->plan->tests[i]->pub, &rest.missing[i]);
		if (i % 1000 == 999 && !rest_has_room(&rest))
			break;
	}
	/* The last of all, as the others are told the mere reason. */
	reason_add_retries(&rest);
	free(rest.missing);
}
