/* SPDX-License-Identifier: MIT */
#include "run/not_run.h"

#include "run_fixture.h"

static void queue_open(struct scene *s)
{
	assert_int_equal(queue_init(&s->run.queue, &s->plan, 1, s->run.options.repeat, NULL), 0);
}

static void each_test_is_told_once_with_its_repetitions(void **state)
{
	struct scene s;
	struct not_run n;
	struct writer_entry *e;
	struct task task;

	(void)state;
	scene_open(&s, 2);
	queue_open(&s);
	assert_true(queue_try_pop(&s.run.queue, 0, NULL, 0, &task));
	assert_int_equal(queue_push_head(&s.run.queue, &task, 1, task.ntests - 1), 0);
	queue_end(&s.run.queue);
	not_run_open(&n, &s.results, "it was late");
	assert_int_equal(s.results.counts.by_verdict[PROCTOR_NOT_RUN], 2 * SCENE_TESTS - 1);
	assert_true(not_run_tell(&n, 2));
	e = scene_take(&s);
	assert_string_equal(e->event.test->id, "a");
	assert_int_equal(e->result.nrepetitions, 1);
	assert_int_equal(e->result.repetition, 2);
	assert_string_equal(e->result.message, "not run: it was late");
	writer_entry_free(e);
	e = scene_take(&s);
	assert_int_equal(e->result.nrepetitions, 2);
	assert_string_equal(e->result.message, "2 repetitions not run: it was late");
	writer_entry_free(e);
	assert_null(scene_take(&s));
	assert_false(not_run_tell(&n, 2));
	assert_string_equal(scene_told(&s), "end c not-run; ");
	not_run_close(&n);
	queue_fini(&s.run.queue);
	scene_close(&s);
}

static void a_retry_that_was_not_begun_is_a_failure_and_is_explained(void **state)
{
	struct scene s;
	struct not_run n;
	struct task task;
	char why[128] = "it was late";

	(void)state;
	scene_open(&s, 1);
	queue_open(&s);
	while (queue_try_pop(&s.run.queue, 0, NULL, 0, &task))
		continue;
	assert_int_equal(queue_push_retry(&s.run.queue, &s.suite, 1, 2), 0);
	queue_end(&s.run.queue);
	not_run_open(&n, &s.results, why);
	assert_false(not_run_tell(&n, 10));
	assert_string_equal(scene_told(&s), "start b; end b fail; ");
	assert_int_equal(s.results.counts.by_verdict[PROCTOR_FAIL], 1);
	assert_true(s.results.failed);
	not_run_explain(&n, why, sizeof(why));
	assert_string_equal(why, "it was late; 1 more that had failed was not tried again, and "
			    "counts as failed");
	not_run_close(&n);
	queue_fini(&s.run.queue);
	scene_close(&s);
}

static void what_had_begun_is_cancelled(void **state)
{
	struct scene s;
	struct not_run n;

	(void)state;
	scene_open(&s, 1);
	queue_open(&s);
	queue_end(&s.run.queue);
	assert_true(begun_add(&s.results.begun, 2));
	not_run_open(&n, &s.results, "");
	assert_string_equal(scene_told(&s), "end c cancelled; ");
	assert_false(begun_has(&s.results.begun, 2));
	assert_false(not_run_tell(&n, 10));
	assert_string_equal(scene_told(&s), "end a not-run; end b not-run; ");
	not_run_close(&n);
	queue_fini(&s.run.queue);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_is_told_once_with_its_repetitions),
		cmocka_unit_test(a_retry_that_was_not_begun_is_a_failure_and_is_explained),
		cmocka_unit_test(what_had_begun_is_cancelled),
	};

	return cmocka_run_group_tests_name("not_run", tests, NULL, NULL);
}
