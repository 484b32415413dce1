/* SPDX-License-Identifier: MIT */
#include "run/results.h"

#include "run/starts.h"
#include "run_fixture.h"

static void what_has_no_host_is_complete_at_once(void **state)
{
	struct scene s;
	struct outcome o;

	(void)state;
	scene_open(&s, 1);
	o = scene_outcome(&s, 0, PROCTOR_ERROR);
	assert_true(results_add(&s.results, NULL, &o));
	assert_ptr_equal(results_tell(&s.results, NULL, &o, true), &s.tests[0].pub);
	assert_string_equal(scene_told(&s), "start a; end a error; ");
	scene_close(&s);
}

static void an_outcome_waits_for_its_output(void **state)
{
	struct scene s;
	struct outcome o;

	(void)state;
	scene_open(&s, 1);
	s.watch.out.started = s.watch.err.started = true;
	o = scene_outcome(&s, 0, PROCTOR_PASS);
	assert_false(results_add(&s.results, &s.watch, &o));
	assert_false(results_next(&s.watch, &o));
	assert_string_equal(scene_told(&s), "start a; ");
	scene_writes(&s, "hello", 1);
	assert_true(results_next(&s.watch, &o));
	results_tell(&s.results, &s.watch, &o, true);
	assert_string_equal(scene_told(&s), "end a pass hello; ");
	assert_false(results_next(&s.watch, &o));
	scene_close(&s);
}

static void output_may_arrive_before_its_outcome(void **state)
{
	struct scene s;
	struct outcome o;

	(void)state;
	scene_open(&s, 1);
	s.watch.out.started = s.watch.err.started = true;
	scene_writes(&s, "hello", 1);
	o = scene_outcome(&s, 0, PROCTOR_PASS);
	assert_true(results_add(&s.results, &s.watch, &o));
	results_tell(&s.results, &s.watch, &o, true);
	assert_string_equal(scene_told(&s), "start a; end a pass hello; ");
	scene_close(&s);
}

/* Even where its own output is complete: who reads the events sees one test after the other. */
static void results_of_a_host_keep_their_order(void **state)
{
	struct scene s;
	struct outcome first, second, o;

	(void)state;
	scene_open(&s, 1);
	s.watch.out.started = s.watch.err.started = true;
	first = scene_outcome(&s, 0, PROCTOR_PASS);
	second = scene_outcome(&s, 1, PROCTOR_FAIL);
	assert_false(results_add(&s.results, &s.watch, &first));
	scene_writes(&s, "one", 1);
	scene_writes(&s, "two", 2);
	assert_false(results_add(&s.results, &s.watch, &second));
	while (results_next(&s.watch, &o))
		results_tell(&s.results, &s.watch, &o, true);
	assert_string_equal(scene_told(&s), "start a; start b; end a pass one; end b fail two; ");
	scene_close(&s);
}

static void a_stream_that_has_ended_holds_up_nobody(void **state)
{
	struct scene s;
	struct outcome o;

	(void)state;
	scene_open(&s, 1);
	cutter_feed(&s.watch.out_cut, "last words", 10);
	o = scene_outcome(&s, 0, PROCTOR_CRASH);
	assert_true(results_add(&s.results, &s.watch, &o));
	results_tell(&s.results, &s.watch, &o, true);
	assert_string_equal(scene_told(&s), "start a; end a crash last words; ");
	scene_close(&s);
}

/* By a look at the host, and once more, and by its outcome: told once. */
static void a_test_has_one_start(void **state)
{
	struct scene s;
	struct outcome o;
	const struct host_work work = { .busy = true, .task = { .ntests = 3, .attempt = 1 },
					.serial = 1 };
	const struct progress p = { .phase = PROGRESS_TEST, .nended = 1, .start_us = { 10, 20 } };

	(void)state;
	scene_open(&s, 1);
	starts_tell(&s.run, &s.results.begun, &s.watch, &work, &p, 5);
	assert_string_equal(scene_told(&s), "start a; start b; ");
	starts_tell(&s.run, &s.results.begun, &s.watch, &work, &p, s.settings.slow_after_us);
	starts_tell(&s.run, &s.results.begun, &s.watch, &work, &p, s.settings.slow_after_us + 1);
	assert_string_equal(scene_told(&s), "slow b; ");
	o = scene_outcome(&s, 0, PROCTOR_PASS);
	assert_true(results_add(&s.results, &s.watch, &o));
	results_tell(&s.results, &s.watch, &o, true);
	assert_string_equal(scene_told(&s), "end a pass; ");
	scene_close(&s);
}

/* Its first process was lost with the record of it. */
static void a_test_that_begins_again_elsewhere_is_not_started_twice(void **state)
{
	struct scene s;
	struct outcome o;
	const struct host_work work = { .busy = true, .task = { .ntests = 3, .attempt = 1 },
					.serial = 1 };
	const struct progress p = { .phase = PROGRESS_TEST, .start_us = { 10 } };

	(void)state;
	scene_open(&s, 1);
	starts_tell(&s.run, &s.results.begun, &s.watch, &work, &p, 5);
	o = scene_outcome(&s, 0, PROCTOR_PASS);
	assert_true(results_add(&s.results, NULL, &o));
	results_tell(&s.results, NULL, &o, true);
	assert_string_equal(scene_told(&s), "start a; end a pass; ");
	scene_close(&s);
}

