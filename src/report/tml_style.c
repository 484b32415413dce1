/* SPDX-License-Identifier: MIT */
#include "report/tml_style.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/hash_table.h"
#include "base/vector.h"
#include "report/result_block.h"
#include "report/sink.h"

/* The tests of a group: those that have none are of their suite. */
struct group {
	char *name;
	size_t ntests;		/* `@test` functions, as far as their number is known; else files */
	uint64_t duration_us;	/* of all together */
	bool failed;
};

struct tml_style {
	struct reporter reporter;
	struct terminal_options options;
	struct sink sink;
	struct sheet sheet;
	VECTOR(struct group *) groups;	/* in the order in which they were first heard of */
	struct hash_table by_name;
	struct sheet failures;
};

static bool group_is(const void *item, const void *key)
{
	return strcmp(((const struct group *)item)->name, key) == 0;
}

/* NULL: no memory. */
static struct group *group_of(struct tml_style *t, const struct proctor_test *test)
{
	const char *name = test->group[0] ? test->group : test->suite;
	struct group *g = hash_table_find(&t->by_name, hash_text(name), group_is, name), **listed;

	if (g)
		return g;
	g = calloc(1, sizeof(*g));
	listed = g && (g->name = strdup(name)) ? vector_add(&t->groups) : NULL;
	if (listed && hash_table_add(&t->by_name, hash_text(name), g)) {
		*listed = g;
		return g;
	}
	if (listed)
		t->groups.n--;
	free(g ? g->name : NULL);
	free(g);
	return NULL;
}

/* "suite (lib/a.test.tml)", and below it why, and what the test wrote. */
static void keep_failure(struct tml_style *t, const struct proctor_test *test,
			 const struct proctor_result *r)
{
	struct sheet *s = &t->failures;
	const char *why = r->message ? r->message : verdict_faces[r->verdict].words;

	bytes_text(&s->bytes, "  ");
	escape_line(&s->bytes, test->suite);
	bytes_text(&s->bytes, " (");
	escape_line(&s->bytes, test->file[0] ? test->file : test->path);
	bytes_text(&s->bytes, ")\n");
	lines_append(&s->bytes, "    ", why, lines_trimmed(why, strlen(why)));
	if (r->backtrace)
		lines_append(&s->bytes, "    ", r->backtrace, lines_trimmed(r->backtrace, strlen(r->backtrace)));
	if (t->options.output != TERMINAL_OUTPUT_NONE)
		result_output(s, r);
}

static void say_end(struct tml_style *t, const struct proctor_test *test,
		    const struct proctor_result *r)
{
	const struct verdict_face *face = &verdict_faces[r->verdict];

	if (t->options.volume == TERMINAL_VERBOSE)
		result_line(&t->sheet, face->color, face->tag, test, r);
	if (t->options.volume != TERMINAL_QUIET && t->options.output == TERMINAL_OUTPUT_ALL &&
	    !verdict_is_failure(r->verdict))
		result_output(&t->sheet, r);
}

static void take_end(struct tml_style *t, const struct proctor_test *test,
		     const struct proctor_result *r)
{
	struct group *g = group_of(t, test);

	say_end(t, test, r);
	if (!g) {
		t->sheet.bytes.failed = true;
		return;
	}
	if (!r->final)
		return;
	g->ntests += test->ntests ? test->ntests : 1;
	g->duration_us += r->duration_us;
	if (!verdict_is_failure(r->verdict))
		return;
	g->failed = true;
	keep_failure(t, test, r);
}

/* Behind the failures: it was found out after the last of them. */
static void keep_confirmation(struct tml_style *t, const struct proctor_test *test,
			      const struct proctor_confirmation *c)
{
	struct bytes *to = &t->failures.bytes;

	if (c->finding == PROCTOR_FAILS_ALONE && c->alone == c->failed)
		return;
	bytes_text(to, "  ");
	escape_line(to, test->suite);
	bytes_text(to, ", ");
	escape_line(to, test->name);
	bytes_text(to, ": ");
	escape_line(to, c->text);
	bytes_text(to, "\n");
	if (!c->command)
		return;
	bytes_text(to, "    ");
	escape_line(to, c->command);
	bytes_text(to, "\n");
}

/* Notes and slow tests are told: who replaces a runner wants to know no less than before. */
static void say_line(struct tml_style *t, const char *what, const char *text)
{
	if (t->options.volume == TERMINAL_QUIET)
		return;
	bytes_text(&t->sheet.bytes, what);
	escape_line(&t->sheet.bytes, text);
	bytes_text(&t->sheet.bytes, "\n");
}

