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

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	struct CMUnitTest tests[NROWS + 1];
	size_t i;

	for (i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest)harness_row_test(rows[i].title, they_are_kept_apart,
							       &rows[i]);
	tests[NROWS] = (struct CMUnitTest)harness_test(suites_share_a_host);
	return cmocka_run_group_tests_name("host sharing", tests, NULL, NULL);
}
