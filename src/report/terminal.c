/* SPDX-License-Identifier: MIT */
#include "report/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/container.h"
#include "base/escape.h"
#include "base/duration_words.h"
#include "report/coverage_summary.h"
#include "report/sink.h"
#include "report/slowest.h"
#include "report/status.h"

#define TAG_COLUMNS 7
#define TIME_COLUMNS 9
#define TIME_NONE UINT64_MAX	/* it was never begun */

struct leak {
	char *id, *file;
	int64_t nleaks, nbytes;
};

/* A list for the end of the report: text, a line each. */
struct tally {
	struct bytes lines;
	size_t n;
};

struct terminal {
	struct reporter reporter;
	struct terminal_options options;
	struct sink sink;
	struct bytes text;	/* what the present event has to say */
	struct status status;
	bool said;		/* something stands above: the next block begins with a blank line */
	bool ended;		/* RUN_END was seen: nothing may follow the last line */
	struct tally failures, flaky, leaky;
	struct leak *leaks;
	size_t nleaks, cap_leaks;
	struct slowest slowest;
};

enum color {
	COLOR_NONE,
	COLOR_RED,
	COLOR_GREEN,
	COLOR_YELLOW,
	COLOR_BOLD,
	COLOR_DIM,
};

static const char *const color_codes[] = {
	[COLOR_NONE] = "",
	[COLOR_RED] = "\033[1;31m",
	[COLOR_GREEN] = "\033[32m",
	[COLOR_YELLOW] = "\033[33m",
	[COLOR_BOLD] = "\033[1m",
	[COLOR_DIM] = "\033[2m",
};

/* The tag of a test's line, and the word for it in a sentence. */
struct verdict_face {
	const char *tag, *words;
	enum color color;
};

static const struct verdict_face verdict_faces[PROCTOR_NVERDICTS] = {
	[PROCTOR_PASS] = { "PASS", "passed", COLOR_GREEN },
	[PROCTOR_FAIL] = { "FAIL", "failed", COLOR_RED },
	[PROCTOR_CRASH] = { "CRASH", "crashed", COLOR_RED },
	[PROCTOR_TIMEOUT] = { "TIMEOUT", "timed out", COLOR_RED },
	[PROCTOR_SKIP] = { "SKIP", "skipped", COLOR_YELLOW },
	[PROCTOR_ERROR] = { "ERROR", "could not be run", COLOR_RED },
	[PROCTOR_CANCELLED] = { "STOP", "cancelled, as the run ended early", COLOR_YELLOW },
	[PROCTOR_NOT_RUN] = { "NOT RUN", "not run", COLOR_YELLOW },
};

static void color_text(struct terminal *t, struct bytes *to, enum color color, const char *text)
{
	if (!t->options.color || color == COLOR_NONE) {
		bytes_text(to, text);
		return;
	}
	bytes_text(to, color_codes[color]);
	bytes_text(to, text);
	bytes_text(to, "\033[0m");
}

/* "1,072,693,248" */
static void number_grouped(struct bytes *to, uint64_t n)
{
	char digits[24];
	int ndigits = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < ndigits; i++) {
		if (i > 0 && (ndigits - i) % 3 == 0)
			bytes_text(to, ",");
		bytes_append(to, &digits[i], 1);
	}
}

/* "    1.2 ms" */
static void duration_text(struct bytes *to, uint64_t duration_us)
{
	char words[DURATION_WORDS_BYTES];
	size_t ncolumns = 0;

	if (duration_us == TIME_NONE)
		strcpy(words, "-");
	else
		duration_words(duration_us, words, sizeof(words));
	/* The µ is two bytes and one column. */
	for (const char *at = words; *at; at++)
		ncolumns += ((unsigned char)*at & 0xc0) != 0x80;
	bytes_printf(to, "%*s%s", ncolumns < TIME_COLUMNS ? (int)(TIME_COLUMNS - ncolumns) : 0, "",
		     words);
}

