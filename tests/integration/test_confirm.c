/* SPDX-License-Identifier: MIT */
/* A test that failed in a process in which others had run is run again alone; and after whom it fails is found: always
 * the right one, or nobody. tests/suites/polluted.c says which of 500 tests disturb which. */
#include "harness.h"
#include "framework.h"

#include <signal.h>
#include <unistd.h>

/* ---- the names of the tests ---- */

/* The id of the test with that number. */
static const char *id_of(const char *program, int number, char id[64])
{
	const char *name = strrchr(program, '/') + 1;

	if (strcmp(name, "googletest") == 0)
		snprintf(id, 64, "googletest::Polluted.T%d", 1000 + number);
	else if (strcmp(name, "doctest") == 0)
		snprintf(id, 64, "doctest::it's test %d", 1000 + number);
	else if (strcmp(name, "rust") == 0)
		snprintf(id, 64, "rust::polluted::m%02d::t%d", number / 10, number % 10);
	else
		snprintf(id, 64, "polluted::tml_test_%d", 1000 + number);
	return id;
}

static const json_t *confirmation_of(const struct run *run, const char *id)
{
	const json_t *event;
	size_t i;

	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), "test-confirmed") == 0 &&
		    strcmp(event_text(event, "id"), id) == 0)
			return event;
	fail_msg("nothing was found out about %s", id);
	return NULL;
}

static const char *after_id(const json_t *confirmation, size_t i)
{
	return event_text(json_array_get(json_object_get(confirmation, "after"), i), "id");
}

static void check_finding(const json_t *confirmation, const char *finding)
{
	if (strcmp(event_text(confirmation, "finding"), finding) != 0)
		fail_msg("it was found: %s", event_text(confirmation, "text"));
}

/* Carries a command out as a shell does that it was pasted into; true if it exits with 1, and its report says that the
 * test has failed. */
static bool command_shows(const char *command, const char *const *env, const char *id)
{
	char words[4096], line[4096], want[128];
	bool shown = false;
	size_t n = 0;
	FILE *f;

	for (size_t i = 0; env[i]; i++)
		n += (size_t)snprintf(words + n, sizeof(words) - n, "%s ", env[i]);
	snprintf(words + n, sizeof(words) - n, "%s", command);
	f = popen(words, "r");
	assert_non_null(f);
	snprintf(want, sizeof(want), "  %s, failed\n", id);
	while (fgets(line, sizeof(line), f))
		shown |= strcmp(line, want) == 0;
	return pclose(f) == 1 << 8 && shown;
}

/* ---- who disturbs whom ---- */

static const char *const programs[] = { "polluted/libpolluted.so", "polluted/googletest", "polluted/doctest",
					"polluted/rust" };

static const struct pair {
	int polluter, victim;
} pairs[] = { { 0, 1 }, { 0, 499 }, { 498, 499 }, { 17, 250 }, { 255, 256 }, { 123, 321 }, { 1, 498 }, { 249, 499 } };

static void check_pair(const char *program, const struct pair *pair)
{
	char polluters[32], victim[32], id[64], after[64];
	const char *const env[] = { polluters, victim, NULL };
	const json_t *confirmation;
	struct run *run;

	snprintf(polluters, sizeof(polluters), "POLLUTERS=%d", pair->polluter);
	snprintf(victim, sizeof(victim), "VICTIM=%d", pair->victim);
	run = run_proctor(&(struct run_setup){ .args = WORDS("-j1", "--on-crash=continue", program), .env = env });
	id_of(program, pair->victim, id);
	run_check_verdict(run, id, "fail");
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-confirmed"), 1);
	confirmation = confirmation_of(run, id);
	check_finding(confirmation, "fails-after");
	assert_string_equal(event_text(confirmation, "alone"), "pass");
	assert_int_equal(json_array_size(json_object_get(confirmation, "after")), 1);
	assert_string_equal(after_id(confirmation, 0), id_of(program, pair->polluter, after));
	assert_false(event_flag(confirmation, "others"));
	/* Two runs, nine halvings, seven checks, and one without the one that was found. */
	assert_true(event_number(confirmation, "runs") <= 19);
	assert_true(command_shows(event_text(confirmation, "command"), env, id));
	run_free(run);
}

