/* SPDX-License-Identifier: MIT */
/*
 * A program that tells of its tests on its standard output, as its adapter's parser understands it. The
 * parser is the supervisor's, from the first byte to the end of the process; what it told is the
 * worker's to read after that.
 *
 * Its tests start in the order in which they were asked for: one that was passed over did not run.
 */
#include "base/clock.h"
#include "base/container.h"
#include "hosts/program.h"
#include "hosts/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* What was told of one test. */
struct stream_test {
	uint64_t start_us, end_us;
	enum proctor_verdict verdict;	/* once it has ended */
	char *message;
	bool started, ended, lost;
};

struct stream_host {
	struct host host;
	bool single;			/* the process is one test, told of without a name */
	const struct parser_ops *ops;
	struct parser *parser;		/* NULL: there was no memory for it */
	/* Written by the supervisor; after the end the worker's. */
	struct stream_test tests[TASK_TESTS_MAX];
	unsigned nended;		/* the first so many have ended, or were passed over */
	/* While the parser is fed. */
	uint64_t nread_bytes;		/* that it was given before */
	struct output_cut cuts[TASK_TESTS_MAX];
	unsigned ncuts;
};

static struct stream_host *stream_host_of(struct host *h)
{
	return container_of(h, struct stream_host, host);
}

/* ---- what the parser tells ---- */

/* The test of this name, from the next one on; the number of tests: there is none. */
static unsigned stream_find(const struct stream_host *sh, const char *name)
{
	const struct task *task = &sh->host.shared.work.task;
	unsigned i = sh->nended;

	while (name && i < task->ntests &&
	       strcmp(item_test(sh->host.launch->plan, task->first + i)->pub.name, name) != 0)
		i++;
	return i;
}

static void stream_ended(struct stream_host *sh, unsigned i, const struct parser_event *event)
{
	struct stream_test *t = &sh->tests[i];

	t->ended = true;
	t->end_us = clock_us();
	t->verdict = event->verdict;
	t->message = event->message ? strdup(event->message) : NULL;
	t->lost = event->message && !t->message;
	sh->nended = i + 1;
	/* What the last one writes after it has ended is its own, too. */
	if (i + 1 < sh->host.shared.work.task.ntests)
		sh->cuts[sh->ncuts++] = (struct output_cut){
			.serial = sh->host.shared.work.serial + i,
			.at = event->nbytes > sh->nread_bytes ?
			      (size_t)(event->nbytes - sh->nread_bytes) : 0,
		};
}

/* What is told of a test that is none of the task is not believed. */
static void stream_on_event(const struct parser_event *event, void *data)
{
	struct stream_host *sh = data;
	unsigned i = stream_find(sh, event->name);
	struct stream_test *t = &sh->tests[i];

	if (i >= sh->host.shared.work.task.ntests)
		return;
	switch (event->kind) {
	case PARSER_STARTED:
		if (!t->started)
			t->start_us = clock_us();
		t->started = true;
		break;
	case PARSER_ENDED:
		if (t->started)
			stream_ended(sh, i, event);
		break;
	}
}

/* ---- the supervisor's ---- */

static unsigned stream_host_output(struct host *h, const char *bytes, size_t nbytes,
				   struct output_cut cuts[TASK_TESTS_MAX])
{
	struct stream_host *sh = stream_host_of(h);

	if (!sh->parser || nbytes == 0)
		return 0;
	sh->ncuts = 0;
	sh->ops->feed(sh->parser, bytes, nbytes);
	sh->nread_bytes += nbytes;
	/* Wherever the parser says that they lie: within what was read, and in order. */
	for (unsigned i = 0; i < sh->ncuts; i++) {
		cuts[i] = sh->cuts[i];
		if (i > 0 && cuts[i].at < cuts[i - 1].at)
			cuts[i].at = cuts[i - 1].at;
		if (cuts[i].at > nbytes)
			cuts[i].at = nbytes;
	}
	return sh->ncuts;
}

/* What was stopped or crashed ended none of its tests. */
static void stream_host_died(struct host *h)
{
	struct stream_host *sh = stream_host_of(h);
	const struct host_end *end = &h->shared.end;

	if (!sh->parser || !status_is_its_own(end) || WIFSIGNALED(end->status))
		return;
	sh->ncuts = 0;
	sh->ops->end(sh->parser, end->status);
}

/* The start may have been tried again after its test was said to run. */
static uint64_t stream_start_us(const struct stream_test *t, const struct host_work *work)
{
	return t->start_us > work->handed_us ? t->start_us : work->handed_us;
}

static struct progress stream_progress(const struct stream_host *sh, const struct host_work *work)
{
	struct progress p = { .phase = PROGRESS_STARTING, .nended = sh->nended,
			      .since_us = work->handed_us };

