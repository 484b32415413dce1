/* SPDX-License-Identifier: MIT */
#include "report/status_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "report/reporter.h"

#define STATUS_PERIOD_US 100000
/* Rather than to cut names shorter than this, fewer tests are shown. */
#define NAME_COLUMNS 16

static struct status_slot *status_slot(struct status *s, const struct proctor_result *r)
{
	return r->worker < PROCTOR_THREADS_MAX ? &s->slots[r->worker] : NULL;
}

static void slot_set(struct status_slot *slot, const char *id, uint64_t start_us)
{
	if (!slot)
		return;
	free(slot->id);
	slot->id = id ? strdup(id) : NULL;	/* without memory this test is not shown */
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
		slot_set(status_slot(s, event->result), event->test->id,
			 event->time_us - event->paused_us);
		break;
	case PROCTOR_TEST_END:
		slot_set(status_slot(s, event->result), NULL, 0);
		s->ndone += event->result->final;
		s->nfailed += event->result->final && verdict_is_failure(event->result->verdict);
		break;
	case PROCTOR_TICK:
		s->paused_us = event->paused_us;
		break;
	case PROCTOR_TEST_SLOW:
	case PROCTOR_TEST_CONFIRMED:
	case PROCTOR_NOTE:
	case PROCTOR_RUNNING:
	case PROCTOR_COVERAGE:
	case PROCTOR_RUN_END:
		break;
	}
}

bool status_due(const struct status *s, uint64_t now_us)
{
	return now_us >= s->drawn_us + STATUS_PERIOD_US;
}

/* The columns of a character that can be shown. Every character that might be wide counts as two:
 * to cut the line too early does no harm, but one that is too long wraps, and cannot be erased. */
static unsigned character_columns(const char *bytes, size_t nbytes)
{
	return nbytes < 3 || memcmp(bytes, "\xe1\x84", 2) < 0 ? 1 : 2;
}

/* The columns of a text that can be shown. */
static unsigned text_columns(const char *text, size_t nbytes)
{
	unsigned ncolumns = 0;

	for (size_t i = 0, n; i < nbytes; i += n) {
		n = escape_plain(text + i, nbytes - i);
		if (n == 0)
			break;
		ncolumns += character_columns(text + i, n);
	}
	return ncolumns;
}

/* How many bytes at the start of `text` fit into so many columns; if `rest`, how many have to be
 * left out for the rest to fit. */
static size_t text_split(const char *text, size_t nbytes, unsigned ncolumns, bool rest)
{
	unsigned column = rest ? text_columns(text, nbytes) : 0;
	size_t i = 0, n;

	for (; i < nbytes; i += n) {
		unsigned wide;

		n = escape_plain(text + i, nbytes - i);
		if (n == 0)
			break;
		wide = character_columns(text + i, n);
		if (rest ? column <= ncolumns : column + wide > ncolumns)
			break;
		column += rest ? -wide : wide;
	}
	return i;
}

/* Appends a name. Of one that is too long "…" replaces the middle, as both ends are needed to tell
 * tests apart. */
static void name_fit(struct bytes *to, const char *name, size_t nbytes, unsigned ncolumns)
{
	unsigned half = (ncolumns - 1) / 2;
	size_t from;

	if (text_columns(name, nbytes) <= ncolumns) {
		bytes_append(to, name, nbytes);
		return;
	}
	from = text_split(name, nbytes, ncolumns - 1 - half, true);
	bytes_append(to, name, text_split(name, nbytes, half, false));
	bytes_text(to, "…");
	bytes_append(to, name + from, nbytes - from);
}

/* Goes through the slots with a running test, the longest running first: the one after `from`, or
 * the first if that is NULL. NULL: there are no more. */
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

/* A running test, as the line may show it. */
struct shown {
	struct bytes name;	/* escaped */
	unsigned ncolumns;	/* of the name */
	char age[24];		/* " 2.5s" */
};