/* "PASS    [   1.2 ms] suite::test" without the end of the line. */
static void test_line(struct terminal *t, struct bytes *to, enum color color, const char *tag,
		      uint64_t duration_us, const char *id)
{
	color_text(t, to, color, tag);
	bytes_printf(to, "%*s [", TAG_COLUMNS - (int)strlen(tag), "");
	duration_text(to, duration_us);
	bytes_text(to, "] ");
	escape_line(to, id);
}

static uint64_t result_time(const struct proctor_result *r)
{
	return r->start_us != 0 ? r->duration_us : TIME_NONE;
}

/* `text` without the newlines at its end. */
static size_t text_trimmed(const char *text, size_t ntext)
{
	while (ntext > 0 && text[ntext - 1] == '\n')
		ntext--;
	return ntext;
}

/* Each line of `text` behind `margin`. */
static void block_lines(struct bytes *to, const char *margin, const char *text, size_t ntext)
{
	while (ntext > 0) {
		const char *end = memchr(text, '\n', ntext);
		size_t nline = end ? (size_t)(end - text) : ntext;

		bytes_text(to, margin);
		escape_append(to, text, nline, "\t");
		bytes_text(to, "\n");
		text += nline + (end ? 1 : 0);
		ntext -= nline + (end ? 1 : 0);
	}
}

static void block_text(struct terminal *t, const char *title, const char *text)
{
	struct bytes *to = &t->text;

	if (!text || text_trimmed(text, strlen(text)) == 0)
		return;
	bytes_printf(to, "  %s\n", title);
	block_lines(to, "    ", text, text_trimmed(text, strlen(text)));
}

/* One captured stream: its head, what is missing, its tail. */
static void block_stream(struct terminal *t, const char *name, const char *bytes, size_t nbytes,
			 size_t head, uint64_t total_bytes)
{
	struct bytes *to = &t->text;

	if (total_bytes == 0)
		return;
	bytes_printf(to, "  %s, ", name);
	number_grouped(to, total_bytes);
	bytes_text(to, total_bytes == 1 ? " byte:\n" : " bytes:\n");
	block_lines(to, "    | ", bytes, head);
	if (total_bytes > nbytes) {
		bytes_text(to, "    … ");
		number_grouped(to, total_bytes - nbytes);
		bytes_text(to, " bytes not kept …\n");
	}
	block_lines(to, "    | ", bytes + head, nbytes - head);
}

/* The suite, its group, its file. An executable's test is called as its suite, which stands above. */
static void block_suite(struct bytes *to, const struct proctor_test *test)
{
	bool program = strcmp(test->id, test->suite) == 0;

	bytes_text(to, program ? "  program  " : "  suite    ");
	escape_line(to, program ? test->path : test->suite);
	if (test->group[0]) {
		bytes_text(to, " of ");
		escape_line(to, test->group);
	}
	if (program)
		return;
	bytes_text(to, ", ");
	escape_line(to, test->path);
}

static void block_where(struct terminal *t, const struct proctor_test *test,
			const struct proctor_result *r)
{
	struct bytes *to = &t->text;

	if (test->file[0]) {
		bytes_text(to, "  file     ");
		escape_line(to, test->file);
		bytes_text(to, "\n");
	}
	block_suite(to, test);
	bytes_printf(to, "\n  verdict  %s", verdict_faces[r->verdict].words);
	if (r->verdict == PROCTOR_FAIL && r->exit_code > 0)
		bytes_printf(to, " with %d", r->exit_code);
	if (r->signal && sigabbrev_np(r->signal))
		bytes_printf(to, ", SIG%s", sigabbrev_np(r->signal));
	else if (r->signal)
		bytes_printf(to, ", signal %d", r->signal);
	if (r->core_dumped)
		bytes_text(to, ", core dumped");
	bytes_printf(to, ", on worker %u", r->worker);
	if (r->core >= 0)
		bytes_printf(to, ", core %d", r->core);
	if (r->attempt > 1)
		bytes_printf(to, ", attempt %u", r->attempt);
	if (r->repetition > 1)
		bytes_printf(to, ", repetition %u", r->repetition);
	bytes_text(to, "\n");
}

