/* SPDX-License-Identifier: MIT */
#include "run/results.h"

#include "base/clock.h"
#include "base/crash_words.h"
#include "base/failure.h"
#include "run/starts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The pseudo-test "(exit)" of a suite, made when it is first needed; NULL: no memory. */
static struct exit_test *exit_test(struct results *r, const struct suite *suite)
{
	struct exit_test *t;

	for (t = r->exit_tests; t; t = t->next)
		if (t->pub.suite == suite->name)
			return t;
	t = calloc(1, sizeof(*t));
	if (!t || asprintf(&t->id, "%s::(exit)", suite->name) < 0) {
		free(t);
		r->run->writer.lost = true;
		return NULL;
	}
	t->pub = (struct proctor_test){ .id = t->id, .suite = suite->name, .group = suite->group,
					.name = "(exit)", .file = "", .path = suite->path,
					.index = (unsigned)suite->ntests };
	t->next = r->exit_tests;
	r->exit_tests = t;
	return t;
}

static const struct proctor_test *outcome_test(struct results *r, const struct outcome *o)
{
	struct exit_test *t;

	if (o->item != ITEM_EXIT)
		return &run_test(r->run, o->item)->pub;
	t = exit_test(r, o->suite);
	return t ? &t->pub : NULL;
}

static unsigned outcome_repetition(struct results *r, const struct outcome *o)
{
	struct exit_test *t;

	if (o->item != ITEM_EXIT)
		return run_repetition(r->run, o->item);
	t = exit_test(r, o->suite);
	return t ? ++t->nresults : 1;
}

struct taken {
	char *bytes;			/* on the heap; NULL: nothing */
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
	taken.bytes = capture_take(&capture, c->max_bytes, &taken.nbytes, &taken.nhead, &taken.total);
	return taken;
}

static void take_outputs(struct watch *host, const struct outcome *o, struct writer_entry *e)
{
	const struct taken out = take_output(&host->out, &host->out_cut, o);
	const struct taken err = take_output(&host->err, &host->err_cut, o);
	struct proctor_result *to = &e->result;

	e->heap_out = out.bytes;
	to->out = out.bytes ? out.bytes : "";
	to->nout = out.nbytes;
	to->out_head = out.nhead;
	to->out_bytes = out.total;
	e->heap_err = err.bytes;
	to->err = err.bytes ? err.bytes : "";
	to->nerr = err.nbytes;
	to->err_head = err.nhead;
	to->err_bytes = err.total;
	e->nbytes += to->nout + to->nerr;
}

static size_t nfailures(const struct proctor_counts *counts)
{
	size_t n = 0;

	for (unsigned v = 0; v < PROCTOR_NVERDICTS; v++)
		n += verdict_is_failure((enum proctor_verdict)v) ? counts->by_verdict[v] : 0;
	return n;
}

enum follow results_follow(const struct results *r, const struct outcome *o, bool may_retry)
{
	const struct follow_facts facts = {
		.verdict = o->result.verdict,
		.attempt = o->result.attempt,
		.nretries = may_retry && o->item != ITEM_EXIT ?
			    run_settings(r->run, o->item)->retries : 0,
		.nfailures = nfailures(&r->counts),
	};

	return follow_of(&r->run->options, &facts);
}

/* Its program may no longer have a test that it had when it was asked. */
static bool doubts_list(const struct run *run, const struct outcome *o, const struct proctor_result *result)
{
	const struct suite *suite;

	if (result->verdict != PROCTOR_ERROR || o->item == ITEM_EXIT)
		return false;
	suite = run_test(run, o->item)->suite;
	return suite->remembered && !suite->error;
}

static void count(struct results *r, const struct outcome *o, const struct proctor_result *result)
{
	r->counts.by_verdict[result->verdict]++;
	r->counts.nflaky += (result->marks & PROCTOR_FLAKY) != 0;
	r->counts.nleaky += (result->marks & PROCTOR_LEAKY) != 0;
	r->counts.nslow += (result->marks & PROCTOR_SLOW) != 0;
	if (o->item == ITEM_EXIT)
		r->counts.total++;
	else
		r->nunfinished--;
	r->failed = r->failed || verdict_is_failure(result->verdict);
	r->doubts_lists = r->doubts_lists || doubts_list(r->run, o, result);
}

