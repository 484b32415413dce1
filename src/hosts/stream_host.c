/* SPDX-License-Identifier: MIT */
/*
 * A program that tells of its tests on its standard output or its channel, as its adapter's parser understands it. The
 * parser is the supervisor's, from the first byte to the end of the process; what it told is the
 * worker's to read after that. A test is settled before that, and its result told, when nothing that is yet to come can
 * change it: another one has started after it, so that what becomes of the process is not its end. What tests
 * can write themselves is settled only when it has stood for a while: who prints the end of its own test and
 * those of others usually has the true ones printed soon after.
 *
 * Its tests start in the order in which they were asked for. What is told against that order was written by a
 * test, or what was told before it was: the tests concerned are doubted, and run again, each in a process of its own.
 * So does one that was passed over: what was said to have started behind it may not have.
 */
#include "base/clock.h"
#include "base/container.h"
#include "base/failure.h"
#include "base/private_dir.h"
#include "hosts/program_task.h"
#include "hosts/result_log.h"
#include "hosts/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* So many share a process at most: what they have written is kept until it has ended. */
#define STREAM_TESTS_MAX 65536
/* A result file of so many tests, with room for long messages. */
#define RESULT_FILE_BYTES ((size_t)64 << 20)

/* The end of its output and its death are told of within so little time. */
#define SILENT_US 100000u

/* What any test can print has stood for so long before it is settled. */
#define SETTLE_US 1000000u

/* What was told of one test. */
struct stream_test {
	uint64_t start_us, end_us;
	enum proctor_verdict verdict;	/* once it has ended */
	char *message;
	bool started, ended, lost;
	bool doubted;			/* what was told of it contradicts itself */
	bool unsure;			/* or holds only if it is told again, and was not */
	bool aside;			/* it goes on behind the others, and has its end at the end of the process */
	bool logged;			/* the file that grows has its end */
	bool settled;			/* its result was told: what there is of it does not change any more */
	bool contradicted;		/* and was followed by another one */
};

struct stream_host {
	struct host host;
	bool single;			/* the process is one test, told of without a name */
	const struct parser_ops *ops;
	struct parser *parser;		/* NULL: there was no memory for it */
	/* Written by the supervisor; after the end the worker's. */
	struct stream_test *tests;	/* of the task */
	unsigned ntests;
	unsigned nended;		/* the first so many have ended, or were passed over */
	unsigned running;		/* 1 + the one that started last; 0: none did */
	unsigned reread;		/* behind the last one that was told of when the process was over */
	bool complete;			/* it said that it has run all */
	bool ending;			/* what is told now follows from how the process has ended */
	bool end_told;			/* and a test was told of so */
	bool has_file;			/* its file grew: the ends of tests are known from that alone */
	struct result_log log;		/* that file, while the process lives */
	bool in_log;			/* what is told now stands in there */
	unsigned nlogged;		/* the test behind the one that was found there last */
	unsigned nlooked;		/* the first so many are settled, or have no end before that of the process */
	bool others_failed;		/* of those that were not asked for, and ran all the same */
	uint64_t other_us;		/* since when such a test runs; 0: none does */
	bool over;			/* no more of its output comes */
	/* It said that it runs none of the tests that have not started, and why. */
	bool passed_over;
	enum proctor_verdict passed_verdict;
	char *passed_message;
	uint64_t silent_us;		/* since when nothing more can come; 0: it may */
	/* While the parser is fed. */
	uint64_t nread_bytes;		/* that it was given before */
	struct output_cut *cuts;	/* room for one a test */
	unsigned ncuts;
	const struct output_sink *sink;	/* what is fed comes from the channel; else NULL */
};

static struct stream_host *stream_host_of(struct host *h)
{
	return container_of(h, struct stream_host, host);
}

/* ---- what the parser tells ---- */

/* Is it that test? Where both say where it is, not only by its name. */
static bool stream_means(const struct parser_event *event, const struct test *t)
{
	if (event->by_index)
		return t->pub.index == event->index;
	return strcmp(test_own_name(t), event->name) == 0 &&
	       (event->line == 0 || t->pub.line == 0 ||
		(event->line == t->pub.line && strcmp(event->file, t->pub.file) == 0));
}