static bool shows_output(const struct terminal *t, const struct proctor_result *r)
{
	switch (t->options.output) {
	case TERMINAL_OUTPUT_FAILED:
		return verdict_is_failure(r->verdict);
	case TERMINAL_OUTPUT_ALL:
		return true;
	case TERMINAL_OUTPUT_NONE:
		return false;
	}
	return false;	/* not reached */
}

static void block_output(struct terminal *t, const struct proctor_result *r)
{
	if (!shows_output(t, r))
		return;
	block_stream(t, "stdout", r->out, r->nout, r->out_head, r->out_bytes);
	block_stream(t, "stderr", r->err, r->nerr, r->err_head, r->err_bytes);
}

static void block_failure(struct terminal *t, const struct proctor_test *test,
			  const struct proctor_result *r)
{
	const struct verdict_face *face = &verdict_faces[r->verdict];
	struct bytes *to = &t->text;

	if (t->said)
		bytes_text(to, "\n");
	test_line(t, to, face->color, face->tag, result_time(r), test->id);
	bytes_text(to, "\n");
	block_where(t, test, r);
	block_text(t, "message", r->message);
	block_text(t, "backtrace", r->backtrace);
	block_text(t, "left behind", r->left);
	block_output(t, r);
	bytes_text(to, "\n");
	t->said = false;
}

/* One line, with the first line of the message. */
static void line_result(struct terminal *t, enum color color, const char *tag,
			const struct proctor_test *test, const struct proctor_result *r)
{
	struct bytes *to = &t->text;

	test_line(t, to, color, tag, result_time(r), test->id);
	if (r->message && r->message[0]) {
		bytes_text(to, ": ");
		escape_append(to, r->message, strcspn(r->message, "\n"), "\t");
	}
	bytes_text(to, "\n");
	t->said = true;
}

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
		block_lines(to, "    ", more, text_trimmed(more, strlen(more)));
}

static void tally_failure(struct tally *tally, const char *id, const struct proctor_result *r)
{
	const char *words = verdict_faces[r->verdict].words;
	char which[80];

	if (r->repetition > 1)
		snprintf(which, sizeof(which), "%s, repetition %u", words, r->repetition);
	tally_add(tally, id, r->repetition > 1 ? which : words, NULL);
}

static void leak_add(struct terminal *t, const struct proctor_test *test,
		     const struct proctor_result *r)
{
	struct leak *leak;

	if (t->nleaks == t->cap_leaks) {
		size_t cap = t->cap_leaks ? 2 * t->cap_leaks : 64;
		struct leak *grown = reallocarray(t->leaks, cap, sizeof(*grown));

		if (!grown) {
			t->text.failed = true;
			return;
		}
		t->leaks = grown;
		t->cap_leaks = cap;
	}
	leak = &t->leaks[t->nleaks];
	*leak = (struct leak){
		.id = strdup(test->id),
		.file = strdup(test->file[0] ? test->file : test->path),
		.nleaks = r->nleaks,
		.nbytes = r->leak_bytes,
	};
	if (leak->id && leak->file) {
		t->nleaks++;
		return;
	}
	free(leak->id);
	free(leak->file);
	t->text.failed = true;
}

/* What is kept of a result for the end of the report. */
static void result_keep(struct terminal *t, const struct proctor_test *test,
			const struct proctor_result *r)
{
	if (r->final && verdict_is_failure(r->verdict))
		tally_failure(&t->failures, test->id, r);
	if (r->final && (r->marks & PROCTOR_FLAKY))
		tally_add(&t->flaky, test->id, NULL, NULL);
	if (r->marks & PROCTOR_LEAKY)
		tally_add(&t->leaky, test->id, NULL, r->left);
	if (r->nleaks > 0 || r->leak_bytes > 0)
		leak_add(t, test, r);
	if (r->start_us != 0 && slowest_add(&t->slowest, test->id, r->duration_us) < 0)
		t->text.failed = true;
}

