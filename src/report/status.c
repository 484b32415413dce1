/* SPDX-License-Identifier: MIT */
#include "report/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/escape.h"
#include "report/reporter.h"

#define STATUS_PERIOD_US 100000

static struct status_slot *status_slot(struct status *s, const struct proctor_result *r)
{
	return r->worker < PROCTOR_THREADS_MAX ? &s->slots[r->worker] : NULL;
}

static void slot_set(struct status_slot *slot, const char *id, uint64_t start_us)
{
	if (!slot)
		return;
	free(slot->id);
	slot->id = id ? strdup(id) : NULL;	/* no memory: the line shows one test less */
	slot->start_us = start_us;
}

void status_event(struct status *s, const struct proctor_event *event)
{
	switch (event->kind) {
	case PROCTOR_RUN_START:
		s->ntests = event->ntests;
		s->start_us = event->time_us;
		break;
	case PROCTOR_TEST_START:
		slot_set(status_slot(s, event->result), event->test->id, event->time_us);
		break;
	case PROCTOR_TEST_END:
		slot_set(status_slot(s, event->result), NULL, 0);
		s->ndone += event->result->final;
		s->nfailed += event->result->final && verdict_is_failure(event->result->verdict);
		break;
	case PROCTOR_TEST_SLOW:
	case PROCTOR_NOTE:
	case PROCTOR_TICK:
	case PROCTOR_COVERAGE:
	case PROCTOR_RUN_END:
		break;
	}
}

bool status_due(const struct status *s, uint64_t now_us)
{
	return now_us >= s->drawn_us + STATUS_PERIOD_US;
}

/* Columns of a character that can be shown. Two for all that might be wide: a line that is cut
 * too early is no harm, one that wraps cannot be erased. */
static unsigned character_columns(const char *bytes, size_t nbytes)
{
	return nbytes < 3 || memcmp(bytes, "\xe1\x84", 2) < 0 ? 1 : 2;
}

/* Appends the start of `line` that fits; "…" stands for the rest. */
static void line_fit(struct bytes *to, const char *line, size_t nbytes, unsigned ncolumns)
{
	size_t fits = 0, i = 0, n;
	unsigned column = 0;

	for (; i < nbytes; i += n) {
		n = escape_plain(line + i, nbytes - i);
		if (n == 0)
			break;
		column += character_columns(line + i, n);
		if (column > ncolumns)
			break;
		if (column < ncolumns)
			fits = i + n;
	}
	if (i >= nbytes) {
		bytes_append(to, line, nbytes);
		return;
	}
	bytes_append(to, line, fits);
	bytes_text(to, "…");
}

/* The slot that has run longest of those that started after `from_us` or, at the same time, have
 * a higher number than `from`; NULL: none. */
static const struct status_slot *slot_next(const struct status *s, const struct status_slot *from)
{
	const struct status_slot *next = NULL;

	for (const struct status_slot *slot = s->slots; slot < s->slots + PROCTOR_THREADS_MAX;
	     slot++) {
		if (!slot->id)
			continue;
		if (from && (slot->start_us < from->start_us ||
			     (slot->start_us == from->start_us && slot <= from)))
			continue;
		if (!next || slot->start_us < next->start_us)
			next = slot;
	}
	return next;
}

void status_draw(struct status *s, struct bytes *to, unsigned ncolumns, uint64_t now_us)
{
	struct bytes line = { 0 };
	const char *separator = " | ";
	uint64_t elapsed_s = (now_us - s->start_us) / 1000000;

	s->drawn_us = now_us;
	bytes_printf(&line, "[%zu/%zu] %zu failed, %" PRIu64 ":%02" PRIu64, s->ndone, s->ntests,
		     s->nfailed, elapsed_s / 60, elapsed_s % 60);
	for (const struct status_slot *slot = slot_next(s, NULL); slot; slot = slot_next(s, slot)) {
		uint64_t age_us = now_us > slot->start_us ? now_us - slot->start_us : 0;

		bytes_text(&line, separator);
		escape_append(&line, slot->id, strlen(slot->id), "");
		bytes_printf(&line, " %" PRIu64 ".%" PRIu64 "s", age_us / 1000000,
			     age_us / 100000 % 10);
		separator = ", ";
	}
	bytes_text(to, "\r");
	/* The last column stays free: a terminal may wrap as soon as it is filled. */
	line_fit(to, line.data ? line.data : "", line.nbytes, ncolumns > 1 ? ncolumns - 1 : 1);
	bytes_text(to, "\033[K");
	bytes_fini(&line);
	s->shown = true;
}

void status_erase(struct status *s, struct bytes *to)
{
	if (s->shown)
		bytes_text(to, "\r\033[K");
	s->shown = false;
	/* Due again at once, so that it comes back under what was written. */
	s->drawn_us = 0;
}

void status_fini(struct status *s)
{
	for (unsigned i = 0; i < PROCTOR_THREADS_MAX; i++)
		free(s->slots[i].id);
}
