/* SPDX-License-Identifier: MIT */
/* A worker's thread, with this test in the place of the supervisor: it takes the posts. */
#include "run/worker.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	struct test_settings settings;
	struct suite suite;
	struct test test, *list[1];
	struct proctor_plan plan;
	struct run run;
	struct worker *worker;
	struct proctor_error err;
	_Atomic(char *) broken[1];
	/* What came of it. */
	unsigned nstarted, nreleased, nresults;
	enum proctor_verdict verdict;
	char message[256];
};

static bool linger(void *data, uint64_t us)
{
	(void)us;
	return !((struct run *)data)->stopping;
}

static void scene_open(struct scene *s, const char *path)
{
	struct run *run = &s->run;
	sigset_t all;

	*s = (struct scene){ .settings = { .timeout_us = 5000000, .max_output_bytes = 4096,
					   .own_host = true },
			     .suite = { .adapter = &adapter_exe, .name = "it",
					.path = (char *)path } };
	s->test = (struct test){ .pub = { .id = "it", .name = "it" }, .suite = &s->suite,
				 .settings = &s->settings };
	s->list[0] = &s->test;
	s->plan = (struct proctor_plan){ .tests = s->list, .ntests = 1, .settings = s->settings };
	run->plan = &s->plan;
	run->options.nocapture = true;
	run->broken = s->broken;
	run->nworkers = 1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &run->mask);
	assert_int_equal(inherited_open(&run->inherited, &s->err), 0);
	run->inherited.mask = run->mask;
	assert_int_equal(child_environment_init(&run->environment, "run"), 0);
	assert_int_equal(temp_dirs_open(&run->temp_dirs, "00000000", false, &s->err), 0);
	run->launch = (struct launch){ .plan = &s->plan, .options = &run->options,
				       .inherited = &run->inherited,
				       .environment = &run->environment, .temp_dirs = &run->temp_dirs,
				       .stopping = &run->stopping, .linger = linger,
				       .linger_data = run };
	assert_int_equal(mailbox_open(&run->mailbox, 1, &s->err), 0);
	assert_int_equal(queue_init(&run->queue, &s->plan, 1, 1, &s->err), 0);
	suspects_init(&run->suspects, &s->plan, &run->options, &run->stopping);
	s->worker = &run->workers[0];
	s->worker->run = run;
	s->worker->core = -1;
}

/* Its process ends, as a supervisor would find out. */
static void host_dies(struct watch *h)
{
	struct host_end *end = &h->host->shared.end;

	assert_int_equal(waitpid(h->pid, &end->status, 0), h->pid);
	end->died_us = clock_us();
	host_say_over(h->host);
}

static void post_take(struct scene *s, struct post *post)
{
	switch (post->kind) {
	case POST_STARTED:
		s->nstarted++;
		assert_true(post->watch->pid > 0);
		host_dies(post->watch);
		break;
	case POST_RESULTS:
		for (unsigned i = 0; i < post->noutcomes; i++) {
			struct outcome *o = &post->outcomes[i];

			s->nresults++;
			s->verdict = o->result.verdict;
			snprintf(s->message, sizeof(s->message), "%s", o->message ? o->message : "");
			free(o->message);
			/* What is told of no host names none. */
			assert_true(s->nstarted > 0 || !post->watch);
		}
		mailbox_return(&s->run.mailbox, post);
		queue_end(&s->run.queue);
		break;
	case POST_RELEASED:
		s->nreleased++;
		host_free(post->watch->host);
		watch_free(post->watch);
		break;
	case POST_KILL:
	case POST_CONFIRMED:
	case POST_WORKER_ENDED:
		break;
	}
}

/* Until its worker's last post. */
static void scene_run(struct scene *s)
{
	bool ended = false;

	assert_int_equal(worker_start(s->worker, &s->err), 0);
	while (!ended) {
		struct post *post = mailbox_take(&s->run.mailbox);

		while (post) {
			struct post *next = post->next;

			ended = ended || post->kind == POST_WORKER_ENDED;
			post_take(s, post);
			post = next;
		}
		sched_yield();
	}
	pthread_join(s->worker->thread, NULL);
}