static void say_end(struct terminal *t, const struct proctor_test *test,
		    const struct proctor_result *r)
{
	const struct verdict_face *face = &verdict_faces[r->verdict];
	enum terminal_volume volume = t->options.volume;
	bool failed = verdict_is_failure(r->verdict);
	bool wrote = (r->out_bytes > 0 || r->err_bytes > 0) && shows_output(t, r);

	result_keep(t, test, r);
	if (failed && !r->final && volume == TERMINAL_NORMAL)
		line_result(t, COLOR_YELLOW, "RETRY", test, r);
	else if (failed && volume != TERMINAL_QUIET)
		block_failure(t, test, r);
	else if (failed && r->final)
		line_result(t, face->color, face->tag, test, r);
	else if (volume == TERMINAL_VERBOSE || (wrote && volume == TERMINAL_NORMAL) ||
		 (r->verdict == PROCTOR_CANCELLED && volume == TERMINAL_NORMAL))
		line_result(t, face->color, face->tag, test, r);
	/* Of a failure its block has it, and of a retry only who asked for all wants it. */
	if (volume != TERMINAL_QUIET &&
	    (!failed || (!r->final && volume == TERMINAL_NORMAL &&
			 t->options.output == TERMINAL_OUTPUT_ALL)))
		block_output(t, r);
}

static void say_start(struct terminal *t, const struct proctor_event *event)
{
	struct bytes *to = &t->text;

	if (t->options.volume == TERMINAL_QUIET)
		return;
	bytes_printf(to, "proctor %s: %zu test%s, %u thread%s on %u core%s, %s\n", PROCTOR_VERSION,
		     event->ntests, event->ntests == 1 ? "" : "s", event->nthreads,
		     event->nthreads == 1 ? "" : "s", event->ncores,
		     event->ncores == 1 ? "" : "s", event->loop);
	if (event->text && strcmp(event->loop, "epoll") == 0) {
		escape_line(to, event->text);
		bytes_text(to, "\n");
	}
	if (event->seed)
		bytes_printf(to, "shuffled; the same order again: --shuffle=%" PRIu64 "\n",
			     event->seed);
	t->said = true;
}

static void say_slow(struct terminal *t, const struct proctor_event *event)
{
	if (t->options.volume == TERMINAL_QUIET)
		return;
	test_line(t, &t->text, COLOR_YELLOW, "SLOW", event->result->duration_us, event->test->id);
	bytes_text(&t->text, " is still running\n");
	t->said = true;
}

static void say_note(struct terminal *t, const struct proctor_event *event)
{
	if (t->options.volume == TERMINAL_QUIET)
		return;
	bytes_text(&t->text, "note: ");
	escape_line(&t->text, event->text);
	bytes_text(&t->text, "\n");
	t->said = true;
}

