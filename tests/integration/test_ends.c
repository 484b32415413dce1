/* SPDX-License-Identifier: MIT */
/*
 * How a test process ends: with its last output, with something left behind, not at all, or with a
 * status that somebody else took.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_leaky(const json_t *end)
{
	const json_t *mark;
	size_t i;

	json_array_foreach(json_object_get(end, "marks"), i, mark)
		if (strcmp(json_string_value(mark), "leaky") == 0)
			return true;
	return false;
}

/* The times of the run itself, as its last event tells them. */
static json_int_t run_us(const struct run *run)
{
	return event_number(run_event(run, "run-end"), "duration_us");
}

static void the_last_words_of_a_filter_are_shown(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--repeat=20", "--leak-timeout=50s", suite_path("exe_ends/last_words")),
	});
	size_t i;
	json_t *event;

	(void)state;
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), 20);
	json_array_foreach(run->events, i, event) {
		if (strcmp(event_text(event, "event"), "test-end") != 0)
			continue;
		assert_string_equal(event_text(event, "stdout"), "the reason of the failure\n");
		assert_false(is_leaky(event));
		/* Over at the end of the output, long before the leak time. */
		assert_string_equal(event_text(event, "verdict"), "fail");
	}
	assert_true(run_us(run) < 40000000);
	run_free(run);
}

static void what_ends_within_the_leak_time_is_no_leak(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--leak-timeout=50s", suite_path("exe_ends/soon_over")),
	});

	(void)state;
	run_check_verdict(run, "soon_over", "pass");
	assert_false(is_leaky(run_end(run, "soon_over")));
	assert_true(run_us(run) < 40000000);
	assert_int_equal(run->exit_code, 0);
	run_free(run);
}

static void what_outlives_the_leak_time_is_killed_and_named(void **state)
{
	static const char *const names[] = { "holds_pipe", "quiet" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], id[64];
		struct run *run;

		snprintf(path, sizeof(path), "exe_ends/%s", names[i]);
		snprintf(id, sizeof(id), "%s", names[i]);
		run = run_proctor(&(struct run_setup){
			.args = WORDS("--leak-timeout=300ms", suite_path(path)),
		});
		run_check_verdict(run, id, "pass");
		assert_true(is_leaky(run_end(run, id)));
		assert_non_null(strstr(event_text(run_end(run, id), "left"), names[i]));
		assert_true(run_us(run) >= 300000);
		/* The wait is not the test's. */
		assert_true(event_number(run_end(run, id), "duration_us") <= run_us(run) - 300000);
		run_free(run);
	}
}

static void no_leak_time_may_be_asked_for(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--leak-timeout=0", suite_path("exe_ends/soon_over")),
	});

	(void)state;
	run_check_verdict(run, "soon_over", "pass");
	assert_true(is_leaky(run_end(run, "soon_over")));
	run_free(run);
}

/* Other tests go on while one waits for what it left. */
static bool daemon_costs_the_leak_time(void)
{
	bool in_time;
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=2", "--leak-timeout=1s",
			      suite_path("exe_ends/holds_pipe"), suite_path("exe_ends/passes"),
			      suite_path("exe_ends/last_words")),
	});
	const json_t *leaky = run_end(run, "holds_pipe");
	json_t *event, *last = NULL;
	size_t i;

	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), "test-end") == 0)
			last = event;
	in_time = last == leaky && run_us(run) < 3000000;
	run_free(run);
	return in_time;
}

static void a_daemon_costs_its_own_worker_the_leak_time(void **state)
{
	(void)state;
	test_in_time(daemon_costs_the_leak_time);
}

/* With the supervisor's kill(2) as the kernel would have it where a process cannot be killed. */
static struct run *run_unkillable(const char *expression, const char *const *args)
{
	struct run *run;

	need_program("strace");
	/* The leak sanitizer cannot work in a traced process. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	run = run_start(&(struct run_setup){
		.prefix = WORDS("strace", "-qqq", "-o", "/dev/null", "-e", "trace=kill", "-e",
				expression, "-e", "signal=none", "-e", "status=none"),
		.args = args,
		.cut_short = true,
	});
	run_finish(run);
	/* What could not be killed ends with its parent. */
	run_await_processes(run, NULL, 0);
	run_check(run);
	return run;
}

