/* SPDX-License-Identifier: MIT */
#include "run/results.h"

#include "base/clock.h"
#include "base/crash_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void event_add(struct supervisor *sup, struct writer_entry *e)
{
	writer_add(&sup->run->writer, e);
}

static struct writer_entry *event_new(struct supervisor *sup, enum proctor_event_kind kind,
				      uint64_t time_us, const struct proctor_test *test)
{
	struct writer_entry *e = writer_entry_new(kind, time_us);

	if (!e) {
		sup->run->writer.lost = true;
		return NULL;
	}
	e->event.test = test;
	e->event.result = &e->result;
	return e;
}

/* The pseudo-test "(exit)" of a suite, made when it is first needed; NULL: no memory. */
static struct exit_test *exit_test(struct supervisor *sup, const struct suite *suite)
{
	struct exit_test *t;

	for (t = sup->exit_tests; t; t = t->next)
		if (t->pub.suite == suite->name)
			return t;
	t = calloc(1, sizeof(*t));
	if (!t || asprintf(&t->id, "%s::(exit)", suite->name) < 0) {
		free(t);
		sup->run->writer.lost = true;
		return NULL;
	}
	t->pub = (struct proctor_test){ .id = t->id, .suite = suite->name, .group = suite->group,
					.name = "(exit)", .file = "", .path = suite->path,
					.index = (unsigned)suite->ntests };
	t->next = sup->exit_tests;
	sup->exit_tests = t;
	return t;
}

static const struct proctor_test *outcome_test(struct supervisor *sup, const struct outcome *o)
{
	struct exit_test *t;

	if (o->item != ITEM_EXIT)
		return &run_test(sup->run, o->item)->pub;
	t = exit_test(sup, o->suite);
	return t ? &t->pub : NULL;
}

static unsigned item_repetition(const struct run *run, item_t item)
{
	return (unsigned)(item / run->plan->ntests) + 1;
}

static unsigned outcome_repetition(struct supervisor *sup, const struct outcome *o)
{
	struct exit_test *t;

	if (o->item != ITEM_EXIT)
		return item_repetition(sup->run, o->item);
	t = exit_test(sup, o->suite);
	return t ? ++t->nresults : 1;
}

static void tell_running(struct supervisor *sup, enum proctor_event_kind kind, struct watch *host,
			 const struct host_work *work, uint32_t serial, uint64_t time_us,
			 uint64_t start_us)
{
	item_t item = work->task.first + (serial - work->serial);
	struct writer_entry *e;

	if (kind == PROCTOR_TEST_START && !begun_add(&sup->begun, item))
		return;
	e = event_new(sup, kind, time_us, &run_test(sup->run, item)->pub);
	if (!e)
		return;
	e->result.worker = host->worker;
	e->result.core = host->core;
	e->result.attempt = work->task.attempt;
	e->result.repetition = item_repetition(sup->run, item);
	e->result.start_us = start_us;
	e->event.paused_us = pauses_within(&sup->run->pauses, 0, time_us);
	if (time_us > start_us)
		e->result.duration_us = time_us - start_us -
					pauses_within(&sup->run->pauses, start_us, time_us);
	event_add(sup, e);
}

void results_tell_start(struct supervisor *sup, struct watch *host, const struct host_work *work,
			uint32_t serial, uint64_t start_us)
{
	if (serial <= host->told_serial || !host_work_has(work, serial))
		return;
	host->told_serial = serial;
	tell_running(sup, PROCTOR_TEST_START, host, work, serial, start_us, start_us);
}

void results_tell_slow(struct supervisor *sup, struct watch *host, const struct host_work *work,
		       uint32_t serial, uint64_t start_us)
{
	if (serial <= host->slow_serial || !host_work_has(work, serial))
		return;
	host->slow_serial = serial;
	results_tell_start(sup, host, work, serial, start_us);
	tell_running(sup, PROCTOR_TEST_SLOW, host, work, serial, clock_us(), start_us);
}

struct taken {
	char *own;			/* heap; NULL: nothing */
	size_t nbytes, nhead;
	uint64_t total;
};

/* What a test wrote to one stream. */
static struct taken take_output(const struct stream *s, struct cutter *c, const struct outcome *o)
{
	struct taken taken;
	struct capture capture;

	cutter_claim(c, o->serial, &capture);
	/* It died, or its marker could not be written: then the open end is its own. */
	if (!s->started && (o->open_output || c->serial < o->serial))
		capture_join(&capture, &c->open, c->max_bytes);
	taken.own = capture_take(&capture, c->max_bytes, &taken.nbytes, &taken.nhead, &taken.total);
	return taken;
}

