/* SPDX-License-Identifier: MIT */
/* A run of three tests, a, b and c, without threads and processes, for unit tests of what the
 * supervisor asks. What is told stays with the writer: no thread delivers it. */
#ifndef UNIT_RUN_FIXTURE_H
#define UNIT_RUN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "run/results.h"

#define SCENE_TESTS 3u
#define SCENE_TOLD_BYTES 2048

static const uint8_t scene_key[MARKER_KEY_BYTES] = "k123456789abcde";

struct scene {
	struct suite suite;
	struct test_settings settings;
	struct test tests[SCENE_TESTS], *list[SCENE_TESTS];
	struct proctor_plan plan;
	struct run run;
	struct results results;
	struct host host;
	struct watch watch;		/* of `host`, which runs all of them, with serials from 1 */
	char told[SCENE_TOLD_BYTES];
};

/* How far the host is, whatever it was handed. */
static struct progress scene_progress;

static inline struct progress scene_read_progress(const struct host *h, const struct host_work *work,
						  uint64_t now_us)
{
	(void)h, (void)work, (void)now_us;
	return scene_progress;
}

static inline uint32_t scene_exit_turn(const struct host *h)
{
	(void)h;
	return 1;
}

static const struct host_ops scene_host_ops = { .name = "scene", .progress = scene_read_progress,
						   .start_us = host_progress_start_us,
						.exit_turn = scene_exit_turn };

static inline void scene_open(struct scene *s, unsigned repeat)
{
	static char *const ids[SCENE_TESTS] = { "a", "b", "c" };

	*s = (struct scene){ .suite = { .adapter = &adapter_tml, .name = "suite", .group = "", .path = "/suite",
					.ntests = SCENE_TESTS },
			     .settings = { .timeout_us = 1000000, .grace_us = 1000,
					   .slow_after_us = 500000, .max_output_bytes = 1024 } };
	for (unsigned i = 0; i < SCENE_TESTS; i++) {
		s->tests[i] = (struct test){ .pub = { .id = ids[i] }, .suite = &s->suite,
					     .settings = &s->settings };
		s->list[i] = &s->tests[i];
	}
	s->plan = (struct proctor_plan){ .tests = s->list, .ntests = SCENE_TESTS,
					 .settings = s->settings };
	s->run.plan = &s->plan;
	s->run.options = (struct proctor_options){ .repeat = repeat,
						   .on_crash = PROCTOR_ON_CRASH_CONTINUE };
	snprintf(s->run.run_id, sizeof(s->run.run_id), "0123456789abcdef");
	suspects_init(&s->run.suspects, &s->plan, &s->run.options, &s->run.stopping);
	pauses_init(&s->run.pauses);
	s->run.writer.batch_tail = &s->run.writer.batch;
	assert_int_equal(results_open(&s->results, &s->run), 0);
	pthread_mutex_init(&s->host.shared.lock, NULL);
	s->host.ops = &scene_host_ops;
	s->host.settings = &s->settings;
	s->host.suites[0] = &s->suite;
	s->host.nsuites = 1;
	s->watch = (struct watch){ .run = &s->run, .host = &s->host, .captured = true,
				   .pidfd = -1, .out = { .fd = -1 }, .err = { .fd = -1 },
				   .waiting_tail = &s->watch.waiting, .act_us = CLOCK_NEVER };
	cutter_init(&s->watch.out_cut, scene_key, 1024);
	cutter_init(&s->watch.err_cut, scene_key, 1024);
}

static inline struct writer_entry *scene_take(struct scene *s)
{
	struct writer *w = &s->run.writer;
	struct writer_entry *e = w->batch;

	if (!e)
		return NULL;
	w->batch = e->next;
	if (!w->batch)
		w->batch_tail = &w->batch;
	return e;
}

static inline void scene_close(struct scene *s)
{
	free(s->watch.sent.list);
	struct writer_entry *e;

	while ((e = scene_take(s)))
		writer_entry_free(e);
	cutter_fini(&s->watch.out_cut);
	cutter_fini(&s->watch.err_cut);
	results_close(&s->results);
	suspects_fini(&s->run.suspects);
	pauses_fini(&s->run.pauses);
	pthread_mutex_destroy(&s->host.shared.lock);
}

/* All that was told since the last call, "start a; end a pass; ", notes by their text. */
static inline const char *scene_told(struct scene *s)
{
	struct writer_entry *e;
	size_t n = 0;

	s->told[0] = '\0';
	while ((e = scene_take(s))) {
		const struct proctor_event *event = &e->event;
		const char *id = event->test ? event->test->id : "";
		char *at = s->told + n;
		size_t nat = sizeof(s->told) - n;

		switch (event->kind) {
		case PROCTOR_TEST_START:
			n += (size_t)snprintf(at, nat, "start %s; ", id);
			break;
		case PROCTOR_TEST_SLOW:
			n += (size_t)snprintf(at, nat, "slow %s; ", id);
			break;
		case PROCTOR_TEST_END:
			n += (size_t)snprintf(at, nat, "end %s %s%s%.*s%s; ", id,
					      proctor_verdict_name(e->result.verdict),
					      e->result.nout ? " " : "", (int)e->result.nout,
					      e->result.nout ? e->result.out : "",
					      e->result.final ? "" : " (tried again)");
			break;
		case PROCTOR_NOTE:
			n += (size_t)snprintf(at, nat, "note %s; ", event->text);
			break;
		case PROCTOR_TEST_CONFIRMED:
			n += (size_t)snprintf(at, nat, "confirmed %s %s; ", id, event->confirmation->text);
			break;
		case PROCTOR_RUN_START: case PROCTOR_RUN_END: case PROCTOR_RUNNING:
		case PROCTOR_TICK: case PROCTOR_COVERAGE:
			break;
		}
		assert_true(n < sizeof(s->told));
		writer_entry_free(e);
	}
	return s->told;
}

/* The host writes `text`, and the marker that ends the test with this serial. */
static inline void scene_writes(struct scene *s, const char *text, uint32_t serial)
{
	char marker[MARKER_BYTES];

	memcpy(marker, scene_key, MARKER_KEY_BYTES);
	for (int i = 0; i < 4; i++)
		marker[MARKER_KEY_BYTES + i] = (char)(serial >> (8 * i));
	cutter_feed(&s->watch.out_cut, text, strlen(text));
	cutter_feed(&s->watch.out_cut, marker, sizeof(marker));
	cutter_feed(&s->watch.err_cut, marker, sizeof(marker));
}

/* The host is at all three tests of a task, and the one after `nended` runs since `since_us`. */
static inline void scene_runs(struct scene *s, unsigned nended, uint64_t since_us)
{
	s->host.shared.work = (struct host_work){ .busy = true, .serial = 1,
						  .task = { .suite = &s->suite, .attempt = 1,
							    .ntests = SCENE_TESTS },
						  .handed_us = since_us };
	scene_progress = (struct progress){ .phase = PROGRESS_TEST, .nended = nended,
					    .since_us = since_us };
}

static inline struct outcome scene_outcome(struct scene *s, item_t item, enum proctor_verdict verdict)
{
	return (struct outcome){ .item = item, .suite = &s->suite, .serial = item + 1,
				 .result = { .verdict = verdict, .attempt = 1, .start_us = 1000,
					     .end_us = 2000 } };
}

#endif
