/* SPDX-License-Identifier: MIT */
/* Judging from evidence: the host is none, its kind tells what the test made up. */
#include "run/judge.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NTESTS 4
#define SERIAL 11

/* ---- a kind of host that tells what it was given ---- */

static struct evidence told;
static struct test_evidence told_tests[NTESTS];

static void told_read(struct host *h, const struct task *task, bool over, struct evidence *e)
{
	(void)h, (void)task, (void)over;
	struct test_evidence *tests = e->tests;
	unsigned ntests = e->ntests;

	*e = told;
	e->tests = tests;
	e->ntests = ntests;
	memcpy(tests, told_tests, ntests * sizeof(*tests));
}

static void told_read_crash(const struct host *h, struct evidence *e)
{
	(void)h;
	*e = (struct evidence){ .crash = told.crash };
}

static uint32_t told_exit_turn(const struct host *h)
{
	(void)h;
	return 0;
}

static const struct host_ops told_ops = { .name = "told", .read = told_read,
					  .read_crash = told_read_crash,
					  .exit_turn = told_exit_turn };

struct scene {
	struct test_settings settings;
	struct suite suite;
	struct test tests[NTESTS], *list[NTESTS];
	struct proctor_plan plan;
	struct proctor_options options;
	struct launch launch;
	struct host host;
	struct task task;
	struct outcome outcomes[TASK_TESTS_MAX + 1];
	struct post post;
	struct symbolizers symbolizers;
	struct judgement j;
};

/* The first `nended` have passed; the next one runs, if there is one. */
static void scene_open(struct scene *s, unsigned nended)
{
	*s = (struct scene){ .settings = { .timeout_us = 5000000 },
			     .suite = { .name = "suite", .path = "/suite.so" } };
	for (unsigned i = 0; i < NTESTS; i++) {
		s->tests[i] = (struct test){ .suite = &s->suite, .settings = &s->settings };
		s->list[i] = &s->tests[i];
	}
	s->plan = (struct proctor_plan){ .tests = s->list, .ntests = NTESTS,
					 .settings = s->settings };
	s->launch = (struct launch){ .plan = &s->plan, .options = &s->options };
	s->task = (struct task){ .suite = &s->suite, .ntests = NTESTS, .attempt = 1 };
	s->host = (struct host){ .ops = &told_ops, .launch = &s->launch, .nopened = 1, .nsuites = 1,
				 .suites = { &s->suite } };
	s->host.shared.work = (struct host_work){ .busy = true, .task = s->task, .serial = SERIAL,
						  .handed_us = 100 };
	s->host.shared.end.died_us = 900;
	s->post.outcomes = s->outcomes;
	told = (struct evidence){ .nheld = nended, .start_us = 500,
				  .progress = { .nended = nended,
						.phase = nended < NTESTS ? PROGRESS_TEST :
							 PROGRESS_BETWEEN } };
	memset(told_tests, 0, sizeof(told_tests));
	for (unsigned i = 0; i < nended; i++)
		told_tests[i].record = (struct test_record){ .state = RECORD_ENDED,
							.start_us = 200 + i, .end_us = 201 + i };
}

static void scene_judge(struct scene *s, bool over)
{
	s->j = judge_task(&s->host, &s->task, over, &s->symbolizers, &s->post);
}

static void scene_close(struct scene *s)
{
	for (unsigned i = 0; i < s->post.noutcomes; i++) {
		free(s->outcomes[i].message);
		free(s->outcomes[i].backtrace);
		free(s->outcomes[i].left);
	}
	free(s->j.broken);
	free(s->host.shared.end.left);
}

static void assert_outcome(const struct scene *s, unsigned i, unsigned test,
			   enum proctor_verdict verdict)
{
	assert_true(i < s->post.noutcomes);
	assert_int_equal(s->outcomes[i].item, test);
	assert_int_equal(s->outcomes[i].serial, SERIAL + test);
	assert_int_equal(s->outcomes[i].result.verdict, verdict);
}

/* ---- a host that is done ---- */

static void what_has_ended_is_told_in_order(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, NTESTS);
	told_tests[2].record.value = 3;
	scene_judge(&s, false);
	assert_int_equal(s.post.noutcomes, NTESTS);
	for (unsigned i = 0; i < NTESTS; i++)
		assert_outcome(&s, i, i, i == 2 ? PROCTOR_FAIL : PROCTOR_PASS);
	assert_false(s.j.retire);
	assert_int_equal(s.j.nrest, 0);
	scene_close(&s);
}

static void who_asks_to_be_replaced_leaves_the_rest(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 1);
	told.retire = true;
	scene_judge(&s, false);
	assert_int_equal(s.post.noutcomes, 1);
	assert_true(s.j.retire);
	assert_int_equal(s.j.nrest, NTESTS - 1);
	scene_close(&s);
}

static void what_cannot_be_believed_condemns_and_tells_nothing(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 2);
	error_set(&told.doubt, -1, "overwritten");
	scene_judge(&s, false);
	assert_true(s.j.condemn);
	assert_int_equal(s.post.noutcomes, 0);
	scene_close(&s);
}