/* The test that is told of, from number `from` on; the number of tests: there is none. */
static unsigned stream_find(const struct stream_host *sh, const struct parser_event *event, unsigned from)
{
	const struct task *task = &sh->host.shared.work.task;
	unsigned i = from;

	while (event->name && i < sh->ntests &&
	       !stream_means(event, item_test(sh->host.launch->plan, task_item(task, i))))
		i++;
	return i;
}

static void stream_judge(struct stream_test *t, const struct parser_event *event)
{
	if (t->settled) {
		t->contradicted |= event->verdict != t->verdict;
		return;
	}
	free(t->message);
	t->verdict = event->verdict;
	t->unsure = event->unsure;
	t->message = event->message ? strdup(event->message) : NULL;
	t->lost = event->message && !t->message;
}

/* Nothing tells of its start, but that its turn has come. */
static void stream_begin(struct stream_host *sh, unsigned i)
{
	sh->tests[i].started = true;
	sh->tests[i].start_us = clock_us();
	sh->running = i + 1;
}

/* It need not be waited for any more: what comes now is another's. */
static void stream_leave(struct stream_host *sh, unsigned i, const struct parser_event *event)
{
	sh->tests[i].end_us = clock_us();
	sh->nended = i + 1;
	/* What the last one writes after it has ended is its own, too. */
	if (i + 1 == sh->ntests)
		return;
	if (sh->host.shared.work.task.suite->adapter->all_or_one)
		stream_begin(sh, i + 1);
	if (sh->sink)
		sh->sink->cut(sh->host.shared.work.serial + i, sh->sink->data);
	else
		sh->cuts[sh->ncuts++] = (struct output_cut){
			.serial = sh->host.shared.work.serial + i,
			.at = event->nbytes > sh->nread_bytes ?
			      (size_t)(event->nbytes - sh->nread_bytes) : 0,
		};
}

static void stream_ended(struct stream_host *sh, unsigned i, const struct parser_event *event)
{
	sh->tests[i].ended = true;
	stream_judge(&sh->tests[i], event);
	stream_leave(sh, i, event);
}

static bool stream_is_running(const struct stream_host *sh)
{
	return sh->running > sh->nended;
}

/* Where a file says who has ended, the stream is asked for less. */
static void stream_doubt_test(const struct stream_host *sh, struct stream_test *t)
{
	t->doubted = true;
	t->contradicted |= t->settled && !sh->ops->file_grows;
}

/* A test that was to have been through with begins or ends: one of both was not the framework's word. */
static void stream_doubt(struct stream_host *sh, const struct parser_event *event)
{
	unsigned i = stream_find(sh, event, 0);

	if (i < sh->nended)
		stream_doubt_test(sh, &sh->tests[i]);
}

static void stream_on_start(struct stream_host *sh, const struct parser_event *event)
{
	unsigned i = stream_is_running(sh) ? sh->ntests : stream_find(sh, event, sh->nended);
	struct stream_test *t = &sh->tests[i];

	if (i == sh->ntests) {
		stream_doubt(sh, event);
		if (stream_is_running(sh))
			return;
		/* Where no test but those of the task runs, the one before it has written that. */
		if (sh->host.shared.work.task.suite->adapter->runs_others)
			sh->other_us = clock_us();
		else if (sh->nended > 0)
			stream_doubt_test(sh, &sh->tests[sh->nended - 1]);
		return;
	}
	sh->other_us = 0;
	if (!t->started)
		t->start_us = clock_us();
	t->started = true;
	sh->running = i + 1;
}

