/* SPDX-License-Identifier: MIT */
#include "run/exit_output.h"

#include "base/clock.h"
#include "hosts/host_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A note shows at most so much of the first line. */
#define EXCERPT_BYTES 80u

/* What one host wrote: for each of its suites, and last, what cannot be told to be one suite's. */
struct outputs {
	struct capture (*captures)[2];	/* stdout and stderr */
	size_t n;
};

static void captures_read(struct outputs *o, struct cutter *c, unsigned stream)
{
	size_t nsuites = o->n - 1;
	struct capture rest, *unknown = &o->captures[nsuites == 1 ? 0 : nsuites][stream];
	uint32_t suite;

	cutter_claim(c, MARKER_LAST, unknown);
	while (cutter_claim_exit(c, &suite, &rest))
		capture_join(suite < nsuites ? &o->captures[suite][stream] : unknown, &rest,
			     c->max_bytes);
	capture_join(unknown, &c->open, c->max_bytes);
}

static struct proctor_exit_output output_take(const struct watch *h, struct outputs *o, size_t i)
{
	struct proctor_exit_output to = { .suite = i < h->host->nsuites ? h->host->suites[i]->name : NULL };

	to.out = capture_take(&o->captures[i][0], h->out_cut.max_bytes, &to.nout, &to.out_head,
			      &to.out_bytes);
	to.err = capture_take(&o->captures[i][1], h->err_cut.max_bytes, &to.nerr, &to.err_head,
			      &to.err_bytes);
	return to;
}

/* How many bytes of the first line a note shows. */
static int excerpt_bytes(const char *bytes, size_t nbytes)
{
	size_t n = 0;

	while (n < nbytes && n < EXCERPT_BYTES && bytes[n] != '\n' && bytes[n] != '\0')
		n++;
	return (int)n;
}

static const char *excerpt(const struct proctor_exit_output *o, int *n)
{
	const char *bytes = o->nerr > 0 ? o->err : o->out;
	size_t nbytes = o->nerr > 0 ? o->nerr : o->nout;

	while (nbytes > 0 && (*bytes == '\n' || *bytes == '\r')) {
		bytes++;
		nbytes--;
	}
	*n = excerpt_bytes(bytes, nbytes);
	return bytes;
}

/* Names who wrote it: the suites that are known to have; if none is known, the host. */
static void writers_name(const struct writer_entry *e, const struct watch *h, char *to, size_t nto)
{
	const struct proctor_event *event = &e->event;
	size_t nknown = event->nexit_outputs, n = 0;

	to[0] = '\0';
	if (!e->heap_exit_outputs[nknown - 1].suite)
		nknown--;
	for (size_t i = 0; i < nknown; i++)
		suite_words_append(to, nto, &n, e->heap_exit_outputs[i].suite, i, nknown);
	if (nknown == 0)
		host_words(h->host, to, nto);
}

static uint64_t total_bytes(const struct proctor_event *event)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < event->nexit_outputs; i++)
		sum += event->exit_outputs[i].out_bytes + event->exit_outputs[i].err_bytes;
	return sum;
}

/* A note, without its text yet, that holds what each suite wrote; NULL: no memory. */
static struct writer_entry *entry_make(struct outputs *o, const struct watch *h)
{
	struct writer_entry *e = writer_entry_new(PROCTOR_NOTE, clock_us());

	if (e)
		e->heap_exit_outputs = calloc(o->n, sizeof(*e->heap_exit_outputs));
	if (!e || !e->heap_exit_outputs) {
		if (e)
			writer_entry_free(e);
		return NULL;
	}
	for (size_t i = 0; i < o->n; i++) {
		struct proctor_exit_output output = output_take(h, o, i);

		if (output.out_bytes + output.err_bytes == 0)
			continue;
		e->heap_exit_outputs[e->event.nexit_outputs++] = output;
		e->nbytes += output.nout + output.nerr;
	}
	e->event.exit_outputs = e->heap_exit_outputs;
	return e;
}

static void outputs_tell(struct writer *w, struct outputs *o, const struct watch *h)
{
	struct writer_entry *e = entry_make(o, h);
	const char *line;
	char names[320];
	int nline;

	if (!e) {
		w->lost = true;
		return;
	}
	if (e->event.nexit_outputs == 0) {
		writer_entry_free(e);
		return;
	}
	writers_name(e, h, names, sizeof(names));
	line = excerpt(&e->heap_exit_outputs[0], &nline);
	if (asprintf(&e->heap_text, "%s wrote %llu bytes at exit: %.*s", names,
		     (unsigned long long)total_bytes(&e->event), nline, nline > 0 ? line : "") < 0)
		e->heap_text = NULL;
	w->lost |= !e->heap_text;
	e->event.text = e->heap_text ? e->heap_text : "no memory for a note";
	writer_add(w, e);
}

static bool anything_left(const struct cutter *c)
{
	return c->cuts || c->open.total_bytes > 0;
}

void exit_output_tell(struct writer *w, struct watch *h)
{
	struct outputs o = { .n = h->host->nsuites + 1 };

	if (!h->captured || h->host->nsuites == 0 ||
	    (!anything_left(&h->out_cut) && !anything_left(&h->err_cut)))
		return;
	o.captures = calloc(o.n, sizeof(*o.captures));
	if (!o.captures) {
		w->lost = true;
		return;
	}
	captures_read(&o, &h->out_cut, 0);
	captures_read(&o, &h->err_cut, 1);
	outputs_tell(w, &o, h);
	for (size_t i = 0; i < o.n; i++) {
		capture_free(&o.captures[i][0]);
		capture_free(&o.captures[i][1]);
	}
	free(o.captures);
}
