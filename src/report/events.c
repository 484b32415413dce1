/* SPDX-License-Identifier: MIT */
#include "report/events.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container.h"
#include "base/output.h"
#include "base/json_bytes.h"
#include "report/sink.h"

struct events {
	struct reporter reporter;
	struct sink sink;
	char *path;
	size_t flags;		/* how jansson is to write: JSON_COMPACT and the like */
	struct bytes scratch;
};

/* If there is no memory for a member, the whole line is not written: a line with a member missing
 * would be taken for complete. */
static void put(struct events *e, json_t *o, const char *key, json_t *value)
{
	/* If this fails jansson frees the value; it also fails if the value is NULL. */
	if (json_object_set_new_nocheck(o, key, value) < 0)
		e->sink.bytes.failed = true;
}

static void append(struct events *e, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		e->sink.bytes.failed = true;
}

static void put_number(struct events *e, json_t *o, const char *key, uint64_t value)
{
	put(e, o, key, json_integer((json_int_t)value));
}

/* Any bytes: if they are not UTF-8 a second member has them in base64. */
static void put_bytes(struct events *e, json_t *o, const char *key, const char *bytes,
		      size_t nbytes)
{
	if (!json_put_bytes(o, key, bytes, nbytes, &e->scratch))
		e->sink.bytes.failed = true;
}

static void put_text(struct events *e, json_t *o, const char *key, const char *text)
{
	put_bytes(e, o, key, text, strlen(text));
}

static const char *const out_keys[] = { "stdout", "stdout_bytes", "stdout_head" };
static const char *const err_keys[] = { "stderr", "stderr_bytes", "stderr_head" };

/* One captured stream. */
static void put_stream(struct events *e, json_t *o, const char *const *keys, const char *bytes,
		       size_t nbytes, size_t head, uint64_t total_bytes)
{
	put_bytes(e, o, keys[0], nbytes ? bytes : "", nbytes);
	put_number(e, o, keys[1], total_bytes);
	if (head != nbytes)
		put_number(e, o, keys[2], head);
}

/* What is said of a test in each of its events. */
static void put_test(struct events *e, json_t *o, const struct proctor_test *t)
{
	put_text(e, o, "id", t->id);
	put_text(e, o, "suite", t->suite);
	put_text(e, o, "group", t->group);
	put_text(e, o, "name", t->name);
	put_number(e, o, "index", t->index);
	put_text(e, o, "file", t->file);
}

/* And of one of its runs. */
static void put_test_run(struct events *e, json_t *o, const struct proctor_event *event)
{
	const struct proctor_result *r = event->result;

	put_test(e, o, event->test);
	/* A test that was not run had no worker. */
	if (event->kind != PROCTOR_TEST_END || r->verdict != PROCTOR_NOT_RUN) {
		put_number(e, o, "worker", r->worker);
		put(e, o, "core", json_integer(r->core));
	}
	put_number(e, o, "attempt", r->attempt);
	put_number(e, o, "repetition", r->repetition);
	if (r->nrepetitions > 1)
		put_number(e, o, "repetitions", r->nrepetitions);
}

static json_t *marks_list(struct events *e, unsigned marks)
{
	json_t *list = json_array();

	if (marks & PROCTOR_FLAKY)
		append(e, list, json_string("flaky"));
	if (marks & PROCTOR_LEAKY)
		append(e, list, json_string("leaky"));
	if (marks & PROCTOR_SLOW)
		append(e, list, json_string("slow"));
	return list;
}

static void put_result(struct events *e, json_t *o, const struct proctor_result *r)
{
	put(e, o, "verdict", json_string_nocheck(proctor_verdict_name(r->verdict)));
	put(e, o, "final", json_boolean(r->final));
	if (r->marks)
		put(e, o, "marks", marks_list(e, r->marks));
	if (r->exit_code >= 0)
		put_number(e, o, "exit_code", (uint64_t)r->exit_code);
	if (r->signal) {
		put(e, o, "signal", json_integer(r->signal));
		put(e, o, "core_dumped", json_boolean(r->core_dumped));
	}
	put_number(e, o, "start_us", r->start_us);
	put_number(e, o, "duration_us", r->duration_us);
	put_number(e, o, "user_us", r->user_us);
	put_number(e, o, "sys_us", r->sys_us);
	put_number(e, o, "max_rss_kb", r->max_rss_kb);
	if (r->message)
		put_text(e, o, "message", r->message);
	if (r->backtrace)
		put_text(e, o, "backtrace", r->backtrace);
	if (r->left)
		put_text(e, o, "left", r->left);
	if (r->temp_dir)
		put_text(e, o, "temp_dir", r->temp_dir);
	if (r->nleaks || r->leak_bytes) {
		put(e, o, "leaks", json_integer(r->nleaks));
		put(e, o, "leak_bytes", json_integer(r->leak_bytes));
	}
	put_stream(e, o, out_keys, r->out, r->nout, r->out_head, r->out_bytes);
	put_stream(e, o, err_keys, r->err, r->nerr, r->err_head, r->err_bytes);
}

