/* SPDX-License-Identifier: MIT */
/* --isolation=fork for programs: a process for each test, forked just before main(); what cannot be forked so is
 * executed, and nothing is lost. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct run *run_forked(const char *name, const char *option)
{
	char path[64];

	snprintf(path, sizeof(path), "forked/%s", name);
	return run_proctor(&(struct run_setup){
		.args = WORDS("--isolation=fork", "--test-threads=1", "--repeat=5", option, suite_path(path)),
	});
}

static size_t notes_with(const struct run *run, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(run->events); i++)
		if (strcmp(event_text(json_array_get(run->events, i), "event"), "note") == 0 &&
		    strstr(event_text(json_array_get(run->events, i), "text"), text))
			n++;
	return n;
}

/* Five of the test, all with this verdict; returns what they printed, which is the same. */
static const char *check_five(const struct run *run, const char *name, const char *verdict)
{
	const char *out = NULL;
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(run->events); i++) {
		const json_t *e = json_array_get(run->events, i);

		if (strcmp(event_text(e, "event"), "test-end") != 0)
			continue;
		n++;
		if (strcmp(event_text(e, "verdict"), verdict) != 0)
			fail_msg("%s is %s", name, event_text(e, "verdict"));
		if (out && strcmp(out, event_text(e, "stdout")) != 0)
			fail_msg("%s printed %s", name, event_text(e, "stdout"));
		out = event_text(e, "stdout");
	}
	assert_int_equal(n, 5);
	return out;
}

static void each_test_is_forked(void **state)
{
	struct run *run;

	(void)state;
	run = run_forked("passes", "--no-color");
	assert_string_equal(check_five(run, "passes", "pass"), "forked\n");
	assert_int_equal(notes_with(run, "fork"), 0);
	run_free(run);
	/* It calls setsid(), which has to work: it must not lead its session. */
	run = run_forked("moves", "--no-color");
	assert_string_equal(check_five(run, "moves", "pass"), "forked\n");
	run_free(run);
	run = run_forked("whole", "--no-color");
	assert_string_equal(check_five(run, "whole", "pass"), "forked\n");
	run_free(run);
}

static void a_test_finds_what_one_that_was_executed_finds(void **state)
{
	static const char rest[] = "words 1 -\nled 1\ndescriptors 3\nhost 1\npreload none\nstdin none\n";
	struct run *run;
	const char *out;

	(void)state;
	run = run_forked("shows", "--no-color");
	out = check_five(run, "shows", "pass");
	assert_int_equal(strncmp(out, rest, strlen(rest)), 0);
	assert_string_equal(out + strlen(rest), "forked\n");
	run_free(run);
	run = run_forked("shows", "--isolation=test");
	out = check_five(run, "shows", "pass");
	assert_int_equal(strncmp(out, rest, strlen(rest)), 0);
	assert_string_equal(out + strlen(rest), "executed\n");
	run_free(run);
}

static void each_crash_has_its_record(void **state)
{
	struct run *run;

	(void)state;
	run = run_forked("faults", "--no-color");
	check_five(run, "faults", "crash");
	for (size_t i = 0; i < json_array_size(run->events); i++)
		if (strcmp(event_text(json_array_get(run->events, i), "event"), "test-end") == 0)
			assert_non_null(strstr(event_text(json_array_get(run->events, i), "backtrace"), "in faults ("));
	run_free(run);
}

static void a_hang_costs_its_test_alone(void **state)
{
	struct run *run;

	(void)state;
	run = run_forked("hangs", "--timeout=150ms");
	check_five(run, "hangs", "timeout");
	assert_int_equal(notes_with(run, "fork"), 0);
	run_free(run);
}

static const struct refused {
	const char *name, *verdict, *why;
} refused[] = {
	{ "threads_before", "pass", "threads before main()" },
	{ "opens_before", "pass", "files open before main()" },
	{ "timer_before", "pass", "timers before main()" },
	{ "handlers_before", "pass", "handlers of pthread_atfork()" },
	{ "child_before", "pass", "children before main()" },
	{ "writes_before", "pass", "writes something before main()" },
	{ "exits_before", "pass", "ended before main()" },
	{ "crashes_before", "crash", "ended before main()" },
	{ "forges_before", "pass", "is no answer" },
};