	/* Whatever its parser says: it runs until the process ends. */
	if (sh->single)
		return progress_of_one(work->handed_us);
	for (unsigned i = 0; i < work->task.ntests; i++)
		p.start_us[i] = stream_start_us(&sh->tests[i], work);
	if (sh->nended > 0) {
		p.phase = PROGRESS_BETWEEN;
		p.since_us = sh->tests[sh->nended - 1].end_us;
	}
	for (unsigned i = sh->nended; i < work->task.ntests; i++) {
		if (!sh->tests[i].started)
			continue;
		p.phase = PROGRESS_TEST;
		p.nended = i;
		p.since_us = p.start_us[i];
	}
	return p;
}

static struct progress stream_host_progress(const struct host *h, const struct host_work *work,
					    uint64_t now_us)
{
	(void)now_us;
	return stream_progress(container_of(h, const struct stream_host, host), work);
}

/* ---- the worker's ---- */

static int stream_host_prepare(struct host *h, const struct task *task, struct start *start,
			       struct proctor_error *err)
{
	struct stream_host *sh = stream_host_of(h);
	int ret = program_prepare(h, task, start, err);

	if (ret < 0)
		return ret;
	sh->ops = task->suite->adapter->parser;
	sh->parser = sh->ops->open(stream_on_event, sh);
	if (!sh->parser)
		return error_set(err, -ENOMEM, "no memory for the parser of %s", task->suite->path);
	/* Whatever --nocapture says: nobody else would read it. */
	h->captured = true;
	sh->single = sh->tests[0].started = task->suite->adapter->single;
	return 0;
}

static __attribute__((format(printf, 3, 4))) void tell(struct test_evidence *t,
						       enum proctor_verdict verdict,
						       const char *fmt, ...)
{
	va_list args;

	t->told = true;
	t->verdict = verdict;
	t->exit_code = -1;
	va_start(args, fmt);
	if (vasprintf(&t->record.message, fmt, args) < 0) {
		t->record.message = NULL;
		t->record.lost = true;
	}
	va_end(args);
}

/* The process has ended by itself, and this test has not: it is no pass. */
static void read_unended(const struct stream_host *sh, unsigned i, struct test_evidence *t)
{
	const struct host_end *end = &sh->host.shared.end;

	if (!sh->tests[i].started)
		tell(t, PROCTOR_ERROR, "it was asked for and did not start");
	else if (WIFSIGNALED(end->status))
		status_tell(t, end->status);
	else
		tell(t, PROCTOR_FAIL, "the process ended with exit status %d before the test had",
		     WEXITSTATUS(end->status));
}

static void read_one(struct stream_host *sh, unsigned i, struct evidence *e)
{
	struct test_evidence *t = &e->tests[i];
	struct stream_test *s = &sh->tests[i];

	if (sh->host.shared.work.task.ntests == 1)
		t->record = e->usage;
	t->record.start_us = stream_start_us(s, &sh->host.shared.work);
	t->record.end_us = s->ended && !sh->single ? s->end_us : sh->host.shared.end.died_us;
	if (!s->ended || (sh->single && WIFSIGNALED(sh->host.shared.end.status))) {
		read_unended(sh, i, t);
		return;
	}
	t->told = true;
	t->verdict = s->verdict;
	t->exit_code = sh->host.shared.work.task.ntests == 1 ?
		       WEXITSTATUS(sh->host.shared.end.status) : -1;
	t->record.message = s->message;
	t->record.lost = s->lost;
	s->message = NULL;
}

static void stream_host_read(struct host *h, const struct task *task, bool over, struct evidence *e)
{
	struct stream_host *sh = stream_host_of(h);
	const struct host_end *end = &h->shared.end;
	unsigned ntold;

	e->progress = stream_progress(sh, &h->shared.work);
	e->start_us = e->progress.since_us;
	if (!over)
		return;
	program_read_crash(h, e);
	if (task->ntests == 1)
		status_usage(&e->usage, end, e->start_us);
	/* A crash in the middle costs the test that ran, and those after it run in another process. */
	ntold = e->progress.nended;
	if (status_is_its_own(end) && WIFSIGNALED(end->status)) {
		e->death_told = e->progress.phase == PROGRESS_TEST;
		ntold += e->death_told;
	} else if (status_is_its_own(end)) {
		e->death_told = true;
		ntold = task->ntests;
	}
	for (unsigned i = 0; i < ntold; i++)
		read_one(sh, i, e);
	e->progress.nended = e->nheld = ntold;
}

static void stream_host_close(struct host *h)
{
	struct stream_host *sh = stream_host_of(h);

	if (sh->parser)
		sh->ops->close(sh->parser);
	for (unsigned i = 0; i < TASK_TESTS_MAX; i++)
		free(sh->tests[i].message);
}

const struct host_ops stream_host_ops = {
	.name = "program with a parser",
	.nbytes = sizeof(struct stream_host),
	.is_task = true,
	.prepare = stream_host_prepare,
	.explain = program_refused,
	.hand_out = program_hand_out,
	.tell_end = program_tell_end,
	.word = program_word,
	.is_done = program_is_done,
	.progress = stream_host_progress,
	.exit_turn = program_exit_turn,
	.marker_key = program_marker_key,
	.output = stream_host_output,
	.died = stream_host_died,
	.read = stream_host_read,
	.read_crash = program_read_crash,
	.close = stream_host_close,
};
