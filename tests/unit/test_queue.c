/* SPDX-License-Identifier: MIT */
#include "run/queue.h"

#include "plan/resolve.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A plan of `nsuites` suites with `ntests` tests each, without files behind it. */
struct fake {
	struct suite *suites;
	struct test *tests;
	struct test **order;
	struct proctor_plan plan;
	size_t ntests;
};

static void fake_resolve(struct fake *f, enum proctor_isolation isolation)
{
	const struct proctor_options options = { .isolation = isolation };

	assert_int_equal(plan_resolve(&f->plan, &options, NULL), 0);
}

static void fake_init(struct fake *f, size_t nsuites, size_t ntests)
{
	f->ntests = nsuites * ntests;
	f->suites = calloc(nsuites, sizeof(*f->suites));
	f->tests = calloc(f->ntests, sizeof(*f->tests));
	f->order = calloc(f->ntests, sizeof(*f->order));
	assert_true(f->suites && f->tests && f->order);
	for (size_t i = 0; i < f->ntests; i++) {
		f->tests[i].suite = &f->suites[i / ntests];
		f->order[i] = &f->tests[i];
	}
	for (size_t i = 0; i < nsuites; i++) {
		f->suites[i].adapter = &adapter_tml;
		f->suites[i].file.dev = 1;
		f->suites[i].file.ino = i + 1;
	}
	f->plan = (struct proctor_plan){ .tests = f->order, .ntests = f->ntests };
	fake_resolve(f, PROCTOR_ISOLATION_BATCH);
}

static void fake_fini(struct fake *f)
{
	free(f->suites);
	free(f->tests);
	free(f->order);
	arena_fini(&f->plan.settings_arena);
}

static void a_task_is_at_most_ten_tests_of_one_suite(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;
	size_t ntests = 0;

	(void)state;
	fake_init(&f, 7, 13);
	assert_int_equal(queue_init(&q, &f.plan, 1, 2, NULL), 0);
	while (ntests < 2 * f.ntests) {
		assert_true(queue_pop(&q, 0, NULL, 0, &task));
		assert_in_range(task.ntests, 1, TASK_TESTS_MAX);
		for (unsigned i = 0; i < task.ntests; i++)
			assert_ptr_equal(f.order[(task.first + i) % f.ntests]->suite, task.suite);
		ntests += task.ntests;
	}
	queue_end(&q);
	assert_false(queue_pop(&q, 0, NULL, 0, &task));
	queue_fini(&q);
	fake_fini(&f);
}

static void a_pop_may_be_tried_without_waiting(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 1, 2);
	assert_int_equal(queue_init(&q, &f.plan, 4, 1, NULL), 0);
	queue_pause(&q, true);
	assert_false(queue_try_pop(&q, 0, NULL, 0, &task));
	queue_pause(&q, false);
	assert_true(queue_try_pop(&q, 0, NULL, 0, &task));
	assert_true(queue_try_pop(&q, 0, NULL, 0, &task));
	assert_false(queue_try_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(queue_push_head(&q, &task, 0, 1), 0);
	queue_end(&q);
	assert_false(queue_try_pop(&q, 0, NULL, 0, &task));
	queue_fini(&q);
	fake_fini(&f);
}

static void tasks_shrink_towards_the_end(void **state)
{
	struct fake f;
	struct queue q;
	struct task task = { 0 };
	size_t ntests = 0;

	(void)state;
	fake_init(&f, 1, 400);
	assert_int_equal(queue_init(&q, &f.plan, 4, 1, NULL), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(task.ntests, TASK_TESTS_MAX);
	for (ntests = task.ntests; ntests < 400; ntests += task.ntests) {
		size_t rest = 400 - ntests;

		assert_true(queue_pop(&q, 0, NULL, 0, &task));
		assert_true(task.ntests == 1 || task.ntests <= rest / 16);
	}
	assert_int_equal(task.ntests, 1);
	queue_fini(&q);
	fake_fini(&f);
}

static void a_long_test_is_a_task_of_its_own(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 1, 40);
	for (size_t i = 0; i < f.ntests; i++)
		f.tests[i].duration_us = i == 3 ? 1000000 : 1000;
	assert_int_equal(queue_init(&q, &f.plan, 2, 1, NULL), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(task.ntests, 3);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(task.ntests, 1);
	queue_fini(&q);
	fake_fini(&f);
}

static void a_test_with_a_directory_of_its_own_is_alone(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 1, 10);
	f.tests[2].workdir = (char *)"/";
	fake_resolve(&f, PROCTOR_ISOLATION_BATCH);
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(task.ntests, 2);
	assert_false(task.own_host);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(task.ntests, 1);
	assert_true(task.own_host);
	queue_fini(&q);
	fake_fini(&f);
}