static size_t count_text(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void check_given_up(struct run *run, const char *id, const char *why)
{
	const json_t *end = run_end(run, id);

	run_check_verdict(run, id, "timeout");
	assert_non_null(strstr(event_text(end, "message"), "still ran at its deadline"));
	assert_non_null(strstr(event_text(end, "message"), "could not be killed"));
	assert_non_null(strstr(event_text(end, "message"), why));
	assert_int_equal(count_text(run->out, "could not be killed"), 1);
}

static bool refused_is_given_up(void)
{
	bool in_time;
	struct run *run = run_unkillable("inject=kill:error=EPERM",
		WORDS("--test-threads=1", "--timeout=300ms", "--grace=100ms",
		      suite_path("exe_ends/hangs"), suite_path("exe_ends/passes"),
		      suite_path("many/libmany_0.so")));

	assert_int_equal(run->exit_code, 1);
	check_given_up(run, "hangs", "may not signal");
	assert_string_equal(event_text(run_end(run, "hangs"), "stdout"), "hangs\n");
	run_check_verdict(run, "passes", "pass");
	/* No need to wait for the effect of what was refused. */
	in_time = run_us(run) < 4000000;
	run_free(run);
	return in_time;
}

static void a_test_that_may_not_be_killed_is_given_up(void **state)
{
	(void)state;
	test_in_time(refused_is_given_up);
}

/* Also one of a library: its neighbours run in another process. */
static void a_test_that_does_not_die_is_given_up(void **state)
{
	struct run *run = run_unkillable("inject=kill:retval=0",
		WORDS("--test-threads=2", "--timeout=300ms", "--grace=100ms", "--filter=hangs",
		      "--skip=tml_test_3", "--skip=tml_test_5", "--skip=tml_test_7",
		      "--skip=tml_test_9", "--skip=tml_test_11", "--skip=tml_test_13",
		      suite_path("ways/libhangs.so")));

	(void)state;
	assert_int_equal(run->exit_code, 1);
	check_given_up(run, "hangs::tml_test_1", "after SIGKILL");
	run_check_verdict(run, "hangs::tml_test_0", "pass");
	run_check_verdict(run, "hangs::tml_test_2", "pass");
	run_check_verdict(run, "hangs::tml_test_14", "pass");
	run_free(run);
}

/* What a test left and nobody may kill is named with the test, once, and not waited for. */
static bool refused_orphan_is_named_once(void)
{
	bool in_time;
	struct run *run = run_unkillable("inject=kill:error=EPERM",
		WORDS("--test-threads=1", "--repeat=3", "--leak-timeout=50ms",
		      suite_path("exe_ends/unkillable_daemon")));
	size_t i, nnamed = 0;
	json_t *event;

	json_array_foreach(run->events, i, event) {
		if (strcmp(event_text(event, "event"), "test-end") == 0) {
			assert_true(is_leaky(event));
			nnamed += count_text(event_text(event, "left"), "could not be killed");
		}
		assert_null(strstr(event_text(event, "text"), "could not be killed"));
	}
	assert_int_equal(nnamed, 3);
	in_time = run_us(run) < 2000000;
	run_free(run);
	return in_time;
}

static void an_orphan_that_may_not_be_killed_is_named_once(void **state)
{
	(void)state;
	test_in_time(refused_orphan_is_named_once);
}

/* The status of a process that somebody else reaped is never taken for a pass. */
static void a_stolen_status_is_an_error(void **state)
{
	struct run *run;

	(void)state;
	need_program("strace");
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("strace", "-qqq", "-o", "/dev/null", "-e", "trace=waitid", "-e",
				"inject=waitid:error=ECHILD", "-e", "signal=none", "-e",
				"status=none"),
		.args = WORDS("--test-threads=1", suite_path("exe_ends/passes"),
			      suite_path("many/libmany_0.so"), suite_path("exe_options/passes")),
	});
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "run-end"), 1);
	run_check_verdict(run, "exe_ends/passes", "error");
	assert_string_equal(event_text(run_end(run, "exe_ends/passes"), "stdout"),
			    "fine\n");
	run_check_verdict(run, "exe_options/passes", "error");
	run_free(run);
}