static const char *const findings[PROCTOR_NFINDINGS] = {
	[PROCTOR_FAILS_ALONE] = "fails-alone",
	[PROCTOR_FAILS_AFTER] = "fails-after",
	[PROCTOR_FAILS_AT_TIMES] = "fails-at-times",
	[PROCTOR_NOT_AGAIN] = "not-again",
	[PROCTOR_PASSES_ALONE] = "passes-alone",
};

static void put_confirmation(struct events *e, json_t *o, const struct proctor_event *event)
{
	const struct proctor_confirmation *c = event->confirmation;
	json_t *after = json_array();

	put_test(e, o, event->test);
	put_number(e, o, "attempt", c->attempt);
	put_number(e, o, "repetition", c->repetition);
	put(e, o, "finding", json_string_nocheck(findings[c->finding]));
	put(e, o, "verdict", json_string_nocheck(proctor_verdict_name(c->failed)));
	put(e, o, "alone", json_string_nocheck(proctor_verdict_name(c->alone)));
	put_number(e, o, "before", c->nbefore);
	put_number(e, o, "runs", c->nruns);
	put_text(e, o, "text", c->text);
	for (size_t i = 0; i < c->nafter; i++) {
		json_t *other = json_object();

		put_text(e, other, "id", c->after[i]->id);
		append(e, after, other);
	}
	put(e, o, "after", after);
	put(e, o, "others", json_boolean(c->others));
	if (c->command)
		put_text(e, o, "command", c->command);
}

static void put_run(struct events *e, json_t *o, const struct proctor_event *event)
{
	put_text(e, o, "version", PROCTOR_VERSION);
	if (event->run_id)
		put_text(e, o, "run_id", event->run_id);
	put_number(e, o, "tests", event->ntests);
	put_number(e, o, "threads", event->nthreads);
	put_number(e, o, "cores", event->ncores);
	put_text(e, o, "loop", event->loop);
	if (event->text)
		put_text(e, o, "loop_why", event->text);
	if (event->seed)
		put_number(e, o, "seed", event->seed);
}

static void put_counts(struct events *e, json_t *o, const struct proctor_event *event)
{
	const struct proctor_counts *c = event->counts;
	json_t *verdicts = json_object();

	for (unsigned v = 0; v < PROCTOR_NVERDICTS; v++)
		put_number(e, verdicts, proctor_verdict_name(v), c->by_verdict[v]);
	put(e, o, "counts", verdicts);
	put_number(e, o, "tests", c->total);
	put_number(e, o, "flaky", c->nflaky);
	put_number(e, o, "leaky", c->nleaky);
	put_number(e, o, "slow", c->nslow);
	put_number(e, o, "duration_us", event->duration_us);
	put(e, o, "exit_code", json_integer(event->exit_code));
	if (event->text)
		put_text(e, o, "stopped", event->text);
}

static void put_numbers(struct events *e, json_t *o, const char *name,
			const struct proctor_coverage_numbers *n)
{
	json_t *numbers = json_object();

	put_number(e, numbers, "count", n->count);
	put_number(e, numbers, "covered", n->covered);
	put(e, o, name, numbers);
}

static void put_sentences(struct events *e, json_t *o, const char *name, const char *const *list,
			  size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *item = json_object();

		put_text(e, item, "text", list[i]);
		append(e, array, item);
	}
	put(e, o, name, array);
}

/* The totals only: the numbers of each file are in the report itself. */
static void put_coverage(struct events *e, json_t *o, const struct proctor_coverage_summary *s)
{
	put_numbers(e, o, "lines", &s->total.lines);
	put_numbers(e, o, "functions", &s->total.functions);
	put_numbers(e, o, "regions", &s->total.regions);
	put_numbers(e, o, "branches", &s->total.branches);
	if (s->has_tml)
		put_number(e, o, "tml_functions", s->ntml_functions);
	if (s->nunmapped > 0) {
		put_number(e, o, "unmapped", s->nunmapped);
		put_numbers(e, o, "unmapped_functions", &s->unmapped_functions);
	}
	put(e, o, "below_minimum", json_boolean(s->below_minimum));
	put_sentences(e, o, "problems", s->problems, s->nproblems);
	put_sentences(e, o, "notes", s->notes, s->nnotes);
	if (s->json_path)
		put_text(e, o, "json", s->json_path);
	if (s->lcov_path)
		put_text(e, o, "lcov", s->lcov_path);
	if (s->html_path)
		put_text(e, o, "html", s->html_path);
}

/* What a host wrote when it exited. */
static void put_exit_outputs(struct events *e, json_t *o, const struct proctor_event *event)
{
	json_t *array = json_array();

	for (size_t i = 0; i < event->nexit_outputs; i++) {
		const struct proctor_exit_output *output = &event->exit_outputs[i];
		json_t *item = json_object();

		if (output->suite)
			put_text(e, item, "suite", output->suite);
		if (output->out_bytes > 0)
			put_stream(e, item, out_keys, output->out, output->nout, output->out_head,
				   output->out_bytes);
		if (output->err_bytes > 0)
			put_stream(e, item, err_keys, output->err, output->nerr, output->err_head,
				   output->err_bytes);
		append(e, array, item);
	}
	put(e, o, "exit_output", array);
}

