/* SPDX-License-Identifier: MIT */
/* Libraries that would disturb each other in one process, run so that they might share a host. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

struct row {
	const char *title, *dir;
	const char *suites[4];		/* as they are named; each has tml_test_0 */
};

static const struct row rows[] = {
	{ "same soname in two directories", "soname", { "one", "two" } },
	{ "unique global symbols", "unique", { "one", "two" } },
	{ "hard links", "links", { "one", "two" } },
	{ "static TLS", "tls", { "one", "two", "three" } },
	{ "a host full of TLS", "tls_many", { "t0", "t1", "t2" } },
};

static void they_are_kept_apart(void **state)
{
	const struct row *row = *state;
	static const char *const isolations[] = {
		"--isolation=batch", "--isolation=fork", "--no-suite",
	};
	size_t i, s;

	for (i = 0; i < sizeof(isolations) / sizeof(isolations[0]); i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS("--test-threads=1", isolations[i], suite_path(row->dir)),
		});

		for (s = 0; s < 4 && row->suites[s]; s++) {
			char id[64];

			snprintf(id, sizeof(id), "%s::tml_test_0", row->suites[s]);
			run_check_verdict(run, id, "pass");
		}
		assert_int_equal(run->exit_code, 0);
		run_free(run);
	}
}

/* Suites that can share a host do: a process for each would cost more than their tests. */
static void suites_share_a_host(void **state)
{
	const json_t *event;
	struct run *run;
	size_t i, npids = 0, nsuites = 0;
	json_t *pids = json_object();

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--isolation=batch", suite_path("many")),
	});
	assert_int_equal(run->exit_code, 0);
	json_array_foreach(run->events, i, event) {
		if (strcmp(event_text(event, "event"), "test-end") != 0)
			continue;
		nsuites++;
		json_object_set_new(pids, event_text(event, "stdout"), json_true());
	}
	npids = json_object_size(pids);
	json_decref(pids);
	assert_int_equal(nsuites, 12);
	assert_true(npids <= 2);
}

/* In one host; the suites of a directory come in the order of their names. */
static void check_mapped(const char *dir, const unsigned nmapped[4])
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--filter=tml_test_0", suite_path(dir)),
	});
	unsigned first_pid = 0;

	assert_int_equal(run->exit_code, 0);
	for (unsigned i = 0; i < 4; i++) {
		char id[64];
		unsigned n, pid;

		snprintf(id, sizeof(id), "%s_%u::tml_test_0", dir, i);
		assert_int_equal(sscanf(event_text(run_end(run, id), "stdout"), "%u in %u", &n, &pid),
				 2);
		assert_int_equal(n, nmapped[i]);
		if (i == 0)
			first_pid = pid;
		assert_int_equal(pid, first_pid);
	}
	run_free(run);
}

static void what_may_be_closed_is_closed_when_the_next_is_opened(void **state)
{
	(void)state;
	check_mapped("closes", (const unsigned[]){ 1, 1, 1, 1 });
}

static void what_has_a_destructor_stays_open_to_the_end(void **state)
{
	(void)state;
	check_mapped("stays", (const unsigned[]){ 1, 2, 3, 4 });
}

/* The loader puts a library where the one before it was: the names must be those of the last. */
static void a_crash_has_the_names_of_what_is_open(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--on-crash=continue", suite_path("closes")),
	});
	run_check_verdict(run, "closes_3::tml_test_0", "pass");
	run_check_verdict(run, "closes_3::tml_test_1", "crash");
	assert_non_null(strstr(event_text(run_end(run, "closes_3::tml_test_1"), "backtrace"),
			       "crashes_in_the_last"));
	run_free(run);
}

static void a_suite_that_was_closed_runs_again(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=2", "--repeat=3", "--filter=tml_test_0",
			      suite_path("closes")),
	});
	assert_int_equal(run->exit_code, 0);
	run_free(run);
}

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	struct CMUnitTest tests[NROWS + 5];
	size_t i;

	for (i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest)harness_row_test(rows[i].title, they_are_kept_apart,
							       &rows[i]);
	tests[NROWS] = (struct CMUnitTest)harness_test(suites_share_a_host);
	tests[NROWS + 1] = (struct CMUnitTest)
		harness_test(what_may_be_closed_is_closed_when_the_next_is_opened);
	tests[NROWS + 2] = (struct CMUnitTest)
		harness_test(what_has_a_destructor_stays_open_to_the_end);
	tests[NROWS + 3] = (struct CMUnitTest)harness_test(a_crash_has_the_names_of_what_is_open);
	tests[NROWS + 4] = (struct CMUnitTest)harness_test(a_suite_that_was_closed_runs_again);
	return cmocka_run_group_tests_name("host sharing", tests, NULL, NULL);
}
