/* SPDX-License-Identifier: MIT */
/* The smoke set: 224 tests that pass, each with its own output, however they are run. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define NSUITES 28
#define NTESTS 8
#define NROUNDS 5

struct row {
	const char *title, *threads, *isolation;
};

static const struct row rows[] = {
	{ "1 thread", "--test-threads=1", "--isolation=batch" },
	{ "2 threads", "--test-threads=2", "--isolation=batch" },
	{ "4 threads", "--test-threads=4", "--isolation=batch" },
	{ "8 threads", "--test-threads=8", "--isolation=batch" },
	{ "1 thread, --no-suite", "--test-threads=1", "--no-suite" },
	{ "2 threads, --no-suite", "--test-threads=2", "--no-suite" },
	{ "4 threads, --no-suite", "--test-threads=4", "--no-suite" },
	{ "8 threads, --no-suite", "--test-threads=8", "--no-suite" },
	{ "4 threads, a fork for each", "--test-threads=4", "--isolation=fork" },
};

static void check_output(const struct run *run, unsigned suite, unsigned index)
{
	char id[64], out[64], err[64];
	const json_t *end;

	snprintf(id, sizeof(id), "smoke_%u::tml_test_%u", suite, index);
	snprintf(out, sizeof(out), "smoke %u/%u\n", suite, index);
	snprintf(err, sizeof(err), "SMOKE %u/%u\n", suite, index);
	run_check_verdict(run, id, "pass");
	end = run_end(run, id);
	assert_string_equal(event_text(end, "stdout"), out);
	assert_string_equal(event_text(end, "stderr"), err);
}

static void the_smoke_set_passes(void **state)
{
	const struct row *row = *state;
	unsigned round, suite, index;

	for (round = 0; round < (getenv("PROCTOR_SOAK") ? 10 * NROUNDS : NROUNDS); round++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS(row->threads, row->isolation, "--shuffle",
				      suite_path("smoke")),
		});

		if (run->exit_code != 0)
			fail_msg("exit code %d; stdout: %s; stderr: %s", run->exit_code, run->out,
				 run->err);
		assert_int_equal(run_count(run, "test-end"), NSUITES * NTESTS);
		assert_non_null(strstr(run->out, "Tests: 224 passed, 0 failed, 0 skipped"));
		for (suite = 0; suite < NSUITES; suite++)
			for (index = 0; index < NTESTS; index++)
				check_output(run, suite, index);
		run_free(run);
	}
}

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	struct CMUnitTest tests[NROWS];
	size_t i;

	for (i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest)harness_row_test(rows[i].title,
							       the_smoke_set_passes, &rows[i]);
	return cmocka_run_group_tests_name("smoke", tests, NULL, NULL);
}
