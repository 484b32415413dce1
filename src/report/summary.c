/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/container.h"
#include "base/duration_words.h"
#include "base/escape.h"
#include "report/reporter.h"

static void tally_add(struct tally *tally, const char *id, const char *words, const char *more)
{
	struct bytes *to = &tally->lines;

	tally->n++;
	bytes_text(to, "  ");
	escape_line(to, id);
	if (words)
		bytes_printf(to, ", %s", words);
	bytes_text(to, "\n");
	if (more)
		lines_append(to, "    ", more, lines_trimmed(more, strlen(more)));
}

static void tally_failure(struct tally *tally, const char *id, const struct proctor_result *r)
{
	const char *words = verdict_faces[r->verdict].words;
	char which[80];

	if (r->repetition > 1)
		snprintf(which, sizeof(which), "%s, repetition %u", words, r->repetition);
	tally_add(tally, id, r->repetition > 1 ? which : words, NULL);
}

/* False: no memory. */
static bool leak_add(struct summary *all, const struct proctor_test *test,
		     const struct proctor_result *r)
{
	struct leak leak = {
		.id = strdup(test->id),
		.file = strdup(test->file[0] ? test->file : test->path),
		.nleaks = r->nleaks,
		.nbytes = r->leak_bytes,
	};
	struct leak *kept = leak.id && leak.file ? vector_add(&all->leaks) : NULL;

	if (kept) {
		*kept = leak;
		return true;
	}
	free(leak.id);
	free(leak.file);
	return false;
}

bool summary_keep(struct summary *all, const struct proctor_test *test,
		  const struct proctor_result *r)
{
	bool kept = true;

	if (r->final && verdict_is_failure(r->verdict))
		tally_failure(&all->failures, test->id, r);
	if (r->final && (r->marks & PROCTOR_FLAKY))
		tally_add(&all->flaky, test->id, NULL, NULL);
	if (r->marks & PROCTOR_LEAKY)
		tally_add(&all->leaky, test->id, NULL, r->left);
	if (r->nleaks > 0 || r->leak_bytes > 0)
		kept = leak_add(all, test, r);
	if (r->start_us != 0 && slowest_add(&all->slowest, test->id, r->duration_us) < 0)
		kept = false;
	return kept;
}

void summary_keep_confirmation(struct summary *all, const struct proctor_test *test,
			       const struct proctor_confirmation *c)
{
	struct bytes *to = &all->confirmed.lines;

	if (c->finding == PROCTOR_FAILS_ALONE && c->alone == c->failed)
		return;
	all->confirmed.n++;
	bytes_text(to, "  ");
	escape_line(to, test->id);
	if (c->repetition > 1)
		bytes_printf(to, ", repetition %u", c->repetition);
	bytes_text(to, ": ");
	escape_line(to, c->text);
	bytes_text(to, "\n");
	if (!c->command)
		return;
	bytes_text(to, "    shown by: ");
	escape_line(to, c->command);
	bytes_text(to, "\n");
}

static void say_tally(struct sheet *s, const char *title, struct tally *tally)
{
	struct bytes *to = &s->bytes;

	if (tally->n == 0)
		return;
	sheet_part(s);
	sheet_color(s, COLOR_BOLD, title);
	bytes_printf(to, " (%zu):\n", tally->n);
	bytes_append(to, tally->lines.data, tally->lines.nbytes);
	if (tally->lines.failed)
		to->failed = true;
	s->said = true;
}

static int leak_compare(const void *a, const void *b)
{
	const struct leak *x = a, *y = b;

	if (x->nbytes != y->nbytes)
		return x->nbytes < y->nbytes ? 1 : -1;
	return strcmp(x->id, y->id);
}

static void say_leaks(struct sheet *s, struct summary *all)
{
	struct bytes *to = &s->bytes;
	int64_t nleaks = 0, nbytes = 0;

	if (all->leaks.n == 0)
		return;
	sheet_part(s);
	qsort(all->leaks.list, all->leaks.n, sizeof(*all->leaks.list), leak_compare);
	sheet_color(s, COLOR_BOLD, "Memory not freed, as TML's runtime counts it:");
	bytes_text(to, "\n     leaks         bytes  test, file\n");
	for (size_t i = 0; i < all->leaks.n; i++) {
		const struct leak *leak = &all->leaks.list[i];

		bytes_printf(to, "  %8" PRId64 "  %12" PRId64 "  ", leak->nleaks, leak->nbytes);
		escape_line(to, leak->id);
		bytes_text(to, ", ");
		escape_line(to, leak->file);
		bytes_text(to, "\n");
		nleaks += leak->nleaks;
		nbytes += leak->nbytes;
	}
	bytes_printf(to, "  %8" PRId64 "  %12" PRId64 "  in all\n", nleaks, nbytes);
	s->said = true;
}