static void stream_on_end(struct stream_host *sh, const struct parser_event *event)
{
	unsigned running = sh->single ? 0 : sh->running - 1;

	sh->other_us = 0;
	/* Failures are few, and the search is long. Elsewhere such a failure is forged. */
	if (sh->host.shared.work.task.suite->adapter->runs_others &&
	    verdict_is_failure(event->verdict) && stream_find(sh, event, 0) == sh->ntests)
		sh->others_failed = true;
	if (stream_is_running(sh) && stream_find(sh, event, running) == running)
		stream_ended(sh, running, event);
	else if (sh->single && sh->nended == 0)
		stream_ended(sh, 0, event);
	else
		stream_doubt(sh, event);
}

/* A test that is alone is waited for until it ends, whenever it goes on. */
static void stream_on_set_aside(struct stream_host *sh, const struct parser_event *event)
{
	unsigned running = sh->running - 1;

	if (sh->ntests == 1 || !stream_is_running(sh) || stream_find(sh, event, running) != running)
		return;
	sh->tests[running].aside = true;
	stream_leave(sh, running, event);
}

/* The same, where they are mostly told in their order, and `next` comes next. */
static unsigned stream_find_next(const struct stream_host *sh, const struct parser_event *event, unsigned next)
{
	unsigned i = stream_find(sh, event, next);

	return i < sh->ntests ? i : stream_find(sh, event, 0);
}

/* While the process lives: what its file says of an end counts, and the stream says when that was. */
static void stream_on_logged(struct stream_host *sh, const struct parser_event *event)
{
	unsigned i = stream_find_next(sh, event, sh->nlogged);

	if (i == sh->ntests)
		return;
	sh->tests[i].logged = true;
	sh->nlogged = i + 1;
	stream_judge(&sh->tests[i], event);
}

static void stream_on_amended(struct stream_host *sh, const struct parser_event *event)
{
	unsigned last = sh->nended > 0 ? sh->nended - 1 : sh->ntests;

	if (last < sh->ntests && sh->tests[last].ended && stream_find(sh, event, last) == last)
		stream_judge(&sh->tests[last], event);
}

static void stream_end_late(struct stream_host *sh, unsigned i, const struct parser_event *event)
{
	struct stream_test *t = &sh->tests[i];

	if (t->end_us == 0)
		t->end_us = sh->host.shared.end.died_us;
	t->started = t->ended = true;
	sh->end_told |= sh->ending;
	stream_judge(t, event);
}

/* In the plan's order the tests of a suite stand together. */
static void stream_on_suite_end(struct stream_host *sh, const struct parser_event *event)
{
	size_t nname = strlen(event->name);
	bool begun = false;

	for (unsigned i = sh->nended; i < sh->ntests && !stream_is_running(sh); i++) {
		const struct test *t = item_test(sh->host.launch->plan, sh->host.shared.work.task.first + i);
		bool is_of = strncmp(test_own_name(t), event->name, nname) == 0;

		if (!is_of && begun)
			return;
		begun = is_of;
		if (is_of && sh->over) {
			stream_end_late(sh, i, event);
			sh->nended = i + 1;
		} else if (is_of) {
			sh->tests[i].start_us = clock_us();
			sh->tests[i].started = true;
			stream_ended(sh, i, event);
		}
	}
}

/* The process is over, and what is told now is known from its result file, or from how it ended. */
static void stream_on_last_word(struct stream_host *sh, const struct parser_event *event)
{
	unsigned i = stream_find_next(sh, event, sh->reread);

	/* Without a name it is the only one's. */
	if (i == sh->ntests || (!event->name && sh->ntests > 1))
		return;
	sh->reread = i + 1;
	stream_end_late(sh, i, event);
	while (sh->nended < sh->ntests && sh->tests[sh->nended].ended)
		sh->nended++;
}

static void stream_on_passed_over(struct stream_host *sh, const struct parser_event *event)
{
	free(sh->passed_message);
	sh->passed_over = true;
	sh->passed_verdict = event->verdict;
	sh->passed_message = event->message ? strdup(event->message) : NULL;
}

