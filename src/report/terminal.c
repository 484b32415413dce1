/* SPDX-License-Identifier: MIT */
#include "report/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/container.h"
#include "base/escape.h"
#include "report/coverage_summary.h"
#include "report/result_block.h"
#include "report/sink.h"
#include "report/status_line.h"
#include "report/summary.h"

struct terminal {
	struct reporter reporter;
	struct terminal_options options;
	struct sink sink;
	struct sheet sheet;	/* what the present event has to say */
	struct status status;
	bool ended;		/* RUN_END has come: nothing may follow the last line */
	struct summary summary;
};

static bool shows_output(enum terminal_output output, const struct proctor_result *r)
{
	switch (output) {
	case TERMINAL_OUTPUT_FAILED:
		return verdict_is_failure(r->verdict);
	case TERMINAL_OUTPUT_ALL:
		return true;
	case TERMINAL_OUTPUT_NONE:
		return false;
	}
	return false;	/* not reached */
}

static void say_end(struct terminal *t, const struct proctor_test *test,
		    const struct proctor_result *r)
{
	const struct verdict_face *face = &verdict_faces[r->verdict];
	enum terminal_volume volume = t->options.volume;
	bool failed = verdict_is_failure(r->verdict);
	bool shows = shows_output(t->options.output, r);
	bool wrote = shows && (r->out_bytes > 0 || r->err_bytes > 0);

	t->sheet.bytes.failed |= !summary_keep(&t->summary, test, r);
	if (failed && !r->final && volume == TERMINAL_NORMAL)
		result_line(&t->sheet, COLOR_YELLOW, "RETRY", test, r);
	else if (failed && volume != TERMINAL_QUIET)
		result_block(&t->sheet, test, r, shows);
	else if (failed && r->final)
		result_line(&t->sheet, face->color, face->tag, test, r);
	else if (volume == TERMINAL_VERBOSE || (wrote && volume == TERMINAL_NORMAL) ||
		 (r->verdict == PROCTOR_CANCELLED && volume == TERMINAL_NORMAL))
		result_line(&t->sheet, face->color, face->tag, test, r);
	/* The output of a failure stands in its block. That of an attempt before a retry is shown
	 * only with --show-output=all. */
	if (shows && volume != TERMINAL_QUIET &&
	    (!failed || (!r->final && volume == TERMINAL_NORMAL &&
			 t->options.output == TERMINAL_OUTPUT_ALL)))
		result_output(&t->sheet, r);
}

static void say_start(struct terminal *t, const struct proctor_event *event)
{
	struct bytes *to = &t->sheet.bytes;

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
	t->sheet.said = true;
}

static void say_slow(struct terminal *t, const struct proctor_event *event)
{
	if (t->options.volume == TERMINAL_QUIET)
		return;
	sheet_test(&t->sheet, COLOR_YELLOW, "SLOW", event->result->duration_us, event->test->id);
	bytes_text(&t->sheet.bytes, " is still running\n");
	t->sheet.said = true;
}

static void say_note(struct terminal *t, const struct proctor_event *event)
{
	if (t->options.volume == TERMINAL_QUIET)
		return;
	bytes_text(&t->sheet.bytes, "note: ");
	escape_line(&t->sheet.bytes, event->text);
	bytes_text(&t->sheet.bytes, "\n");
	t->sheet.said = true;
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

	/* Also with --quiet the total and what is missing are said. */
	if (t->options.volume == TERMINAL_QUIET)
		summary.nfiles = summary.nnotes = 0;
	sheet_part(&t->sheet);
	coverage_append(&t->sheet.bytes, &summary, t->options.color,
			t->options.status ? terminal_columns(t) : 0);
	t->sheet.said = true;
}

static void say_run_end(struct terminal *t, const struct proctor_event *event)
{
	if (t->options.volume != TERMINAL_QUIET)
		summary_print(&t->summary, &t->sheet, event->counts, event->text,
			      event->duration_us);
	summary_last_line(&t->sheet, event->counts);
	t->ended = true;
}

/* Writes what an event has to say onto the sheet. */
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
	case PROCTOR_TEST_CONFIRMED:
		summary_keep_confirmation(&t->summary, event->test, event->confirmation);
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
	/* Not said here. RUNNING is: by another, on stderr, below the live line, which is taken
	 * away for that. */
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
		if (t->sheet.bytes.nbytes > 0 || t->ended || event->kind == PROCTOR_RUNNING)
			status_erase(&t->status, to);
	}
	bytes_append(to, t->sheet.bytes.data, t->sheet.bytes.nbytes);
	to->failed |= t->sheet.bytes.failed;
	bytes_clear(&t->sheet.bytes);
	if (t->options.status && !t->ended && !event->more && event->kind != PROCTOR_RUNNING &&
	    status_due(&t->status, event->time_us))
		status_draw(&t->status, to, terminal_columns(t), event->time_us);
	return event->more ? sink_relieve(&t->sink, err) : sink_flush(&t->sink, err);
}

static int terminal_close(struct reporter *r, struct proctor_error *err)
{
	struct terminal *t = container_of(r, struct terminal, reporter);
	int ret;

	/* The line may still be there: a run that could not go on has no RUN_END. */
	status_erase(&t->status, &t->sink.bytes);
	ret = sink_flush(&t->sink, err);
	status_fini(&t->status);
	summary_fini(&t->summary);
	bytes_fini(&t->sheet.bytes);
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
	t->sheet.color = options->color;
	t->sink.fd = fd;
	t->sink.name = fd == STDERR_FILENO ? "the standard error" : "the standard output";
	if (summary_init(&t->summary, options->nslowest) < 0) {
		free(t);
		return error_sys(err, ENOMEM, "cannot start the report");
	}
	*rp = &t->reporter;
	return 0;
}