static void isolation_decides_who_shares_a_host(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 1, 40);
	fake_resolve(&f, PROCTOR_ISOLATION_TEST);
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(task.ntests, 1);
	assert_true(task.own_host);
	queue_fini(&q);
	fake_resolve(&f, PROCTOR_ISOLATION_FORK);
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(task.ntests, 1);
	assert_false(task.own_host);
	queue_fini(&q);
	fake_fini(&f);
}

static void workers_keep_to_suites_of_their_own(void **state)
{
	struct fake f;
	struct queue q;
	struct task a, b;

	(void)state;
	fake_init(&f, 2, 100);
	assert_int_equal(queue_init(&q, &f.plan, 2, 1, NULL), 0);
	for (int i = 0; i < 5; i++) {
		assert_true(queue_pop(&q, 0, NULL, 0, &a));
		assert_true(queue_pop(&q, 1, NULL, 0, &b));
		assert_ptr_not_equal(a.suite, b.suite);
	}
	queue_fini(&q);
	fake_fini(&f);
}

static void what_is_put_back_comes_first(void **state)
{
	struct fake f;
	struct queue q;
	struct task task, again;

	(void)state;
	fake_init(&f, 1, 30);
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(queue_push_head(&q, &task, 4, task.ntests - 4), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &again));
	assert_int_equal(again.first, task.first + 4);
	assert_int_equal(again.ntests, task.ntests - 4);
	queue_fini(&q);
	fake_fini(&f);
}

static void a_retry_has_its_attempt_and_a_host_of_its_own(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 1, 1);
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(queue_push_retry(&q, task.suite, task.first, 2), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	assert_int_equal(task.attempt, 2);
	assert_true(task.own_host);
	queue_fini(&q);
	fake_fini(&f);
}

static void rest_count(item_t item, unsigned attempt, void *data)
{
	(void)item, (void)attempt;
	++*(size_t *)data;
}

static void the_rest_is_what_was_never_handed_out(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;
	size_t nrest = 0;

	(void)state;
	fake_init(&f, 3, 20);
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	assert_true(queue_pop(&q, 0, NULL, 0, &task));
	queue_end(&q);
	queue_rest(&q, rest_count, &nrest);
	assert_int_equal(nrest, 60 - task.ntests);
	queue_fini(&q);
	fake_fini(&f);
}

/* Contention: each worker pops, puts part of some tasks back and asks for retries; at the end each
 * item was taken exactly as often as it should. */
#define CROWD_WORKERS 8

struct crowd {
	struct queue q;
	struct fake f;
	_Atomic unsigned *taken;	/* by item */
	_Atomic size_t nopen;
};

struct crowd_worker {
	struct crowd *crowd;
	unsigned slot;
	pthread_t thread;
};

static void crowd_take(struct crowd *c, const struct task *task, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		item_t item = task->first + i;

		c->taken[item]++;
		if (item % 97 == 0 && task->attempt == 1) {
			if (queue_push_retry(&c->q, task->suite, item, 2) < 0)
				abort();
		} else if (--c->nopen == 0) {
			queue_end(&c->q);
		}
	}
}

static void *crowd_main(void *data)
{
	struct crowd_worker *w = data;
	struct crowd *c = w->crowd;
	struct task task;

	while (queue_pop(&c->q, w->slot, NULL, 0, &task)) {
		unsigned n = task.ntests > 1 && task.first % 5 == 0 ? task.ntests / 2 : task.ntests;

		crowd_take(c, &task, n);
		if (n < task.ntests && queue_push_head(&c->q, &task, n, task.ntests - n) < 0)
			abort();
	}
	return NULL;
}

static void nothing_is_lost_or_doubled_under_contention(void **state)
{
	struct crowd c = { 0 };
	struct crowd_worker workers[CROWD_WORKERS];
	unsigned repeat = 3;

	(void)state;
	fake_init(&c.f, 11, 501);
	c.nopen = c.f.ntests * repeat;
	c.taken = calloc(c.nopen, sizeof(*c.taken));
	assert_non_null(c.taken);
	assert_int_equal(queue_init(&c.q, &c.f.plan, CROWD_WORKERS, repeat, NULL), 0);
	for (unsigned i = 0; i < CROWD_WORKERS; i++) {
		workers[i] = (struct crowd_worker){ .crowd = &c, .slot = i };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, crowd_main, &workers[i]), 0);
	}
	for (int i = 0; i < 100; i++)
		queue_pause(&c.q, i % 2 == 0);
	queue_pause(&c.q, false);
	for (unsigned i = 0; i < CROWD_WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	for (size_t i = 0; i < c.f.ntests * repeat; i++)
		assert_int_equal(c.taken[i], i % 97 == 0 ? 2 : 1);
	queue_fini(&c.q);
	free(c.taken);
	fake_fini(&c.f);
}