/* What is told of a test that is none of the task is not believed. */
static void stream_on_event(const struct parser_event *event, void *data)
{
	struct stream_host *sh = data;

	switch (event->kind) {
	case PARSER_OUTPUT:
		if (sh->sink && stream_is_running(sh) &&
		    stream_find(sh, event, sh->running - 1) == sh->running - 1)
			sh->sink->write(event->is_stderr, event->output, event->noutput, sh->sink->data);
		break;
	case PARSER_STARTED:
		stream_on_start(sh, event);
		break;
	case PARSER_ENDED:
		if (event->of_suite)
			stream_on_suite_end(sh, event);
		else if (sh->in_log)
			stream_on_logged(sh, event);
		else if (sh->over && !sh->single)
			stream_on_last_word(sh, event);
		else
			stream_on_end(sh, event);
		break;
	case PARSER_COMPLETE:
		sh->complete = true;
		break;
	case PARSER_SET_ASIDE:
		stream_on_set_aside(sh, event);
		break;
	case PARSER_PASSED_OVER:
		stream_on_passed_over(sh, event);
		break;
	case PARSER_AMENDED:
		stream_on_amended(sh, event);
		break;
	}
}

/* ---- the supervisor's ---- */

static unsigned stream_host_output(struct host *h, const char *bytes, size_t nbytes,
				   const struct output_cut **cuts)
{
	struct stream_host *sh = stream_host_of(h);
	struct output_cut *cut;

	if (nbytes == 0)
		sh->silent_us = clock_us();
	if (!sh->parser || nbytes == 0)
		return 0;
	sh->ncuts = 0;
	sh->ops->feed(sh->parser, bytes, nbytes);
	sh->nread_bytes += nbytes;
	/* Wherever the parser says that they lie: within what was read, and in order. */
	for (unsigned i = 0; i < sh->ncuts; i++) {
		cut = &sh->cuts[i];
		if (i > 0 && cut->at < cut[-1].at)
			cut->at = cut[-1].at;
		if (cut->at > nbytes)
			cut->at = nbytes;
	}
	*cuts = sh->cuts;
	return sh->ncuts;
}

/* What the stream said of ends is forgotten: the file says it again, and says it better. */
static void stream_forget_ends(struct stream_host *sh)
{
	sh->has_file = true;
	sh->nended = sh->nlooked;
	sh->running = 0;
	for (unsigned i = 0; i < sh->ntests; i++)
		sh->tests[i].ended = sh->tests[i].settled;
}

/* The file knows who has ended: of those that have started the first other one is the one that ran. */
static void stream_find_running(struct stream_host *sh)
{
	unsigned i = sh->nended;

	if (i < sh->ntests && sh->tests[i].started)
		sh->running = i + 1;
}

static void stream_host_errors(struct host *h, const char *bytes, size_t nbytes)
{
	struct stream_host *sh = stream_host_of(h);

	if (sh->parser && sh->ops->feed_stderr && nbytes > 0)
		sh->ops->feed_stderr(sh->parser, bytes, nbytes);
}

static void stream_host_channel(struct host *h, const char *bytes, size_t nbytes,
				const struct output_sink *sink)
{
	struct stream_host *sh = stream_host_of(h);

	if (nbytes == 0)
		sh->silent_us = clock_us();
	if (!sh->parser || nbytes == 0)
		return;
	sh->sink = sink;
	sh->ops->feed(sh->parser, bytes, nbytes);
	sh->sink = NULL;
}

/* What it left in its directory: what cannot be read is as if it were not there. */
static void stream_read_file(struct stream_host *sh)
{
	const char *name = sh->host.shared.work.task.suite->adapter->result_file;
	struct proctor_error err;
	struct bytes file = { 0 };

	if (!sh->ops->file || !name || !sh->host.dir)
		return;
	if (private_dir_read(sh->host.dir, name, RESULT_FILE_BYTES, &file, &err) == 0) {
		if (sh->ops->file_grows)
			stream_forget_ends(sh);
		if (file.nbytes > 0)
			sh->ops->file(sh->parser, file.data, file.nbytes);
		if (sh->ops->file_grows)
			stream_find_running(sh);
	}
	bytes_fini(&file);
}