static void what_is_tried_again_is_not_counted(void **state)
{
	struct scene s;
	struct outcome o;

	(void)state;
	scene_open(&s, 1);
	s.settings.retries = 1;
	o = scene_outcome(&s, 0, PROCTOR_FAIL);
	assert_int_equal(results_follow(&s.results, &o, true), FOLLOW_RETRY);
	assert_int_equal(results_follow(&s.results, &o, false), FOLLOW_NOTHING);
	assert_true(results_add(&s.results, NULL, &o));
	results_tell(&s.results, NULL, &o, false);
	assert_int_equal(results_ndone(&s.results), 0);
	assert_false(s.results.failed);
	o = scene_outcome(&s, 0, PROCTOR_PASS);
	o.result.attempt = 2;
	assert_true(results_add(&s.results, NULL, &o));
	results_tell(&s.results, NULL, &o, true);
	assert_int_equal(results_ndone(&s.results), 1);
	assert_int_equal(s.results.counts.by_verdict[PROCTOR_FAIL], 0);
	assert_int_equal(s.results.counts.nflaky, 1);
	assert_string_equal(scene_told(&s),
			    "start a; end a fail (tried again); start a; end a pass; ");
	scene_close(&s);
}

static void failures_are_counted_towards_the_run_s_end(void **state)
{
	struct scene s;
	struct outcome o;

	(void)state;
	scene_open(&s, 1);
	s.run.options.max_failures = 2;
	o = scene_outcome(&s, 0, PROCTOR_TIMEOUT);
	assert_int_equal(results_follow(&s.results, &o, true), FOLLOW_NOTHING);
	results_tell(&s.results, NULL, &o, true);
	assert_true(s.results.failed);
	o = scene_outcome(&s, 1, PROCTOR_FAIL);
	assert_int_equal(results_follow(&s.results, &o, true), FOLLOW_END_FAILURES);
	scene_close(&s);
}

static void the_bad_exit_of_a_host_is_one_more_result_and_is_not_tried_again(void **state)
{
	struct scene s;
	struct outcome o;

	(void)state;
	scene_open(&s, 1);
	s.settings.retries = 5;
	for (unsigned i = 1; i <= 2; i++) {
		o = (struct outcome){ .item = ITEM_EXIT, .suite = &s.suite, .serial = MARKER_LAST,
				      .result = { .verdict = PROCTOR_CRASH, .attempt = 1 } };
		assert_true(results_add(&s.results, &s.watch, &o));
		assert_int_equal(results_follow(&s.results, &o, true), FOLLOW_NOTHING);
		assert_int_equal(o.result.repetition, i);
		results_tell(&s.results, &s.watch, &o, true);
		assert_string_equal(scene_told(&s), "start suite::(exit); end suite::(exit) crash; ");
	}
	assert_int_equal(s.results.counts.total, SCENE_TESTS + 2);
	assert_int_equal(results_ndone(&s.results), 0);
	scene_close(&s);
}

static void what_a_test_sent_to_proctor_is_said_in_its_result(void **state)
{
	struct scene s;
	struct outcome o;
	struct writer_entry *e;
	struct sent *sent;

	(void)state;
	scene_open(&s, 1);
	sent = watch_add_sent(&s.watch, 2);
	assert_non_null(sent);
	sent->signals = 1u << (SIGTERM - 1);
	o = scene_outcome(&s, 1, PROCTOR_PASS);
	o.message = strdup("done");
	results_tell(&s.results, &s.watch, &o, true);
	e = scene_take(&s);
	assert_string_equal(e->result.message,
			    "done; sent SIGTERM to proctor, which was not obeyed");
	writer_entry_free(e);
	scene_close(&s);
}

static void time_at_which_the_run_stood_still_is_no_test_s(void **state)
{
	struct scene s;
	struct outcome o;

	(void)state;
	scene_open(&s, 1);
	assert_int_equal(pauses_add(&s.run.pauses, 1100, 900000), 0);
	o = scene_outcome(&s, 0, PROCTOR_PASS);
	o.result.end_us = 900100;
	results_tell(&s.results, NULL, &o, true);
	assert_int_equal(o.result.duration_us, 200);
	assert_int_equal(s.results.counts.nslow, 0);
	o = scene_outcome(&s, 1, PROCTOR_PASS);
	o.result.start_us = 900000;
	o.result.end_us = 900001 + s.settings.slow_after_us;
	results_tell(&s.results, NULL, &o, true);
	assert_int_equal(s.results.counts.nslow, 1);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_host_is_complete_at_once),
		cmocka_unit_test(an_outcome_waits_for_its_output),
		cmocka_unit_test(output_may_arrive_before_its_outcome),
		cmocka_unit_test(results_of_a_host_keep_their_order),
		cmocka_unit_test(a_stream_that_has_ended_holds_up_nobody),
		cmocka_unit_test(a_test_has_one_start),
		cmocka_unit_test(a_test_that_begins_again_elsewhere_is_not_started_twice),
		cmocka_unit_test(what_is_tried_again_is_not_counted),
		cmocka_unit_test(failures_are_counted_towards_the_run_s_end),
		cmocka_unit_test(the_bad_exit_of_a_host_is_one_more_result_and_is_not_tried_again),
		cmocka_unit_test(what_a_test_sent_to_proctor_is_said_in_its_result),
		cmocka_unit_test(time_at_which_the_run_stood_still_is_no_test_s),
	};

	return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