static void the_one_that_disturbs_is_found_among_500(void **state)
{
	const char *program = framework_program(*state, "compiler for it");

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		check_pair(program, &pairs[i]);
}

static void two_that_are_needed_are_both_found(void **state)
{
	const char *program = framework_program(*state, "compiler for it"), *const env[] = {
		"POLLUTERS=3,400", "NEEDED=2", "VICTIM=450", NULL };
	const json_t *confirmation;
	char id[64], after[64];
	struct run *run = run_proctor(&(struct run_setup){ .args = WORDS("-j1", program), .env = env });

	confirmation = confirmation_of(run, id_of(program, 450, id));
	check_finding(confirmation, "fails-after");
	assert_int_equal(json_array_size(json_object_get(confirmation, "after")), 2);
	assert_string_equal(after_id(confirmation, 0), id_of(program, 3, after));
	assert_string_equal(after_id(confirmation, 1), id_of(program, 400, after));
	assert_true(command_shows(event_text(confirmation, "command"), env, id));
	run_free(run);
}

/* Each of two is enough. */
static void that_there_are_others_is_told(void **state)
{
	const char *program = framework_program(*state, "compiler for it");
	const json_t *confirmation;
	char id[64], after[64];
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", program), .env = WORDS("POLLUTERS=3,400", "VICTIM=450") });

	confirmation = confirmation_of(run, id_of(program, 450, id));
	check_finding(confirmation, "fails-after");
	assert_string_equal(after_id(confirmation, 0), id_of(program, 400, after));
	assert_true(event_flag(confirmation, "others"));
	run_free(run);
}

/* ---- whom nobody disturbs ---- */

static const char *counter_of(char word[64], char path[48])
{
	snprintf(path, 48, "/tmp/proctor-confirm-XXXXXX");
	close(mkstemp(path));
	snprintf(word, 64, "COUNTER=%s", path);
	return word;
}

static const struct flaky {
	const char *period, *finding;
} flakies[] = {
	{ "PERIOD=1000000", "not-again" }, { "PERIOD=2", "fails-at-times" }, { "PERIOD=3", "not-again" },
	{ "PERIOD=1", "fails-alone" },
};

static void a_test_that_fails_at_times_is_put_down_to_nobody(void **state)
{
	const char *program = framework_program(*state, "compiler for it");

	for (size_t i = 0; i < sizeof(flakies) / sizeof(flakies[0]); i++) {
		char word[64], path[48], id[64];
		const json_t *confirmation;
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS("-j1", program),
			.env = WORDS("VICTIM=300", counter_of(word, path), flakies[i].period) });

		confirmation = confirmation_of(run, id_of(program, 300, id));
		check_finding(confirmation, flakies[i].finding);
		assert_int_equal(json_array_size(json_object_get(confirmation, "after")), 0);
		assert_null(json_object_get(confirmation, "command"));
		run_check_verdict(run, id, "fail");
		run_free(run);
		unlink(path);
	}
}

/* ---- what it depends on ---- */

static void nothing_is_confirmed_where_nobody_ran_before_or_wants_it(void **state)
{
	const char *const options[] = { "--no-confirm", "--isolation=test", "--isolation=fork" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS("-j1", options[i], suite_path("polluted/libpolluted.so")),
			.env = WORDS("VICTIM=30", "NEEDED=0") });

		assert_int_equal(run_count(run, "test-confirmed"), 0);
		assert_int_equal(run->exit_code, 1);
		run_free(run);
	}
	/* The first test of its process. */
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", suite_path("polluted/libpolluted.so")), .env = WORDS("VICTIM=0", "NEEDED=0") });

	assert_int_equal(run_count(run, "test-confirmed"), 0);
	run_free(run);
}