static void what_was_settled_has_its_outcome_already(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 3);
	told_tests[0].settled = told_tests[2].settled = true;
	told.death_told = true;
	s.host.shared.end.left = strdup("process 7: sleep");
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_outcome(&s, i, i, PROCTOR_PASS);
		assert_int_equal(s.outcomes[i].settled, i != 1);
	}
	assert_null(s.outcomes[2].left);
	assert_int_equal(s.j.nrest, NTESTS - 3);
	scene_close(&s);
}

static void a_death_after_settled_tests_is_the_processes(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 1);
	told_tests[0].settled = true;
	told.progress.phase = PROGRESS_BETWEEN;
	s.host.shared.end.status = SIGSEGV;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 2);
	assert_true(s.outcomes[0].settled);
	assert_int_equal(s.outcomes[1].item, ITEM_EXIT);
	assert_int_equal(s.outcomes[1].result.verdict, PROCTOR_CRASH);
	scene_close(&s);
}

static void a_contradiction_is_one_more_failure(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, NTESTS);
	s.tests[1].pub.name = "Suite.Second";
	told_tests[1].settled = true;
	told.ncontradicted = 2;
	told.first_contradicted = 1;
	told.death_told = true;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, NTESTS + 1);
	assert_int_equal(s.outcomes[NTESTS].item, ITEM_EXIT);
	assert_int_equal(s.outcomes[NTESTS].result.verdict, PROCTOR_FAIL);
	assert_non_null(strstr(s.outcomes[NTESTS].message, "Suite.Second, and of 1 others"));
	scene_close(&s);
}

/* ---- a host that is over ---- */

static void the_test_that_ran_has_the_death_and_the_rest_runs_again(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 1);
	s.host.shared.end.status = SIGSEGV;
	s.host.shared.end.left = strdup("process 7: sleep");
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 2);
	assert_outcome(&s, 0, 0, PROCTOR_PASS);
	assert_outcome(&s, 1, 1, PROCTOR_CRASH);
	assert_int_equal(s.outcomes[1].result.start_us, 500);
	assert_true(s.outcomes[1].open_output);
	assert_string_equal(s.outcomes[1].left, "process 7: sleep");
	assert_null(s.host.shared.end.left);
	assert_int_equal(s.j.nrest, NTESTS - 2);
	assert_false(s.j.never_began);
	scene_close(&s);
}

static void only_the_test_that_was_overdue_is_a_timeout(void **state)
{
	struct scene s;

	(void)state;
	/* Test 1 was overdue and came back; test 2 began in its grace time. */
	scene_open(&s, 2);
	s.host.shared.end.stop = STOP_TIMEOUT;
	s.host.shared.end.stop_serial = SERIAL + 1;
	s.host.shared.end.status = SIGKILL;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 2);
	assert_outcome(&s, 0, 0, PROCTOR_PASS);
	assert_outcome(&s, 1, 1, PROCTOR_TIMEOUT);
	assert_int_equal(s.j.nrest, NTESTS - 2);
	scene_close(&s);
}

static void a_death_between_two_tests_is_of_the_former(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 2);
	told.progress.phase = PROGRESS_BETWEEN;
	s.host.shared.end.status = SIGABRT;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 2);
	assert_outcome(&s, 1, 1, PROCTOR_CRASH);
	assert_memory_equal(s.outcomes[1].message, "after the test had ended its process died: ", 43);
	assert_int_equal(s.j.nrest, NTESTS - 2);
	scene_close(&s);
}

static void a_death_before_the_first_test_is_tried_once_more(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0);
	told.progress.phase = PROGRESS_STARTING;
	s.host.shared.end.status = SIGABRT;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 0);
	assert_int_equal(s.j.nrest, NTESTS);
	assert_true(s.j.never_began);
	assert_null(s.j.broken);
	scene_close(&s);

	scene_open(&s, 0);
	told.progress.phase = PROGRESS_STARTING;
	s.task.nopens = 1;
	s.host.shared.end.status = SIGABRT;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, NTESTS);
	assert_outcome(&s, 0, 0, PROCTOR_ERROR);
	assert_non_null(s.j.broken);
	assert_int_equal(s.j.nrest, 0);
	scene_close(&s);
}

/* Beside other suites, as static TLS is small; alone it will not be any better. */
static void a_suite_that_does_not_open_is_tried_alone(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0);
	told.progress.phase = PROGRESS_OPENING;
	told.retire = told.open_failed = true;
	s.host.nopened = 2;
	scene_judge(&s, false);
	assert_int_equal(s.post.noutcomes, 0);
	assert_true(s.j.never_began && s.j.retire);
	scene_close(&s);

	scene_open(&s, 0);
	told.retire = told.open_failed = true;
	told.open_message = strdup("no such symbol");
	scene_judge(&s, false);
	assert_int_equal(s.post.noutcomes, NTESTS);
	assert_outcome(&s, 3, 3, PROCTOR_ERROR);
	assert_string_equal(s.j.broken, "cannot open /suite.so: no such symbol");
	assert_true(s.j.retire);
	scene_close(&s);
}