static void say_slowest(struct sheet *s, const struct summary *all)
{
	struct bytes *to = &s->bytes;
	char title[32];

	if (all->slowest.n == 0)
		return;
	sheet_part(s);
	snprintf(title, sizeof(title), "Slowest (%zu):", all->slowest.n);
	sheet_color(s, COLOR_BOLD, title);
	bytes_text(to, "\n");
	for (size_t i = 0; i < all->slowest.n; i++) {
		bytes_text(to, "  ");
		sheet_duration(s, all->slowest.list[i].duration_us);
		bytes_text(to, "  ");
		escape_line(to, all->slowest.list[i].id);
		bytes_text(to, "\n");
	}
	s->said = true;
}

/* "12 not run, 1 cancelled: the run ended at the crash of x": why tests are missing. */
static void say_missing(struct sheet *s, const struct proctor_counts *c, const char *why)
{
	size_t nnot_run = c->by_verdict[PROCTOR_NOT_RUN];
	size_t ncancelled = c->by_verdict[PROCTOR_CANCELLED];
	struct bytes *to = &s->bytes, words = { 0 };

	if (nnot_run == 0 && ncancelled == 0 && !why)
		return;
	if (nnot_run > 0)
		bytes_printf(&words, "%zu not run", nnot_run);
	if (ncancelled > 0)
		bytes_printf(&words, "%s%zu cancelled", nnot_run > 0 ? ", " : "", ncancelled);
	if (words.nbytes > 0) {
		sheet_color(s, COLOR_YELLOW, bytes_string(&words));
		bytes_text(to, ": ");
	}
	escape_line(to, why ? why : "the run ended early");
	bytes_text(to, "\n");
	bytes_fini(&words);
}

/* "2 crashed, 1 flaky; 3.204 s": numbers that the last line does not have, and the duration. */
static void say_breakdown(struct sheet *s, const struct proctor_counts *c, uint64_t duration_us)
{
	const struct {
		size_t n;
		const char *words;
	} parts[] = {
		{ c->by_verdict[PROCTOR_CRASH], "crashed" },
		{ c->by_verdict[PROCTOR_TIMEOUT], "timed out" },
		{ c->by_verdict[PROCTOR_ERROR], "could not be run" },
		{ c->nflaky, "flaky" },
		{ c->nleaky, "leaky" },
		{ c->nslow, "slow" },
	};
	struct bytes *to = &s->bytes;
	const char *separator = "";
	char words[DURATION_WORDS_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].n == 0)
			continue;
		bytes_printf(to, "%s%zu %s", separator, parts[i].n, parts[i].words);
		separator = ", ";
	}
	bytes_printf(to, "%s%s\n", separator[0] ? "; " : "",
		     duration_words(duration_us, words, sizeof(words)));
}

void summary_print(struct summary *all, struct sheet *s, const struct proctor_counts *c,
		   const char *why, uint64_t duration_us)
{
	say_leaks(s, all);
	say_tally(s, "Leaky", &all->leaky);
	say_tally(s, "Flaky, passed on a retry", &all->flaky);
	say_tally(s, "Failed", &all->failures);
	say_tally(s, "Otherwise in a process of its own", &all->confirmed);
	say_slowest(s, all);
	sheet_part(s);
	say_missing(s, c, why);
	say_breakdown(s, c, duration_us);
}

void summary_last_line(struct sheet *s, const struct proctor_counts *c)
{
	size_t nfailed = 0;

	for (unsigned v = 0; v < PROCTOR_NVERDICTS; v++)
		if (verdict_is_failure((enum proctor_verdict)v))
			nfailed += c->by_verdict[v];
	bytes_printf(&s->bytes, "Tests: %zu passed, %zu failed, %zu skipped\n",
		     c->by_verdict[PROCTOR_PASS], nfailed, c->by_verdict[PROCTOR_SKIP]);
}

int summary_init(struct summary *all, unsigned nslowest)
{
	*all = (struct summary){ 0 };
	return slowest_init(&all->slowest, nslowest);
}

void summary_fini(struct summary *all)
{
	for (size_t i = 0; i < all->leaks.n; i++) {
		free(all->leaks.list[i].id);
		free(all->leaks.list[i].file);
	}
	free(all->leaks.list);
	slowest_fini(&all->slowest);
	bytes_fini(&all->failures.lines);
	bytes_fini(&all->flaky.lines);
	bytes_fini(&all->leaky.lines);
	bytes_fini(&all->confirmed.lines);
}