struct popper {
	struct queue *q;
	_Atomic bool popped;
};

static void *popper_main(void *data)
{
	struct popper *p = data;
	struct task task;

	p->popped = queue_pop(p->q, 0, NULL, 0, &task);
	return NULL;
}

/* A program of a framework: each task starts a process. */
static struct task popped(struct queue *q, unsigned worker)
{
	struct task task;

	assert_true(queue_try_pop(q, worker, NULL, 0, &task));
	return task;
}

static void a_program_gets_what_is_worth_a_process(void **state)
{
	const struct queue_measure short_tests = { .start_us = 3000, .tests_us = 250, .ntests = 25 };
	struct fake f;
	struct queue q;
	struct task first, task;

	(void)state;
	fake_init(&f, 1, 200);
	f.suites[0].adapter = &adapter_googletest;
	assert_int_equal(queue_init(&q, &f.plan, 4, 1, NULL), 0);
	/* Nothing is known of them: a fair part, and nobody else begins meanwhile. */
	first = popped(&q, 0);
	assert_int_equal(first.ntests, 25);
	assert_false(queue_try_pop(&q, 1, NULL, 0, &task));
	/* 10 us each: one more process is worth its start with all of them. */
	queue_measured(&q, &first, &short_tests);
	assert_int_equal(popped(&q, 1).ntests, 175);
	queue_fini(&q);
	fake_fini(&f);
}

/* What an earlier run has measured need not be measured again before the first task is cut. */
static void the_first_task_is_what_is_known_to_be_worth_a_process(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 2, 200);
	f.suites[0].adapter = f.suites[1].adapter = &adapter_googletest;
	f.suites[0].times = (struct program_times){ .start_ns = 3000000, .test_ns = 10000 };
	f.suites[1].times = (struct program_times){ .start_ns = 3000000, .test_ns = 50000000 };
	assert_int_equal(queue_init(&q, &f.plan, 4, 1, NULL), 0);
	assert_int_equal(popped(&q, 0).ntests, 200);
	/* Long ones: a fair part of them, and another worker goes on at once. */
	task = popped(&q, 1);
	assert_in_range(task.ntests, 1, 25);
	assert_true(queue_try_pop(&q, 2, NULL, 0, &task));
	queue_fini(&q);
	fake_fini(&f);
}

static void long_tests_of_a_program_are_shared_out(void **state)
{
	const struct queue_measure long_tests = { .start_us = 3000, .tests_us = 2500000, .ntests = 25 };
	unsigned sum = 25, most = 25;
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 1, 200);
	f.suites[0].adapter = &adapter_googletest;
	assert_int_equal(queue_init(&q, &f.plan, 4, 1, NULL), 0);
	task = popped(&q, 0);
	queue_measured(&q, &task, &long_tests);
	while (sum < 200) {
		task = popped(&q, 1);
		assert_in_range(task.ntests, 1, most);
		most = task.ntests;
		sum += task.ntests;
	}
	assert_int_equal(most, 1);
	queue_fini(&q);
	fake_fini(&f);
}

/* Each name is compared with that of each test. */
static void where_names_cost_time_few_are_named_or_few_left_out(void **state)
{
	const struct queue_measure short_tests = { .start_us = 30000, .tests_us = 1400, .ntests = 14 };
	const struct queue_measure long_tests = { .start_us = 30000, .tests_us = 140000, .ntests = 14 };
	struct fake f;
	struct queue q;
	struct task first, task;

	(void)state;
	fake_init(&f, 1, 20000);
	f.suites[0].adapter = &adapter_catch2;
	f.suites[0].tests = f.tests;
	f.suites[0].ntests = 20000;
	assert_int_equal(queue_init(&q, &f.plan, 2, 1, NULL), 0);
	/* Nothing is known of them: so many as are named in a moment. */
	first = popped(&q, 0);
	assert_int_equal(first.ntests, 14);
	assert_false(queue_try_pop(&q, 1, NULL, 0, &task));
	/* 0.1 ms each, and 0.7 ms to name one: all of the others are named by those that are left out. */
	queue_measured(&q, &first, &short_tests);
	assert_int_equal(popped(&q, 1).ntests, 20000 - 14);
	queue_fini(&q);

	assert_int_equal(queue_init(&q, &f.plan, 2, 1, NULL), 0);
	first = popped(&q, 0);
	queue_measured(&q, &first, &long_tests);
	assert_int_equal(popped(&q, 1).ntests, adapter_catch2.names_max);
	queue_fini(&q);

	/* One worker runs all, and nothing is named. */
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	f.suites[0].times = (struct program_times){ .start_ns = 30000000, .test_ns = 10000000 };
	q.lanes[0].times = f.suites[0].times;
	assert_int_equal(popped(&q, 0).ntests, 20000);
	queue_fini(&q);
	fake_fini(&f);
}