/* A pipe that cannot be read ends with a note, and no result waits for the rest of it. */
static void a_pipe_that_cannot_be_read_holds_up_no_result(void **state)
{
	char preload[512];
	struct run *run;

	(void)state;
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", suite_path("bin/fail_read.so"));
	/* Ours comes before the sanitizer's own library. */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
	run = run_proctor(&(struct run_setup){
		.env = WORDS(preload),
		/* io_uring reads without read(2). */
		.no_loop = true,
		.args = WORDS("--loop=epoll", "--test-threads=1", suite_path("exe_ends/passes"),
			      suite_path("exe_ends/sleeps")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "can be read no further: Input/output error"));
	run_check_verdict(run, "passes", "pass");
	run_free(run);
}

/* Neither a name nor a message nor the host's life is in the page for a test to write. */
static void a_test_that_writes_into_the_page_harms_itself_alone(void **state)
{
	static const char *const isolations[] = { "--isolation=batch", "--isolation=fork" };

	(void)state;
	for (size_t i = 0; i < sizeof(isolations) / sizeof(isolations[0]); i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS("--test-threads=1", isolations[i],
				      suite_path("page/libpage_writer.so")),
		});

		assert_int_equal(run->exit_code, 1);
		run_check_verdict(run, "page_writer::a_skips", "skip");
		assert_string_equal(event_text(run_end(run, "page_writer::a_skips"), "message"),
				    "a reason of its own");
		/* With fork each test is handed out alone: there is nothing of others to be found. */
		if (i == 0) {
			run_check_verdict(run, "page_writer::b_rewrites_reasons", "crash");
			run_check_verdict(run, "page_writer::c_renames", "crash");
		}
		run_check_verdict(run, "page_writer::d_fails", "fail");
		run_check_verdict(run, "page_writer::e_pass", "pass");
		run_check_verdict(run, "page_writer::g_runs_alone", "pass");
		run_check_verdict(run, "page_writer::h_finds_no_key", "pass");
		run_free(run);
	}
}

/* A test whose record is lost has begun: run again it has one start; never run again, an end. */
static void what_began_has_one_start_and_one_end(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", suite_path("page/libpage_wrecker.so")),
	});

	(void)state;
	run_check_verdict(run, "page_wrecker::a_ends", "pass");
	run_check_verdict(run, "page_wrecker::b_wrecks", "crash");
	run_check_verdict(run, "page_wrecker::c_runs", "pass");
	assert_int_equal(run_count(run, "test-start"), 3);
	run_free(run);

	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--fail-fast",
			      suite_path("page/libpage_wrecker.so")),
	});
	run_check_verdict(run, "page_wrecker::a_ends", "cancelled");
	run_check_verdict(run, "page_wrecker::b_wrecks", "crash");
	assert_int_equal(run_count(run, "test-start"), 2);
	assert_int_equal(run->exit_code, 1);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(the_last_words_of_a_filter_are_shown),
		harness_test(what_ends_within_the_leak_time_is_no_leak),
		harness_test(what_outlives_the_leak_time_is_killed_and_named),
		harness_test(no_leak_time_may_be_asked_for),
		harness_test(a_daemon_costs_its_own_worker_the_leak_time),
		harness_test(a_test_that_may_not_be_killed_is_given_up),
		harness_test(a_test_that_does_not_die_is_given_up),
		harness_test(an_orphan_that_may_not_be_killed_is_named_once),
		harness_test(a_stolen_status_is_an_error),
		harness_test(a_pipe_that_cannot_be_read_holds_up_no_result),
		harness_test(what_began_has_one_start_and_one_end),
		harness_test(a_test_that_writes_into_the_page_harms_itself_alone),
	};

	return cmocka_run_group_tests_name("ends", tests, NULL, NULL);
}