static void take_outputs(struct watch *host, const struct outcome *o, struct writer_entry *e)
{
	const struct taken out = take_output(&host->out, &host->out_cut, o);
	const struct taken err = take_output(&host->err, &host->err_cut, o);
	struct proctor_result *r = &e->result;

	e->own_out = out.own;
	r->out = out.own ? out.own : "";
	r->nout = out.nbytes;
	r->out_head = out.nhead;
	r->out_bytes = out.total;
	e->own_err = err.own;
	r->err = err.own ? err.own : "";
	r->nerr = err.nbytes;
	r->err_head = err.nhead;
	r->err_bytes = err.total;
	e->nbytes += r->nout + r->nerr;
}

static bool verdict_is_bad(enum proctor_verdict verdict)
{
	return verdict == PROCTOR_FAIL || verdict == PROCTOR_CRASH || verdict == PROCTOR_TIMEOUT ||
	       verdict == PROCTOR_ERROR;
}

/* Is another attempt due? Queued here, so that `final` is the truth. */
static bool retry(struct supervisor *sup, const struct outcome *o)
{
	if (o->item == ITEM_EXIT || o->result.attempt > run_settings(sup->run, o->item)->retries ||
	    !verdict_is_bad(o->result.verdict) || sup->stopping != STOPPING_NOT)
		return false;
	if (queue_push_retry(&sup->run->queue, o->suite, o->item, o->result.attempt + 1) == 0)
		return true;
	sup->run->writer.lost = true;
	return false;
}

static size_t nfailures(const struct proctor_counts *counts)
{
	size_t n = 0;

	for (unsigned v = 0; v < PROCTOR_NVERDICTS; v++)
		n += verdict_is_bad((enum proctor_verdict)v) ? counts->by_verdict[v] : 0;
	return n;
}

/* A failure that ends the run, if it is one. */
static void stop_after(struct supervisor *sup, const struct outcome *o, enum proctor_verdict verdict)
{
	const struct proctor_options *options = &sup->run->options;
	const struct proctor_test *test = outcome_test(sup, o);
	const char *id = test ? test->id : "a test";

	if (verdict == PROCTOR_CRASH && options->on_crash == PROCTOR_ON_CRASH_STOP)
		supervisor_reason(sup, "the run ended at the crash of %s", id);
	else if (options->max_failures == 1)
		supervisor_reason(sup, "the run ended at the first failure, %s", id);
	else if (options->max_failures > 0 && nfailures(&sup->counts) >= options->max_failures)
		supervisor_reason(sup, "the run ended after %u failures, the last that of %s",
				  options->max_failures, id);
	else
		return;
	supervisor_stop(sup, STOPPING_KILLED);
}

static void count(struct supervisor *sup, const struct outcome *o, const struct proctor_result *r)
{
	sup->counts.by_verdict[r->verdict]++;
	sup->counts.nflaky += (r->marks & PROCTOR_FLAKY) != 0;
	sup->counts.nleaky += (r->marks & PROCTOR_LEAKY) != 0;
	sup->counts.nslow += (r->marks & PROCTOR_SLOW) != 0;
	if (o->item == ITEM_EXIT)
		sup->counts.total++;
	else
		sup->nunfinished--;
	if (!verdict_is_bad(r->verdict))
		return;
	sup->failed = true;
	stop_after(sup, o, r->verdict);
}

/* Times and marks that follow from the run rather than from the test. */
static void complete(struct supervisor *sup, const struct outcome *o, struct proctor_result *r)
{
	struct run *run = sup->run;

	r->nrepetitions = 1;
	if (r->start_us != 0 && r->end_us >= r->start_us)
		r->duration_us = r->end_us - r->start_us -
				 pauses_within(&run->pauses, r->start_us, r->end_us);
	if (o->item != ITEM_EXIT && r->duration_us > run_settings(run, o->item)->slow_after_us)
		r->marks |= PROCTOR_SLOW;
	if (r->verdict == PROCTOR_PASS && r->attempt > 1)
		r->marks |= PROCTOR_FLAKY;
	r->final = !retry(sup, o);
}