static void who_ran_when_the_page_was_overwritten_crashed(void **state)
{
	struct scene s;

	(void)state;
	/* One record holds; by the output three have ended: two of them are to run again. */
	scene_open(&s, 1);
	error_set(&told.doubt, -1, "the progress page was overwritten: so it was");
	s.host.shared.end.marked_serial = SERIAL + 2;
	s.host.shared.end.stop = STOP_CONDEMNED;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 2);
	assert_outcome(&s, 0, 0, PROCTOR_PASS);
	assert_outcome(&s, 1, 3, PROCTOR_CRASH);
	assert_string_equal(s.outcomes[1].message, "the progress page was overwritten: so it was");
	assert_int_equal(s.j.first_lost, 1);
	assert_int_equal(s.j.nlost, 2);
	assert_int_equal(s.j.nrest, 0);
	scene_close(&s);
}

static void what_had_not_begun_when_the_run_ended_is_put_back(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0);
	told.progress.phase = PROGRESS_OPENING;
	told.opening = true;
	s.host.shared.end.stop = STOP_CANCELLED;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 0);
	assert_int_equal(s.j.nrest, NTESTS);
	scene_close(&s);
}

static void a_death_that_was_told_is_told_once(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 2);
	told.death_told = true;
	told_tests[1].told = true;
	told_tests[1].verdict = PROCTOR_CRASH;
	s.host.shared.end.status = SIGSEGV;
	s.host.shared.end.left = strdup("process 7: sleep");
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 2);
	assert_outcome(&s, 1, 1, PROCTOR_CRASH);
	assert_null(s.outcomes[1].message);
	assert_true(s.outcomes[1].open_output);
	assert_true(s.outcomes[1].result.marks & PROCTOR_LEAKY);
	assert_int_equal(s.j.nrest, NTESTS - 2);
	scene_close(&s);
}

/* ---- exits, distrust ---- */

static void an_exit_is_told_if_it_was_no_good(void **state)
{
	static const struct {
		enum host_stop stop;
		bool stop_exit;
		int status;
		bool told;
	} table[] = {
		{ STOP_NOT, false, 0, false },
		{ STOP_NOT, false, SIGSEGV, true },
		{ STOP_NOT, false, 3 << 8, true },
		{ STOP_TIMEOUT, true, 0, true },
		{ STOP_CANCELLED, false, SIGKILL, false },
		{ STOP_CANCELLED, true, SIGKILL, true },
		{ STOP_CONDEMNED, false, SIGKILL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct scene s;

		scene_open(&s, 0);
		s.host.shared.end.stop = table[i].stop;
		s.host.shared.end.stop_exit = table[i].stop_exit;
		s.host.shared.end.status = table[i].status;
		judge_exit(&s.host, &s.symbolizers, &s.post);
		assert_int_equal(s.post.noutcomes, table[i].told);
		if (table[i].told) {
			assert_int_equal(s.outcomes[0].item, ITEM_EXIT);
			assert_ptr_equal(s.outcomes[0].suite, &s.suite);
		}
		scene_close(&s);
	}
}

static void what_ran_of_another_file_is_an_error_unless_it_was_cancelled(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 2);
	s.host.shared.end.stop = STOP_CANCELLED;
	scene_judge(&s, true);
	assert_int_equal(s.post.noutcomes, 3);
	judge_distrust(&s.post, "it is another file");
	assert_outcome(&s, 0, 0, PROCTOR_ERROR);
	assert_string_equal(s.outcomes[0].message, "it is another file");
	assert_outcome(&s, 1, 1, PROCTOR_ERROR);
	assert_outcome(&s, 2, 2, PROCTOR_CANCELLED);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_ended_is_told_in_order),
		cmocka_unit_test(who_asks_to_be_replaced_leaves_the_rest),
		cmocka_unit_test(what_cannot_be_believed_condemns_and_tells_nothing),
		cmocka_unit_test(what_was_settled_has_its_outcome_already),
		cmocka_unit_test(a_death_after_settled_tests_is_the_processes),
		cmocka_unit_test(a_contradiction_is_one_more_failure),
		cmocka_unit_test(the_test_that_ran_has_the_death_and_the_rest_runs_again),
		cmocka_unit_test(only_the_test_that_was_overdue_is_a_timeout),
		cmocka_unit_test(a_death_between_two_tests_is_of_the_former),
		cmocka_unit_test(a_death_before_the_first_test_is_tried_once_more),
		cmocka_unit_test(a_suite_that_does_not_open_is_tried_alone),
		cmocka_unit_test(who_ran_when_the_page_was_overwritten_crashed),
		cmocka_unit_test(what_had_not_begun_when_the_run_ended_is_put_back),
		cmocka_unit_test(a_death_that_was_told_is_told_once),
		cmocka_unit_test(an_exit_is_told_if_it_was_no_good),
		cmocka_unit_test(what_ran_of_another_file_is_an_error_unless_it_was_cancelled),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