static void scene_close(struct scene *s)
{
	free(s->broken[0]);
	suspects_fini(&s->run.suspects);
	queue_fini(&s->run.queue);
	mailbox_close(&s->run.mailbox);
	child_environment_fini(&s->run.environment);
	assert_int_equal(temp_dirs_finish(&s->run.temp_dirs, &s->err), 0);
	temp_dirs_close(&s->run.temp_dirs);
	pthread_sigmask(SIG_SETMASK, &s->run.mask, NULL);
	inherited_close(&s->run.inherited);
}

static void it_tells_a_start_a_result_and_that_it_is_through(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "/bin/true");
	scene_run(&s);
	assert_int_equal(s.nstarted, 1);
	assert_int_equal(s.nresults, 1);
	assert_int_equal(s.verdict, PROCTOR_PASS);
	assert_int_equal(s.nreleased, 1);
	assert_null(s.worker->watch);
	scene_close(&s);
}

static void what_cannot_be_started_is_an_error_of_its_tests(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "/no/such/program");
	scene_run(&s);
	assert_int_equal(s.nstarted, 0);
	assert_int_equal(s.nresults, 1);
	assert_int_equal(s.verdict, PROCTOR_ERROR);
	assert_non_null(strstr(s.message, "/no/such/program"));
	assert_false(worker_has_host(1, &s.run));
	scene_close(&s);
}

static void nothing_is_started_of_a_suite_that_cannot_be_run(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "/bin/true");
	s.suite.error = "it is broken";
	scene_run(&s);
	assert_int_equal(s.nstarted, 0);
	assert_int_equal(s.verdict, PROCTOR_ERROR);
	assert_string_equal(s.message, "it is broken");
	scene_close(&s);
}

static void nothing_is_run_of_a_file_that_has_changed(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "/bin/true");
	s.suite.file.ino = 1;
	scene_run(&s);
	assert_int_equal(s.nstarted, 0);
	assert_int_equal(s.verdict, PROCTOR_ERROR);
	assert_non_null(strstr(s.message, "its tests are not run"));
	/* Nor of the next of its tests. */
	assert_string_equal(s.broken[0], s.message);
	scene_close(&s);
}

/* What never began is still in the queue, for the report to say so. */
static void count_item(item_t item, unsigned attempt, void *data)
{
	(void)item, (void)attempt;
	++*(unsigned *)data;
}

/* Has the worker taken a task out of the queue? */
static bool queue_was_asked(struct queue *q)
{
	bool asked;

	pthread_mutex_lock(&q->lock);
	asked = q->at_lane[0] < q->nlanes;
	pthread_mutex_unlock(&q->lock);
	return asked;
}

static void what_the_end_of_the_run_kept_from_beginning_is_put_back(void **state)
{
	struct scene s;
	unsigned n = 0;

	(void)state;
	scene_open(&s, "/bin/true");
	s.run.stopping = true;
	assert_int_equal(worker_start(s.worker, &s.err), 0);
	/* It takes the task, may not start it, and puts it back, until the queue ends. */
	while (!queue_was_asked(&s.run.queue))
		sched_yield();
	queue_end(&s.run.queue);
	pthread_join(s.worker->thread, NULL);
	queue_rest(&s.run.queue, count_item, &n);
	assert_int_equal(n, 1);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_tells_a_start_a_result_and_that_it_is_through),
		cmocka_unit_test(what_cannot_be_started_is_an_error_of_its_tests),
		cmocka_unit_test(nothing_is_started_of_a_suite_that_cannot_be_run),
		cmocka_unit_test(nothing_is_run_of_a_file_that_has_changed),
		cmocka_unit_test(what_the_end_of_the_run_kept_from_beginning_is_put_back),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