static void tell_start_of(struct supervisor *sup, struct watch *host, const struct outcome *o,
			  const struct proctor_test *test)
{
	struct writer_entry *e;
	uint64_t start_us = o->result.start_us ? o->result.start_us : clock_us();

	if (host && o->item != ITEM_EXIT) {
		if (o->serial <= host->told_serial)
			return;
		host->told_serial = o->serial;
	}
	/* In another process, whose record of it was lost. */
	if (o->item != ITEM_EXIT && !begun_add(&sup->begun, o->item))
		return;
	e = event_new(sup, PROCTOR_TEST_START, start_us, test);
	if (!e)
		return;
	e->result = o->result;
	e->event.paused_us = pauses_within(&sup->run->pauses, 0, start_us);
	event_add(sup, e);
}

/* Signals that a test sent to proctor were not obeyed; its report says so. */
static void note_sent(struct watch *host, struct outcome *o)
{
	const struct sent *sent = host ? watch_sent(host, o->serial) : NULL;
	char names[1024] = "", name[WORDS_BYTES], *text;
	size_t n = 0;

	if (!sent || sent->serial == 0 || sent->serial != o->serial)
		return;
	for (int signo = 1; signo <= 64 && n < sizeof(names); signo++)
		if (sent->signals >> (signo - 1) & 1)
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
					      signal_name(signo, name, sizeof(name)));
	if (asprintf(&text, "%s%ssent %s to proctor, which was not obeyed",
		     o->message ? o->message : "", o->message ? "; " : "", names) < 0) {
		o->lost = true;
		return;
	}
	free(o->message);
	o->message = text;
}

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) : 0;
}

/* The outcome is complete: the one place where a result is written. */
static void tell_end(struct supervisor *sup, struct watch *host, struct outcome *o)
{
	const struct proctor_test *test = outcome_test(sup, o);
	struct proctor_result counted;
	struct writer_entry *e;

	note_sent(host, o);
	if (o->item != ITEM_EXIT)
		begun_remove(&sup->begun, o->item);
	sup->run->writer.lost |= o->lost;
	e = event_new(sup, PROCTOR_TEST_END, o->result.end_us ? o->result.end_us : clock_us(), test);
	if (!e || !test) {
		counted = o->result;
		complete(sup, o, &counted);
		free(o->message);
		free(o->backtrace);
		free(o->left);
		if (e)
			writer_entry_free(e);
	} else {
		e->result = o->result;
		e->result.out = e->result.err = "";
		complete(sup, o, &e->result);
		e->result.message = e->own_message = o->message;
		e->result.backtrace = e->own_backtrace = o->backtrace;
		e->result.left = e->own_left = o->left;
		e->nbytes += text_bytes(o->message) + text_bytes(o->backtrace) + text_bytes(o->left);
		if (host && host->captured)
			take_outputs(host, o, e);
		counted = e->result;
		event_add(sup, e);
	}
	if (counted.final)
		count(sup, o, &counted);
}

/* A stream that came to its end, or could not be read, holds up nobody. */
static bool stream_complete(const struct stream *s, const struct cutter *c, uint32_t serial)
{
	return !s->started || c->serial >= serial;
}

static bool output_complete(const struct watch *host, uint32_t serial)
{
	if (!host || (!host->captured && serial != MARKER_LAST))
		return true;
	return stream_complete(&host->out, &host->out_cut, serial) &&
	       stream_complete(&host->err, &host->err_cut, serial);
}

void results_add(struct supervisor *sup, struct watch *host, struct outcome *o)
{
	const struct proctor_test *test = outcome_test(sup, o);
	struct waiting *w;

	o->result.repetition = outcome_repetition(sup, o);
	if (test)
		tell_start_of(sup, host, o, test);
	if (output_complete(host, o->serial) && (!host || !host->waiting)) {
		tell_end(sup, host, o);
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		/* Its output, or part of it, is lost, its verdict is not. */
		sup->run->writer.lost = true;
		tell_end(sup, host, o);
		return;
	}
	w->outcome = *o;
	*host->waiting_tail = w;
	host->waiting_tail = &w->next;
}

void results_settle(struct supervisor *sup, struct watch *host)
{
	while (host->waiting && output_complete(host, host->waiting->outcome.serial)) {
		struct waiting *w = host->waiting;

		host->waiting = w->next;
		if (!host->waiting)
			host->waiting_tail = &host->waiting;
		tell_end(sup, host, &w->outcome);
		free(w);
	}
}

void results_fini(struct supervisor *sup)
{
	while (sup->exit_tests) {
		struct exit_test *t = sup->exit_tests;

		sup->exit_tests = t->next;
		free(t->id);
		free(t);
	}
}