static json_t *event_object(struct events *e, const char *name, const struct proctor_event *event)
{
	json_t *o = json_object();

	put(e, o, "event", json_string_nocheck(name));
	put_number(e, o, "time_us", event->time_us);
	return o;
}

static int line_append(const char *text, size_t size, void *data)
{
	bytes_append(data, text, size);
	return 0;
}

static int events_event(struct reporter *r, const struct proctor_event *event,
			struct proctor_error *err)
{
	struct events *e = container_of(r, struct events, reporter);
	size_t line = e->sink.bytes.nbytes;
	json_t *o = NULL;

	switch (event->kind) {
	case PROCTOR_RUN_START:
		o = event_object(e, "run-start", event);
		put_run(e, o, event);
		break;
	case PROCTOR_TEST_START:
		o = event_object(e, "test-start", event);
		put_test_run(e, o, event);
		break;
	case PROCTOR_TEST_SLOW:
		o = event_object(e, "test-slow", event);
		put_test_run(e, o, event);
		break;
	case PROCTOR_TEST_END:
		o = event_object(e, "test-end", event);
		put_test_run(e, o, event);
		put_result(e, o, event->result);
		break;
	case PROCTOR_TEST_CONFIRMED:
		o = event_object(e, "test-confirmed", event);
		put_confirmation(e, o, event);
		break;
	case PROCTOR_NOTE:
		o = event_object(e, "note", event);
		put_text(e, o, "text", event->text);
		if (event->nexit_outputs > 0)
			put_exit_outputs(e, o, event);
		break;
	case PROCTOR_RUNNING:
		o = event_object(e, "running", event);
		put_text(e, o, "text", event->text);
		break;
	case PROCTOR_TICK:
		return event->more ? 0 : sink_flush(&e->sink, err);
	case PROCTOR_COVERAGE:
		o = event_object(e, "coverage", event);
		put_coverage(e, o, event->coverage);
		break;
	case PROCTOR_RUN_END:
		o = event_object(e, "run-end", event);
		put_counts(e, o, event);
		break;
	}
	if (!o || json_dump_callback(o, line_append, &e->sink.bytes, e->flags) < 0)
		e->sink.bytes.failed = true;
	json_decref(o);
	bytes_append(&e->sink.bytes, "\n", 1);
	/* A line that could not be made completely is left out. */
	if (e->sink.bytes.failed)
		e->sink.bytes.nbytes = line;
	return event->more ? sink_relieve(&e->sink, err) : sink_flush(&e->sink, err);
}

static int events_close(struct reporter *r, struct proctor_error *err)
{
	struct events *e = container_of(r, struct events, reporter);
	int ret = sink_flush(&e->sink, err);

	if (e->sink.fd != STDOUT_FILENO && close(e->sink.fd) < 0 && ret == 0)
		ret = error_sys(err, errno, "cannot write %s", e->sink.name);
	sink_fini(&e->sink);
	bytes_fini(&e->scratch);
	free(e->path);
	free(e);
	return ret;
}

/* "-" is the standard output, which stays the caller's. */
static int events_open_file(struct events *e, const char *path, struct proctor_error *err)
{
	bool shared;
	int ret;

	if (strcmp(path, "-") == 0) {
		e->sink.name = "the standard output";
		e->sink.fd = STDOUT_FILENO;
		return 0;
	}
	e->path = strdup(path);
	if (!e->path)
		return error_sys(err, ENOMEM, "cannot write %s", path);
	e->sink.name = e->path;
	e->sink.fd = output_open(path, &shared, err);
	if (e->sink.fd < 0)
		return e->sink.fd;
	/* EINVAL: it is a device, a pipe or a terminal, which cannot be emptied and need not be. */
	if (shared || ftruncate(e->sink.fd, 0) == 0 || errno == EINVAL)
		return 0;
	ret = error_sys(err, errno, "cannot write %s", path);
	close(e->sink.fd);
	return ret;
}

int events_open(struct reporter **rp, const char *path, struct proctor_error *err)
{
	static const struct reporter_ops ops = { .event = events_event, .close = events_close };
	struct events *e = calloc(1, sizeof(*e));
	int ret;

	if (!e)
		return error_sys(err, ENOMEM, "cannot write %s", path);
	ret = events_open_file(e, path, err);
	if (ret < 0) {
		free(e->path);
		free(e);
		return ret;
	}
	/* On a terminal only ASCII: some characters beyond that are commands to it. */
	e->flags = JSON_COMPACT | (isatty(e->sink.fd) ? JSON_ENSURE_ASCII : 0);
	e->reporter.ops = &ops;
	*rp = &e->reporter;
	return 0;
}