/* Times and marks that follow from the run rather than from the test. */
static void complete(struct run *run, const struct outcome *o, struct proctor_result *result)
{
	result->nrepetitions = 1;
	if (result->start_us != 0 && result->end_us >= result->start_us)
		result->duration_us = result->end_us - result->start_us -
				      pauses_within(&run->pauses, result->start_us, result->end_us);
	if (o->item != ITEM_EXIT && result->duration_us > run_settings(run, o->item)->slow_after_us)
		result->marks |= PROCTOR_SLOW;
	if (result->verdict == PROCTOR_PASS && result->attempt > 1)
		result->marks |= PROCTOR_FLAKY;
}

/* Signals that a test sent to proctor were not obeyed; its report says so. */
static void note_sent(struct watch *host, struct outcome *o)
{
	const struct sent *sent = host ? watch_sent(host, o->serial) : NULL;
	char names[1024] = "", name[WORDS_BYTES], *text;
	size_t n = 0;

	if (!sent)
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

const struct proctor_test *results_tell(struct results *r, struct watch *host, struct outcome *o,
					bool final)
{
	const struct proctor_test *test = outcome_test(r, o);
	uint64_t end_us = o->result.end_us ? o->result.end_us : clock_us();
	struct writer *w = &r->run->writer;
	struct writer_entry *e;

	note_sent(host, o);
	if (o->item != ITEM_EXIT)
		begun_remove(&r->begun, o->item);
	w->lost |= o->lost;
	complete(r->run, o, &o->result);
	o->result.final = final;
	if (final)
		count(r, o, &o->result);
	e = test ? writer_test_entry(w, PROCTOR_TEST_END, end_us, test) : NULL;
	if (!e) {
		outcome_fini(o);
		return test;
	}
	e->result = o->result;
	e->result.out = e->result.err = "";
	e->result.message = e->heap_message = o->message;
	e->result.backtrace = e->heap_backtrace = o->backtrace;
	e->result.left = e->heap_left = o->left;
	e->result.temp_dir = e->heap_temp_dir = o->temp_dir;
	e->nbytes += text_bytes(o->message) + text_bytes(o->backtrace) + text_bytes(o->left);
	if (host && host->captured)
		take_outputs(host, o, e);
	writer_add(w, e);
	return test;
}

void results_tell_confirmed(struct results *r, const struct suspect *s)
{
	struct writer *w = &r->run->writer;
	struct writer_entry *e = writer_test_entry(w, PROCTOR_TEST_CONFIRMED, clock_us(),
						   &run_test(r->run, s->item)->pub);

	if (!e)
		return;
	e->event.result = NULL;
	e->event.confirmation = &s->told;	/* lives as long as the run */
	writer_add(w, e);
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

bool results_add(struct results *r, struct watch *host, struct outcome *o)
{
	const struct proctor_test *test = outcome_test(r, o);
	struct waiting *w;

	o->result.repetition = outcome_repetition(r, o);
	if (test)
		starts_tell_ended(r->run, &r->begun, host, o, test);
	if (output_complete(host, o->serial) && (!host || !host->waiting))
		return true;
	w = calloc(1, sizeof(*w));
	if (!w) {
		/* Its output, or part of it, is lost, its verdict is not. */
		r->run->writer.lost = true;
		return true;
	}
	w->outcome = *o;
	*host->waiting_tail = w;
	host->waiting_tail = &w->next;
	return false;
}

bool results_next(struct watch *host, struct outcome *o)
{
	struct waiting *w = host->waiting;

	if (!w || !output_complete(host, w->outcome.serial))
		return false;
	host->waiting = w->next;
	if (!host->waiting)
		host->waiting_tail = &host->waiting;
	*o = w->outcome;
	free(w);
	return true;
}

int results_open(struct results *r, struct run *run)
{
	*r = (struct results){ .run = run, .nunfinished = run->plan->ntests * run->options.repeat };
	r->counts.total = r->nunfinished;
	return begun_init(&r->begun, r->nunfinished);
}

void results_close(struct results *r)
{
	begun_fini(&r->begun);
	while (r->exit_tests) {
		struct exit_test *t = r->exit_tests;

		r->exit_tests = t->next;
		free(t->id);
		free(t);
	}
}