/* A test that was not asked for ran to the end of the process: for the sake of the next one, or of one behind that. */
static void stream_blame_other(struct stream_host *sh)
{
	struct stream_test *t = &sh->tests[sh->nended];

	if (sh->other_us == 0 || sh->nended == sh->ntests || stream_is_running(sh))
		return;
	t->started = true;
	t->start_us = sh->other_us;
	t->unsure = true;
	sh->running = sh->nended + 1;
}

/* What was stopped or crashed ended none of its tests; what it wrote of them before holds, if it can. */
static void stream_host_died(struct host *h)
{
	struct stream_host *sh = stream_host_of(h);
	const struct host_end *end = &h->shared.end;
	bool ended = status_is_its_own(end) && !WIFSIGNALED(end->status);

	if (!sh->parser)
		return;
	if (ended || sh->ops->file_grows) {
		sh->ncuts = 0;
		sh->over = true;
		stream_read_file(sh);
		sh->ending = true;
	}
	if (ended)
		sh->ops->end(sh->parser, end->status);
	stream_blame_other(sh);
}

/* The start may have been tried again after its test was said to run. */
static uint64_t stream_start_us(const struct stream_test *t, const struct host_work *work)
{
	return t->start_us > work->handed_us ? t->start_us : work->handed_us;
}

static void stream_take_log(const char *bytes, size_t nbytes, void *data)
{
	struct stream_host *sh = data;

	sh->ops->file(sh->parser, bytes, nbytes);
}

/* Has the file this test's end? */
static bool stream_is_logged(struct stream_host *sh, const struct stream_test *s)
{
	if (!s->logged && sh->host.dir) {
		sh->in_log = true;
		result_log_read(&sh->log, sh->host.dir, sh->host.shared.work.task.suite->adapter->result_file,
				stream_take_log, sh);
		sh->in_log = false;
	}
	return s->logged;
}

/* It has ended, and another test has started after it: can the verdict still change? */
static bool stream_is_settled(struct stream_host *sh, const struct stream_test *s, bool hurry)
{
	if (sh->ops->file_grows)
		return stream_is_logged(sh, s);
	/* Nothing else is written there by accident, unless a result file has the last word. */
	if (sh->host.shared.work.task.suite->adapter->source == PARSER_CHANNEL && !sh->ops->file)
		return true;
	return hurry || clock_us() >= s->end_us + SETTLE_US;
}

/* Its text is handed over: it is told once. */
static void read_told(struct stream_test *s, const struct host_work *work, struct test_evidence *t)
{
	t->told = true;
	t->verdict = s->verdict;
	t->exit_code = -1;
	t->record.start_us = stream_start_us(s, work);
	t->record.end_us = s->end_us;
	t->record.message = s->message;
	t->record.lost = s->lost;
	s->message = NULL;
}

static int stream_host_settled(struct host *h, bool hurry, struct test_evidence *t)
{
	struct stream_host *sh = stream_host_of(h);

	if (!sh->parser || sh->single || sh->over)
		return -1;
	while (sh->nlooked < sh->nended && sh->nlooked + 1 < sh->running) {
		unsigned i = sh->nlooked;
		struct stream_test *s = &sh->tests[i];
		bool waits = !s->ended || s->aside || s->unsure || (s->doubted && !sh->ops->file_grows);

		if (!waits && !stream_is_settled(sh, s, hurry))
			return -1;
		sh->nlooked++;
		if (waits)
			continue;
		s->settled = true;
		read_told(s, &h->shared.work, t);
		return (int)i;
	}
	return -1;
}

static struct progress stream_progress(const struct stream_host *sh, const struct host_work *work)
{
	struct progress p = { .phase = PROGRESS_STARTING, .nended = sh->nended,
			      .since_us = work->handed_us };

	/* Whatever its parser says: it runs until the process ends. */
	if (sh->single)
		return progress_of_one(work->handed_us);
	if (sh->nended > 0) {
		p.phase = PROGRESS_BETWEEN;
		p.since_us = sh->tests[sh->nended - 1].end_us;
	}
	if (sh->other_us > 0 && sh->nended < sh->ntests) {
		p.phase = PROGRESS_TEST;
		p.since_us = sh->other_us;
	}
	if (sh->running > sh->nended) {
		p.phase = PROGRESS_TEST;
		p.nended = sh->running - 1;
		p.since_us = stream_start_us(&sh->tests[p.nended], work);
	}
	return p;
}