static size_t list_running(const struct status *s, struct shown *list, uint64_t now_us)
{
	size_t n = 0;

	for (const struct status_slot *slot = slot_next(s, NULL); slot; slot = slot_next(s, slot)) {
		uint64_t at_us = now_us - s->paused_us;
		uint64_t age_us = at_us > slot->start_us ? at_us - slot->start_us : 0;
		struct shown *shown = &list[n++];

		*shown = (struct shown){ 0 };
		escape_append(&shown->name, slot->id, strlen(slot->id), "");
		shown->ncolumns = text_columns(shown->name.data, shown->name.nbytes);
		snprintf(shown->age, sizeof(shown->age), " %" PRIu64 ".%" PRIu64 "s",
			 age_us / 1000000, age_us / 100000 % 10);
	}
	return n;
}

/* The columns of the first `n` names together, if each is cut to `most`. */
static unsigned names_columns(const struct shown *list, size_t n, unsigned most)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += list[i].ncolumns < most ? list[i].ncolumns : most;
	return sum;
}

/* The columns of all that is not names, if the first `n` of `nall` tests are shown: " | ", ", ",
 * ages, ", +3". */
static unsigned frame_columns(const struct shown *list, size_t n, size_t nall)
{
	unsigned sum = n < nall ? 5 : 0;

	for (size_t i = 0; i < n; i++)
		sum += (i == 0 ? 3 : 2) + (unsigned)strlen(list[i].age);
	return sum;
}

/*
 * How many tests fit into `room` columns, each with its age and enough of its name to recognize it.
 * `*most` becomes the number of columns that a name may have.
 */
static size_t fit_running(const struct shown *list, size_t nall, unsigned room, unsigned *most)
{
	for (size_t n = nall; n > 0; n--) {
		unsigned frame = frame_columns(list, n, nall);
		unsigned least = n > 1 ? NAME_COLUMNS : 4;

		if (frame + names_columns(list, n, least) > room)
			continue;
		*most = least;
		while (*most < room && frame + names_columns(list, n, *most + 1) <= room)
			++*most;
		return n;
	}
	return 0;
}

static void draw_running(const struct status *s, struct bytes *to, unsigned room, uint64_t now_us)
{
	struct shown list[PROCTOR_THREADS_MAX];
	size_t nall = list_running(s, list, now_us), n;
	unsigned most = 0;

	n = fit_running(list, nall, room, &most);
	for (size_t i = 0; i < nall; i++) {
		if (i < n) {
			bytes_text(to, i == 0 ? " | " : ", ");
			name_fit(to, list[i].name.data, list[i].name.nbytes, most);
			bytes_text(to, list[i].age);
		}
		bytes_fini(&list[i].name);
	}
	if (n > 0 && n < nall)
		bytes_printf(to, ", +%zu", nall - n);
}

void status_draw(struct status *s, struct bytes *to, unsigned ncolumns, uint64_t now_us)
{
	/* The last column stays free: some terminals wrap as soon as it is filled. */
	size_t room = ncolumns > 1 ? ncolumns - 1 : 1;
	uint64_t elapsed_s = (now_us - s->start_us) / 1000000;
	struct bytes line = { 0 };

	s->drawn_us = now_us;
	bytes_printf(&line, "[%zu/%zu] %zu failed, %" PRIu64 ":%02" PRIu64, s->ndone, s->ntests,
		     s->nfailed, elapsed_s / 60, elapsed_s % 60);
	bytes_text(to, "\r");
	bytes_append(to, line.data, line.nbytes < room ? line.nbytes : room);
	if (line.nbytes < room)
		draw_running(s, to, (unsigned)(room - line.nbytes), now_us);
	bytes_text(to, "\033[K");
	bytes_fini(&line);
	s->shown = true;
}

void status_erase(struct status *s, struct bytes *to)
{
	if (s->shown)
		bytes_text(to, "\r\033[K");
	s->shown = false;
	/* So that it is drawn again at once, below what is written now. */
	s->drawn_us = 0;
}

void status_fini(struct status *s)
{
	for (unsigned i = 0; i < PROCTOR_THREADS_MAX; i++)
		free(s->slots[i].id);
}