static void a_crash_is_confirmed_too(void **state)
{
	const char *program = framework_program(*state, "compiler for it");
	char id[64], after[64];
	const json_t *confirmation;
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", "--on-crash=continue", program), .env = WORDS("POLLUTERS=7", "CRASHES=222") });

	run_check_verdict(run, id_of(program, 222, id), "crash");
	confirmation = confirmation_of(run, id);
	check_finding(confirmation, "fails-after");
	assert_string_equal(after_id(confirmation, 0), id_of(program, 7, after));
	run_free(run);
}

static void a_slow_failure_is_not_run_again(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", "--slow-after=100ms", suite_path("polluted/libpolluted.so")),
		.env = WORDS("VICTIM=30", "NEEDED=0", "SLOWLY=1") });

	(void)state;
	assert_int_equal(run_count(run, "test-confirmed"), 0);
	run_free(run);
}

static void of_many_failures_some_are_confirmed_and_a_note_tells_of_the_others(void **state)
{
	const json_t *event;
	bool told = false;
	size_t i;
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", suite_path("polluted/libpolluted.so")), .env = WORDS("ALL=1") });

	(void)state;
	/* There may be no time for all 100. */
	assert_in_range(run_count(run, "test-confirmed"), 1, 100);
	json_array_foreach(run->events, i, event)
		told |= strstr(event_text(event, "text"),
			       "399 failures were not run again alone: 100 in a run are") != NULL;
	assert_true(told);
	run_free(run);
}

static void a_test_that_passes_when_it_is_tried_again_is_looked_into_too(void **state)
{
	const char *program = suite_path("polluted/libpolluted.so");
	char id[64], after[64];
	const json_t *confirmation;
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", "--retries=1", program), .env = WORDS("POLLUTERS=9", "VICTIM=99") });

	(void)state;
	run_check_verdict(run, id_of(program, 99, id), "pass");
	assert_int_equal(run->exit_code, 0);
	confirmation = confirmation_of(run, id);
	check_finding(confirmation, "fails-after");
	assert_string_equal(after_id(confirmation, 0), id_of(program, 9, after));
	assert_int_equal(event_number(confirmation, "attempt"), 1);
	run_free(run);
}

static void what_failed_when_it_was_tried_again_is_not_tried_once_more(void **state)
{
	char word[64], path[48];
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", "--retries=2", suite_path("polluted/libpolluted.so")),
		.env = WORDS("VICTIM=99", counter_of(word, path), "PERIOD=1") });

	(void)state;
	check_finding(confirmation_of(run, "polluted::tml_test_1099"), "fails-alone");
	/* Three attempts. */
	assert_int_equal(access(path, F_OK), 0);
	FILE *f = fopen(path, "r");
	fseek(f, 0, SEEK_END);
	assert_int_equal(ftell(f), 3);
	fclose(f);
	unlink(path);
	run_free(run);
}

/* A later test of the suite, in the repetition before. */
static void one_of_an_earlier_repetition_is_found(void **state)
{
	const char *program = suite_path("polluted/libpolluted.so"), *const env[] = {
		"POLLUTERS=300", "VICTIM=99", NULL };
	char after[64];
	const json_t *confirmation;
	struct run *run = run_proctor(&(struct run_setup){ .args = WORDS("-j1", "--repeat=3", program), .env = env });

	(void)state;
	/* Once, although it fails twice. */
	assert_int_equal(run_count(run, "test-confirmed"), 1);
	confirmation = confirmation_of(run, "polluted::tml_test_1099");
	check_finding(confirmation, "fails-after");
	assert_int_equal(event_number(confirmation, "repetition"), 2);
	assert_string_equal(after_id(confirmation, 0), id_of(program, 300, after));
	/* Another order than the plan's. */
	assert_true(command_shows(event_text(confirmation, "command"), env, "polluted::tml_test_1099"));
	run_free(run);
}