static void what_cannot_be_forked_is_executed_and_that_is_said_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct refused *r = &refused[i];
		struct run *run = run_forked(r->name, "--no-color");
		const char *out = check_five(run, r->name, r->verdict);

		if (notes_with(run, r->why) != 1 || notes_with(run, "is not forked") != 1 ||
		    strstr(out, "forked"))
			fail_msg("%s: %zu notes, and printed %s", r->name, notes_with(run, r->why), out);
		run_free(run);
	}
}

static void a_server_that_hangs_is_given_up(void **state)
{
	struct run *run;

	(void)state;
	run = run_forked("hangs_before", "--timeout=200ms");
	check_five(run, "hangs_before", "timeout");
	assert_int_equal(notes_with(run, "does not get as far as main()"), 1);
	run_free(run);
}

static void nothing_is_forked_where_nothing_is_put_in(void **state)
{
	struct run *run;

	(void)state;
	run = run_forked("passes", "--no-inject");
	assert_string_equal(check_five(run, "passes", "pass"), "executed\n");
	assert_int_equal(notes_with(run, "is not forked"), 1);
	run_free(run);
}

/* What a run asks for may leave it out, too: the tests are executed, and their verdicts are the same. */
static void what_is_asked_of_the_run_may_refuse_it(void **state)
{
	static const struct {
		const char *option, *why;
	} rows[] = {
		{ "--wrap=env WRAPPED=1", "started by another program (--wrap)" },
		{ "--coverage", "coverage is collected" },
		{ "--nocapture", "its output is not captured" },
	};

	static const char *const names[] = { "passes", "faults" };
	/* Coverage leaves a directory where it is collected. */
	char dir[] = "/tmp/proctor-forked-XXXXXX", command[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = names[i % 2];
		char path[64];
		struct run *run;

		snprintf(path, sizeof(path), "forked/%s", name);
		run = run_proctor(&(struct run_setup){
			.args = WORDS("--isolation=fork", "--test-threads=1", "--repeat=5", rows[i / 2].option,
				      "--on-crash=continue", suite_path(path)),
			.cwd = dir,
		});
		check_five(run, name, i % 2 ? "crash" : "pass");
		if (notes_with(run, rows[i / 2].why) != 1 || notes_with(run, "is not forked") != 1)
			fail_msg("%s: %zu notes", rows[i / 2].option, notes_with(run, rows[i / 2].why));
		run_free(run);
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

static void workers_have_a_server_each_and_change_it_with_the_suite(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--isolation=fork", "--test-threads=3", "--repeat=20", suite_path("forked/passes"),
			      suite_path("forked/whole"), suite_path("forked/shows"),
			      suite_path("program/faults_static")),
	});
	assert_int_equal(run_count(run, "test-end"), 80);
	assert_int_equal(notes_with(run, "is not forked"), 1);
	for (size_t i = 0; i < json_array_size(run->events); i++) {
		const json_t *e = json_array_get(run->events, i);

		if (strcmp(event_text(e, "event"), "test-end") != 0)
			continue;
		if (strcmp(event_text(e, "verdict"), "pass") == 0)
			assert_non_null(strstr(event_text(e, "stdout"), "forked"));
		else
			assert_string_equal(event_text(e, "id"), "faults_static");
	}
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(each_test_is_forked),
		harness_test(a_test_finds_what_one_that_was_executed_finds),
		harness_test(each_crash_has_its_record),
		harness_test(a_hang_costs_its_test_alone),
		harness_test(what_cannot_be_forked_is_executed_and_that_is_said_once),
		harness_test(a_server_that_hangs_is_given_up),
		harness_test(nothing_is_forked_where_nothing_is_put_in),
		harness_test(what_is_asked_of_the_run_may_refuse_it),
		harness_test(workers_have_a_server_each_and_change_it_with_the_suite),
	};

	return cmocka_run_group_tests_name("fork_server", tests, NULL, NULL);
}