static uint64_t stream_host_start_us(const struct host *h, const struct host_work *work,
				     const struct progress *p, unsigned i)
{
	const struct stream_host *sh = container_of(h, const struct stream_host, host);

	(void)p;
	return stream_start_us(&sh->tests[i], work);
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
	sh->ntests = task->ntests;
	/* One more: what is not one of the task's is looked at before it is known to be that. */
	sh->tests = calloc(task->ntests + 1, sizeof(*sh->tests));
	sh->cuts = calloc(task->ntests, sizeof(*sh->cuts));
	if (!sh->parser || !sh->tests || !sh->cuts)
		return error_set(err, -ENOMEM, "no memory for the parser of %s", task->suite->path);
	/* Whatever --nocapture says: nobody else would read it. */
	h->captured = true;
	sh->single = sh->tests[0].started = task->suite->adapter->single;
	if (task->suite->adapter->all_or_one)
		stream_begin(sh, 0);
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

	if (!sh->tests[i].started && sh->passed_over)
		tell(t, sh->passed_verdict, "%s", sh->passed_message ? sh->passed_message : "");
	else if (!sh->tests[i].started)
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

	if (s->settled) {
		read_told(s, &sh->host.shared.work, t);
		t->settled = true;
		return;
	}
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

/* Nothing went wrong in its tests, and yet it says by its status that something did. */
static void read_status(const struct stream_host *sh, unsigned ntold, struct evidence *e)
{
	int status = sh->host.shared.end.status;
	struct test_evidence *last;
	bool all_skipped = true;

	if (sh->single || ntold == 0 || WEXITSTATUS(status) == 0 || sh->others_failed)
		return;
	for (unsigned i = 0; i < ntold; i++) {
		if (verdict_is_failure(e->tests[i].verdict) || e->tests[i].again)
			return;
		all_skipped &= e->tests[i].verdict == PROCTOR_SKIP;
	}
	if (all_skipped && WEXITSTATUS(status) == sh->ops->all_skipped_status)
		return;
	last = &e->tests[ntold - 1];
	if (last->settled)
		return;
	free(last->record.message);
	tell(last, PROCTOR_FAIL, "its tests passed, and the process ended with exit status %d after the last of "
	     "them", WEXITSTATUS(status));
	last->exit_code = WEXITSTATUS(status);
	last->by_exit = true;
}

/* How many tests something can be told of, the process having ended by itself; and whether its end is that of
 * the last one. Those behind them run in another process. */
static unsigned read_exit(const struct stream_host *sh, bool *told)
{
	*told = true;
	if (sh->nended == sh->ntests || !sh->ops->tells_complete)
		return sh->ntests;
	/* It ended in the middle of a test, or stopped telling of itself there. */
	if (stream_is_running(sh))
		return sh->running;
	if (sh->complete)
		return sh->ntests;
	*told = sh->end_told;
	return sh->nended;
}

/* Did it close what tells of its tests, long before it died? Whoever ran then may have ended well, and what came of
 * those after it is not known. */
static bool stream_fell_silent(const struct stream_host *sh)
{
	return sh->silent_us > 0 && sh->silent_us + SILENT_US < sh->host.shared.end.died_us;
}

/* What was told of it may be wrong, and was not told again, as the process did not live so long. A failure stands where
 * its framework expects none. */
static bool stream_is_unsure(const struct stream_host *sh, unsigned i)
{
	const struct task *task = &sh->host.shared.work.task;
	const struct stream_test *t = &sh->tests[i];

	return t->unsure && !(t->ended && item_test(sh->host.launch->plan, task_item(task, i))->none_expected);
}

/* Alone a test can do no other harm, the exit status is its own, and a result file says more than output. */
static void read_doubts(const struct stream_host *sh, unsigned ntold, struct evidence *e)
{
	const struct host_end *end = &sh->host.shared.end;
	bool exited = status_is_its_own(end) && !WIFSIGNALED(end->status);

	for (unsigned i = 0; i < ntold && sh->ntests > 1; i++) {
		const struct stream_test *t = &sh->tests[i];
		bool unended = sh->ops->file && (exited || stream_fell_silent(sh)) && t->started && !t->ended;
		bool jumped = !t->started && i < sh->nended;

		e->tests[i].again = jumped || (!sh->has_file && !t->settled &&
					       (t->doubted || unended || stream_is_unsure(sh, i)));
	}
}

/* Of tests whose results were told it was told once more: not all of that was the framework's. */
static void read_contradictions(const struct stream_host *sh, struct evidence *e)
{
	for (unsigned i = 0; i < sh->nlooked; i++)
		if (sh->tests[i].contradicted && e->ncontradicted++ == 0)
			e->first_contradicted = i;
}

/* They began, and the process did not live until they had ended. If no other test ran at its end, it was one of
 * them: which one is seen when each is alone. */
static void read_asides(const struct stream_host *sh, unsigned ntold, struct evidence *e)
{
	for (unsigned i = 0; i < ntold; i++) {
		if (!sh->tests[i].aside || sh->tests[i].ended)
			continue;
		e->tests[i].again = true;
		e->death_told |= e->progress.phase != PROGRESS_TEST;
	}
}

static void stream_host_read(struct host *h, const struct task *task, bool over, struct evidence *e)
{
	struct stream_host *sh = stream_host_of(h);
	const struct host_end *end = &h->shared.end;
	unsigned ntold;
	bool own = status_is_its_own(end);

	e->progress = stream_progress(sh, &h->shared.work);
	e->start_us = e->progress.since_us;
	if (!over)
		return;
	program_read_crash(h, e);
	if (task->ntests == 1)
		status_usage(&e->usage, end, e->start_us);
	/* A crash in the middle costs the test that ran, and those after it run in another process. */
	ntold = e->progress.nended;
	if (own && WIFSIGNALED(end->status)) {
		e->death_told = e->progress.phase == PROGRESS_TEST;
		ntold += e->death_told;
	} else if (own) {
		ntold = read_exit(sh, &e->death_told);
	} else if (sh->ntests > 1 && stream_is_running(sh) &&
		   (sh->tests[sh->nended].unsure || (sh->ops->file && stream_fell_silent(sh)))) {
		e->death_told = true;
		ntold = sh->running;
	}
	for (unsigned i = 0; i < ntold; i++)
		read_one(sh, i, e);
	read_doubts(sh, ntold, e);
	read_asides(sh, ntold, e);
	read_contradictions(sh, e);
	if (own && !WIFSIGNALED(end->status))
		read_status(sh, ntold, e);
	e->progress.nended = e->nheld = ntold;
}

static void stream_host_close(struct host *h)
{
	struct stream_host *sh = stream_host_of(h);

	if (sh->parser)
		sh->ops->close(sh->parser);
	for (unsigned i = 0; sh->tests && i < sh->ntests; i++)
		free(sh->tests[i].message);
	free(sh->tests);
	free(sh->cuts);
	free(sh->passed_message);
	result_log_close(&sh->log);
}

const struct host_ops stream_host_ops = {
	.name = "program with a parser",
	.nbytes = sizeof(struct stream_host),
	.is_task = true,
	.tests_max = STREAM_TESTS_MAX,
	.prepare = stream_host_prepare,
	.explain = program_refused,
	.hand_out = program_hand_out,
	.tell_end = program_tell_end,
	.word = program_word,
	.is_done = program_is_done,
	.progress = stream_host_progress,
	.start_us = stream_host_start_us,
	.exit_turn = program_exit_turn,
	.marker_key = program_marker_key,
	.output = stream_host_output,
	.errors = stream_host_errors,
	.channel = stream_host_channel,
	.settled = stream_host_settled,
	.died = stream_host_died,
	.read = stream_host_read,
	.read_crash = program_read_crash,
	.close = stream_host_close,
};