static void say_groups(struct tml_style *t)
{
	struct bytes *to = &t->sheet.bytes;

	for (size_t i = 0; i < t->groups.n; i++) {
		const struct group *g = t->groups.list[i];

		sheet_color(&t->sheet, g->failed ? COLOR_RED : COLOR_GREEN, g->failed ? "FAILED" : "ok");
		bytes_text(to, "  ");
		escape_line(to, g->name);
		bytes_printf(to, "  %zu test%s  %" PRIu64 "ms\n", g->ntests, g->ntests == 1 ? "" : "s",
			     g->duration_us / 1000);
	}
}

static void say_result(struct tml_style *t, const struct proctor_event *event)
{
	const struct proctor_counts *c = event->counts;
	struct bytes *to = &t->sheet.bytes;
	size_t nfailed = 0, nskipped = c->by_verdict[PROCTOR_SKIP];
	size_t nnot_run = c->by_verdict[PROCTOR_NOT_RUN] + c->by_verdict[PROCTOR_CANCELLED];
	bool ok = event->exit_code == 0;

	for (unsigned v = 0; v < PROCTOR_NVERDICTS; v++)
		if (verdict_is_failure((enum proctor_verdict)v))
			nfailed += c->by_verdict[v];
	bytes_text(to, "\ntest result: ");
	sheet_color(&t->sheet, ok ? COLOR_GREEN : COLOR_RED, ok ? "ok" : "FAILED");
	bytes_printf(to, ". %zu passed; %zu failed; ", c->by_verdict[PROCTOR_PASS], nfailed);
	if (nskipped > 0)
		bytes_printf(to, "%zu skipped; ", nskipped);
	if (nnot_run > 0)
		bytes_printf(to, "%zu not run; ", nnot_run);
	bytes_printf(to, "%zu files; finished in %" PRIu64 "ms\n", c->total,
		     event->duration_us / 1000);
}

static void say_run_end(struct tml_style *t, const struct proctor_event *event)
{
	struct bytes *to = &t->sheet.bytes;

	if (t->options.volume != TERMINAL_QUIET)
		say_groups(t);
	to->failed |= t->failures.bytes.failed;
	if (t->failures.bytes.nbytes > 0) {
		bytes_text(to, "\nfailures:\n");
		bytes_append(to, t->failures.bytes.data, t->failures.bytes.nbytes);
	}
	if (event->text)
		say_line(t, "\n", event->text);
	say_result(t, event);
}

static int tml_style_event(struct reporter *r, const struct proctor_event *event,
			   struct proctor_error *err)
{
	struct tml_style *t = container_of(r, struct tml_style, reporter);
	struct bytes *to = &t->sink.bytes;

	switch (event->kind) {
	case PROCTOR_TEST_SLOW:
		say_line(t, "slow: ", event->test->id);
		break;
	case PROCTOR_TEST_END:
		take_end(t, event->test, event->result);
		break;
	case PROCTOR_TEST_CONFIRMED:
		keep_confirmation(t, event->test, event->confirmation);
		break;
	case PROCTOR_NOTE:
		say_line(t, "note: ", event->text);
		break;
	case PROCTOR_COVERAGE:
		for (size_t i = 0; i < event->coverage->nproblems; i++)
			say_line(t, "coverage: ", event->coverage->problems[i]);
		break;
	case PROCTOR_RUN_END:
		say_run_end(t, event);
		break;
	case PROCTOR_RUN_START:
	case PROCTOR_TEST_START:
	case PROCTOR_RUNNING:
	case PROCTOR_TICK:
		break;
	}
	bytes_append(to, t->sheet.bytes.data, t->sheet.bytes.nbytes);
	to->failed |= t->sheet.bytes.failed;
	bytes_clear(&t->sheet.bytes);
	return event->more ? sink_relieve(&t->sink, err) : sink_flush(&t->sink, err);
}

static int tml_style_close(struct reporter *r, struct proctor_error *err)
{
	struct tml_style *t = container_of(r, struct tml_style, reporter);
	int ret = sink_flush(&t->sink, err);

	for (size_t i = 0; i < t->groups.n; i++) {
		free(t->groups.list[i]->name);
		free(t->groups.list[i]);
	}
	free(t->groups.list);
	hash_table_fini(&t->by_name);
	bytes_fini(&t->failures.bytes);
	bytes_fini(&t->sheet.bytes);
	sink_fini(&t->sink);
	free(t);
	return ret;
}

int tml_style_open(struct reporter **rp, int fd, const struct terminal_options *options,
		   struct proctor_error *err)
{
	static const struct reporter_ops ops = { .event = tml_style_event, .close = tml_style_close };
	struct tml_style *t = calloc(1, sizeof(*t));

	if (!t)
		return error_sys(err, ENOMEM, "cannot start the report");
	t->reporter.ops = &ops;
	t->options = *options;
	t->sheet.color = t->failures.color = options->color;
	t->sink.fd = fd;
	t->sink.name = fd == STDERR_FILENO ? "the standard error" : "the standard output";
	*rp = &t->reporter;
	return 0;
}
