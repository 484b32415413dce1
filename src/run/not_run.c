/* SPDX-License-Identifier: MIT */
#include "run/not_run.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Repetitions of one test that were never begun. */
struct missing {
	unsigned n, first;
};

static struct run *run_of(const struct not_run *n)
{
	return n->results->run;
}

static struct writer_entry *entry_new(struct not_run *n, enum proctor_event_kind kind,
				      const struct proctor_test *test, unsigned repetition,
				      unsigned attempt)
{
	struct writer_entry *e = writer_test_entry(&run_of(n)->writer, kind, clock_us(), test);

	if (!e)
		return NULL;
	e->result.core = -1;
	e->result.exit_code = -1;
	e->result.attempt = attempt;
	e->result.repetition = repetition;
	e->result.nrepetitions = 1;
	e->result.out = e->result.err = "";
	return e;
}

/* Tells the last that is heard of a test. */
static void PRINTF_LIKE(4, 5) entry_end(struct not_run *n, struct writer_entry *e,
					enum proctor_verdict verdict, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&e->heap_message, fmt, ap) < 0) {
		e->heap_message = NULL;
		run_of(n)->writer.lost = true;
	}
	va_end(ap);
	e->result.message = e->heap_message;
	e->result.verdict = verdict;
	e->result.final = true;
	writer_add(&run_of(n)->writer, e);
}

/* A retry that was never begun: its test has failed, and this is the last that is heard of it. */
static void tell_retry(struct not_run *n, item_t item, unsigned attempt)
{
	struct run *run = run_of(n);
	const struct proctor_test *test = &run_test(run, item)->pub;
	unsigned repetition = run_repetition(run, item);
	struct writer_entry *start = entry_new(n, PROCTOR_TEST_START, test, repetition, attempt);
	struct writer_entry *end = entry_new(n, PROCTOR_TEST_END, test, repetition, attempt);

	n->nretries++;
	n->results->counts.by_verdict[PROCTOR_FAIL]++;
	n->results->failed = true;
	if (start)
		writer_add(&run->writer, start);
	if (end)
		entry_end(n, end, PROCTOR_FAIL, "it had failed, and attempt %u was not begun: %s",
			  attempt, n->why);
}

/* It began once, in a process of which nothing sure was learned of it: its record was lost, or is in doubt. */
static void tell_begun(struct not_run *n, item_t item, unsigned attempt)
{
	struct run *run = run_of(n);
	struct writer_entry *e = entry_new(n, PROCTOR_TEST_END, &run_test(run, item)->pub,
					   run_repetition(run, item), attempt);

	begun_remove(&n->results->begun, item);
	n->results->counts.by_verdict[PROCTOR_CANCELLED]++;
	if (e)
		entry_end(n, e, PROCTOR_CANCELLED,
			  "what came of it is not known, and it was not run again: %s", n->why);
}

static void take_item(item_t item, unsigned attempt, void *data)
{
	struct not_run *n = data;
	unsigned repetition = run_repetition(run_of(n), item);
	struct missing *m;

	if (begun_has(&n->results->begun, item)) {
		tell_begun(n, item, attempt);
		return;
	}
	if (attempt > 1) {
		tell_retry(n, item, attempt);
		return;
	}
	n->results->counts.by_verdict[PROCTOR_NOT_RUN]++;
	if (!n->missing)
		return;
	m = &n->missing[item % run_of(n)->plan->ntests];
	if (m->n++ == 0 || repetition < m->first)
		m->first = repetition;
}

void not_run_open(struct not_run *n, struct results *results, const char *why)
{
	size_t ntests = results->run->plan->ntests;

	*n = (struct not_run){ .results = results, .why = *why ? why : "the run ended early" };
	n->missing = calloc(ntests ? ntests : 1, sizeof(*n->missing));
	if (!n->missing)
		results->run->writer.lost = true;
	queue_rest(&results->run->queue, take_item, n);
}

static void tell_missing(struct not_run *n, const struct proctor_test *test,
			 const struct missing *m)
{
	struct writer_entry *e = entry_new(n, PROCTOR_TEST_END, test, m->first, 1);

	if (!e)
		return;
	e->result.nrepetitions = m->n;
	if (m->n > 1)
		entry_end(n, e, PROCTOR_NOT_RUN, "%u repetitions not run: %s", m->n, n->why);
	else
		entry_end(n, e, PROCTOR_NOT_RUN, "not run: %s", n->why);
}

bool not_run_tell(struct not_run *n, size_t ntests)
{
	const struct proctor_plan *plan = run_of(n)->plan;

	for (; n->missing && n->next < plan->ntests && ntests > 0; n->next++) {
		if (n->missing[n->next].n == 0)
			continue;
		tell_missing(n, &plan->tests[n->next]->pub, &n->missing[n->next]);
		ntests--;
	}
	return n->missing && n->next < plan->ntests;
}

void not_run_explain(const struct not_run *n, char *why, size_t nwhy)
{
	size_t nbytes = strlen(why);

	if (nbytes == 0 || n->nretries == 0)
		return;
	snprintf(why + nbytes, nwhy - nbytes, n->nretries == 1 ?
		 "; %zu more that had failed was not tried again, and counts as failed" :
		 "; %zu more that had failed were not tried again, and count as failed",
		 n->nretries);
}

void not_run_close(struct not_run *n)
{
	free(n->missing);
	n->missing = NULL;
}