static unsigned terminal_columns(const struct terminal *t)
{
	struct winsize size;

	if (t->options.ncolumns > 0)
		return t->options.ncolumns;
	if (ioctl(t->sink.fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

static void say_coverage(struct terminal *t, const struct proctor_event *event)
{
	struct proctor_coverage_summary summary = *event->coverage;

	/* The total and what is missing are said in any case. */
	if (t->options.volume == TERMINAL_QUIET)
		summary.nfiles = summary.nnotes = 0;
	if (t->said)
		bytes_text(&t->text, "\n");
	coverage_append(&t->text, &summary, t->options.color,
			t->options.status ? terminal_columns(t) : 0);
	t->said = true;
}

static void say_tally(struct terminal *t, const char *title, struct tally *tally)
{
	struct bytes *to = &t->text;

	if (tally->n == 0)
		return;
	if (t->said)
		bytes_text(to, "\n");
	color_text(t, to, COLOR_BOLD, title);
	bytes_printf(to, " (%zu):\n", tally->n);
	bytes_append(to, tally->lines.data, tally->lines.nbytes);
	if (tally->lines.failed)
		to->failed = true;
	t->said = true;
}

static int leak_compare(const void *a, const void *b)
{
	const struct leak *x = a, *y = b;

	if (x->nbytes != y->nbytes)
		return x->nbytes < y->nbytes ? 1 : -1;
	return strcmp(x->id, y->id);
}

static void say_leaks(struct terminal *t)
{
	struct bytes *to = &t->text;
	int64_t nleaks = 0, nbytes = 0;

	if (t->nleaks == 0)
		return;
	if (t->said)
		bytes_text(to, "\n");
	qsort(t->leaks, t->nleaks, sizeof(*t->leaks), leak_compare);
	color_text(t, to, COLOR_BOLD, "Memory not freed, as TML's runtime counts it:");
	bytes_text(to, "\n     leaks         bytes  test, file\n");
	for (size_t i = 0; i < t->nleaks; i++) {
		const struct leak *leak = &t->leaks[i];

		bytes_printf(to, "  %8" PRId64 "  %12" PRId64 "  ", leak->nleaks, leak->nbytes);
		escape_line(to, leak->id);
		bytes_text(to, ", ");
		escape_line(to, leak->file);
		bytes_text(to, "\n");
		nleaks += leak->nleaks;
		nbytes += leak->nbytes;
	}
	bytes_printf(to, "  %8" PRId64 "  %12" PRId64 "  in all\n", nleaks, nbytes);
	t->said = true;
}

static void say_slowest(struct terminal *t)
{
	struct bytes *to = &t->text;
	char title[32];

	if (t->slowest.n == 0)
		return;
	if (t->said)
		bytes_text(to, "\n");
	snprintf(title, sizeof(title), "Slowest (%zu):", t->slowest.n);
	color_text(t, to, COLOR_BOLD, title);
	bytes_text(to, "\n");
	for (size_t i = 0; i < t->slowest.n; i++) {
		bytes_text(to, "  ");
		duration_text(to, t->slowest.list[i].duration_us);
		bytes_text(to, "  ");
		escape_line(to, t->slowest.list[i].id);
		bytes_text(to, "\n");
	}
	t->said = true;
}

/* "12 not run, 1 cancelled: the run ended at the crash of x": why tests are missing. */
static void say_missing(struct terminal *t, const struct proctor_counts *c, const char *why)
{
	size_t nnot_run = c->by_verdict[PROCTOR_NOT_RUN];
	size_t ncancelled = c->by_verdict[PROCTOR_CANCELLED];
	struct bytes *to = &t->text, words = { 0 };

	if (nnot_run == 0 && ncancelled == 0 && !why)
		return;
	if (nnot_run > 0)
		bytes_printf(&words, "%zu not run", nnot_run);
	if (ncancelled > 0)
		bytes_printf(&words, "%s%zu cancelled", nnot_run > 0 ? ", " : "", ncancelled);
	if (words.nbytes > 0) {
		color_text(t, to, COLOR_YELLOW, bytes_string(&words));
		bytes_text(to, ": ");
	}
	escape_line(to, why ? why : "the run ended early");
	bytes_text(to, "\n");
	bytes_fini(&words);
}

/* "2 crashed, 1 flaky; 3.204 s": what the last line does not tell apart. */
static void say_breakdown(struct terminal *t, const struct proctor_counts *c, uint64_t duration_us)
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
	struct bytes *to = &t->text;
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

static void say_run_end(struct terminal *t, const struct proctor_event *event)
{
	const struct proctor_counts *c = event->counts;
	size_t nfailed = 0;

	for (unsigned v = 0; v < PROCTOR_NVERDICTS; v++)
		if (verdict_is_failure((enum proctor_verdict)v))
			nfailed += c->by_verdict[v];
	if (t->options.volume != TERMINAL_QUIET) {
		say_leaks(t);
		say_tally(t, "Leaky", &t->leaky);
		say_tally(t, "Flaky, passed on a retry", &t->flaky);
		say_tally(t, "Failed", &t->failures);
		say_slowest(t);
		if (t->said)
			bytes_text(&t->text, "\n");
		say_missing(t, c, event->text);
		say_breakdown(t, c, event->duration_us);
	}
	bytes_printf(&t->text, "Tests: %zu passed, %zu failed, %zu skipped\n",
		     c->by_verdict[PROCTOR_PASS], nfailed, c->by_verdict[PROCTOR_SKIP]);
	t->ended = true;
}

/* What an event has to say, into t->text. */
static void terminal_say(struct terminal *t, const struct proctor_event *event)
{
	switch (event->kind) {
	case PROCTOR_RUN_START:
		say_start(t, event);
		break;
	case PROCTOR_TEST_SLOW:
		say_slow(t, event);
		break;
	case PROCTOR_TEST_END:
		say_end(t, event->test, event->result);
		break;
	case PROCTOR_NOTE:
		say_note(t, event);
		break;
	case PROCTOR_COVERAGE:
		say_coverage(t, event);
		break;
	case PROCTOR_RUN_END:
		say_run_end(t, event);
		break;
	/* That is said elsewhere, below a live line that is gone. */
	case PROCTOR_RUNNING:
	case PROCTOR_TEST_START:
	case PROCTOR_TICK:
		break;
	}
}

static int terminal_event(struct reporter *r, const struct proctor_event *event,
			  struct proctor_error *err)
{
	struct terminal *t = container_of(r, struct terminal, reporter);
	struct bytes *to = &t->sink.bytes;

	terminal_say(t, event);
	if (t->options.status) {
		status_event(&t->status, event);
		if (t->text.nbytes > 0 || t->ended || event->kind == PROCTOR_RUNNING)
			status_erase(&t->status, to);
	}
	bytes_append(to, t->text.data, t->text.nbytes);
	to->failed |= t->text.failed;
	bytes_clear(&t->text);
	if (t->options.status && !t->ended && !event->more && event->kind != PROCTOR_RUNNING &&
	    status_due(&t->status, event->time_us))
		status_draw(&t->status, to, terminal_columns(t), event->time_us);
	return event->more ? sink_relieve(&t->sink, err) : sink_flush(&t->sink, err);
}

static int terminal_close(struct reporter *r, struct proctor_error *err)
{
	struct terminal *t = container_of(r, struct terminal, reporter);
	int ret;

	/* A run that could not go on has no RUN_END. */
	status_erase(&t->status, &t->sink.bytes);
	ret = sink_flush(&t->sink, err);
	status_fini(&t->status);
	for (size_t i = 0; i < t->nleaks; i++) {
		free(t->leaks[i].id);
		free(t->leaks[i].file);
	}
	free(t->leaks);
	slowest_fini(&t->slowest);
	bytes_fini(&t->failures.lines);
	bytes_fini(&t->flaky.lines);
	bytes_fini(&t->leaky.lines);
	bytes_fini(&t->text);
	sink_fini(&t->sink);
	free(t);
	return ret;
}

int terminal_open(struct reporter **rp, int fd, const struct terminal_options *options,
		  struct proctor_error *err)
{
	static const struct reporter_ops ops = {
		.event = terminal_event,
		.close = terminal_close,
	};
	struct terminal *t = calloc(1, sizeof(*t));

	if (!t)
		return error_sys(err, ENOMEM, "cannot start the report");
	t->reporter.ops = &ops;
	t->options = *options;
	t->sink.fd = fd;
	t->sink.name = fd == STDERR_FILENO ? "the standard error" : "the standard output";
	if (slowest_init(&t->slowest, options->nslowest) < 0) {
		free(t);
		return error_sys(err, ENOMEM, "cannot start the report");
	}
	*rp = &t->reporter;
	return 0;
}