/* It is not waited for what takes long to tell: the next worker helps after a moment. */
static void a_first_task_is_waited_for_no_longer_than_a_moment(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 1, 200);
	f.suites[0].adapter = &adapter_googletest;
	assert_int_equal(queue_init(&q, &f.plan, 4, 1, NULL), 0);
	popped(&q, 0);
	assert_false(queue_try_pop(&q, 1, NULL, 0, &task));
	assert_true(queue_pop(&q, 1, NULL, 0, &task));
	assert_int_equal(task.ntests, 21);
	queue_fini(&q);
	fake_fini(&f);
}

static void a_known_long_test_has_a_process_to_itself(void **state)
{
	struct fake f;
	struct queue q;
	struct task task;

	(void)state;
	fake_init(&f, 1, 3);
	f.suites[0].adapter = &adapter_googletest;
	f.tests[1].duration_us = 2000000;
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		task = popped(&q, 0);
		assert_int_equal(task.ntests, 1);
		queue_measured(&q, &task, &(struct queue_measure){ 0 });
	}
	queue_fini(&q);
	fake_fini(&f);
}

static void a_paused_queue_hands_nothing_out(void **state)
{
	struct fake f;
	struct queue q;
	struct popper p = { .q = &q };
	pthread_t thread;

	(void)state;
	fake_init(&f, 1, 5);
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	queue_pause(&q, true);
	assert_int_equal(pthread_create(&thread, NULL, popper_main, &p), 0);
	queue_end(&q);
	pthread_join(thread, NULL);
	assert_false(p.popped);
	queue_fini(&q);
	fake_fini(&f);
}

static void *lingerer_main(void *data)
{
	struct popper *p = data;

	/* An hour, if nothing ends it. */
	p->popped = queue_linger(p->q, 3600000000u);
	return NULL;
}

static void who_lingers_is_woken_by_the_end(void **state)
{
	struct fake f;
	struct queue q;
	struct popper p = { .q = &q, .popped = true };
	pthread_t thread;

	(void)state;
	fake_init(&f, 1, 5);
	assert_int_equal(queue_init(&q, &f.plan, 1, 1, NULL), 0);
	assert_true(queue_linger(&q, 1000));
	assert_int_equal(pthread_create(&thread, NULL, lingerer_main, &p), 0);
	queue_end(&q);
	pthread_join(thread, NULL);
	assert_false(p.popped);
	assert_false(queue_linger(&q, 0));
	queue_fini(&q);
	fake_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_is_at_most_ten_tests_of_one_suite),
		cmocka_unit_test(a_pop_may_be_tried_without_waiting),
		cmocka_unit_test(tasks_shrink_towards_the_end),
		cmocka_unit_test(a_long_test_is_a_task_of_its_own),
		cmocka_unit_test(a_test_with_a_directory_of_its_own_is_alone),
		cmocka_unit_test(isolation_decides_who_shares_a_host),
		cmocka_unit_test(workers_keep_to_suites_of_their_own),
		cmocka_unit_test(what_is_put_back_comes_first),
		cmocka_unit_test(a_retry_has_its_attempt_and_a_host_of_its_own),
		cmocka_unit_test(the_rest_is_what_was_never_handed_out),
		cmocka_unit_test(nothing_is_lost_or_doubled_under_contention),
		cmocka_unit_test(a_program_gets_what_is_worth_a_process),
		cmocka_unit_test(the_first_task_is_what_is_known_to_be_worth_a_process),
		cmocka_unit_test(long_tests_of_a_program_are_shared_out),
		cmocka_unit_test(where_names_cost_time_few_are_named_or_few_left_out),
		cmocka_unit_test(a_first_task_is_waited_for_no_longer_than_a_moment),
		cmocka_unit_test(a_known_long_test_has_a_process_to_itself),
		cmocka_unit_test(a_paused_queue_hands_nothing_out),
		cmocka_unit_test(who_lingers_is_woken_by_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