/* Tests of another library, in the same process. */
static void one_of_another_suite_is_found(void **state)
{
	const json_t *confirmation;
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("-j1", "--timeout=25s", "--grace=1500us", suite_path("polluted/libsets.so"),
			      suite_path("polluted/libminds.so")) });

	(void)state;
	confirmation = confirmation_of(run, "minds::tml_test_3");
	check_finding(confirmation, "fails-after");
	assert_string_equal(after_id(confirmation, 0), "sets::tml_test_1");
	/* It gives them as much time. */
	assert_non_null(strstr(event_text(confirmation, "command"), " --timeout=25000ms --grace=1500us "));
	assert_true(command_shows(event_text(confirmation, "command"), WORDS("LC_ALL=C"), "minds::tml_test_3"));
	run_free(run);
}

/* ---- with several workers, and an end before its time ---- */

static void with_any_number_of_threads_who_is_named_is_the_right_one(void **state)
{
	const char *program = framework_program(*state, "compiler for it");
	const char *const threads[] = { "-j2", "-j4", "-j8" };

	for (size_t i = 0; i < 3; i++) {
		char id[64], after[64];
		const json_t *event;
		size_t k;
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS(threads[i], program), .env = WORDS("POLLUTERS=0", "VICTIM=9") });

		id_of(program, 9, id);
		/* They may have run in different processes. */
		json_array_foreach(run->events, k, event)
			if (strcmp(event_text(event, "event"), "test-confirmed") == 0) {
				check_finding(event, "fails-after");
				assert_string_equal(event_text(event, "id"), id);
				assert_string_equal(after_id(event, 0), id_of(program, 0, after));
			}
		run_free(run);
	}
}

static void an_interrupt_ends_it_and_nothing_is_left(void **state)
{
	const char *program = suite_path("polluted/libpolluted.so");
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("-j1", program), .env = WORDS("POLLUTERS=0", "VICTIM=499", "SLOWLY=1"),
		.no_last_line = false });

	(void)state;
	run_await(run, "test-end", "polluted::tml_test_1499");
	usleep(400000);
	kill(run->pid, SIGINT);
	run_finish(run);
	assert_int_equal(run->exit_code, 130);
	assert_int_equal(run_count(run, "test-end"), 500);
	assert_int_equal(run_count(run, "test-confirmed"), 0);
	run_check_verdict(run, "polluted::tml_test_1499", "fail");
	run_free(run);
}

#define EACH(test, i) harness_row_test(#test ", " #i, test, programs[i])

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(the_one_that_disturbs_is_found_among_500, 0),
		EACH(the_one_that_disturbs_is_found_among_500, 1),
		EACH(the_one_that_disturbs_is_found_among_500, 2),
		EACH(the_one_that_disturbs_is_found_among_500, 3),
		EACH(two_that_are_needed_are_both_found, 0),
		EACH(two_that_are_needed_are_both_found, 1),
		EACH(two_that_are_needed_are_both_found, 2),
		EACH(two_that_are_needed_are_both_found, 3),
		EACH(that_there_are_others_is_told, 0),
		EACH(that_there_are_others_is_told, 1),
		EACH(a_test_that_fails_at_times_is_put_down_to_nobody, 0),
		EACH(a_test_that_fails_at_times_is_put_down_to_nobody, 1),
		EACH(a_test_that_fails_at_times_is_put_down_to_nobody, 2),
		harness_test(nothing_is_confirmed_where_nobody_ran_before_or_wants_it),
		EACH(a_crash_is_confirmed_too, 0),
		EACH(a_crash_is_confirmed_too, 1),
		EACH(a_crash_is_confirmed_too, 2),
		harness_test(a_slow_failure_is_not_run_again),
		harness_test(of_many_failures_some_are_confirmed_and_a_note_tells_of_the_others),
		harness_test(a_test_that_passes_when_it_is_tried_again_is_looked_into_too),
		harness_test(what_failed_when_it_was_tried_again_is_not_tried_once_more),
		harness_test(one_of_an_earlier_repetition_is_found),
		harness_test(one_of_another_suite_is_found),
		EACH(with_any_number_of_threads_who_is_named_is_the_right_one, 0),
		EACH(with_any_number_of_threads_who_is_named_is_the_right_one, 1),
		harness_test(an_interrupt_ends_it_and_nothing_is_left),
	};

	return cmocka_run_group_tests_name("confirm", tests, NULL, NULL);
}
