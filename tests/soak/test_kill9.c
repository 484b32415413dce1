/* SPDX-License-Identifier: MIT */
/*
 * Proctor is killed with SIGKILL at random times, from its first milliseconds on, while tests fork
 * on in chains, start daemons and sleep. Nothing of the run is left two seconds later.
 */
#include "trial.h"

#include <signal.h>
#include <stdio.h>

#define KILLS 500
#define KILLS_SAMPLE 10
/* Later than that all tests have begun. */
#define LATEST_MS 300
#define GONE_MS 2000

static void nothing_is_left_of_a_killed_run(void **state)
{
	struct tally tally = { .what = "kills" };
	unsigned nkills = soaking() ? KILLS : KILLS_SAMPLE;

	(void)state;
	for (unsigned i = 0; i < nkills; i++) {
		/* Half of them while proctor starts, when the most is in between. */
		unsigned after_ms = draw(2) ? draw(LATEST_MS) : draw(30);
		char names[512], title[64], problem[600];
		struct trial t;
		unsigned left;

		trial_start(&t, &(struct trial_setup){
			.args = WORDS("--quiet", "--test-threads=4", "--timeout=30s",
				      suite_path("soak/libforks.so"),
				      suite_path("exe/hangs_with_daemon"),
				      suite_path("exe/hangs_with_children")) });
		pause_ms(after_ms);
		kill(t.pid, SIGKILL);
		assert_true(trial_wait(&t, 5000));
		left = trial_left(&t, GONE_MS, names, sizeof(names));
		snprintf(title, sizeof(title), "killed after %u ms", after_ms);
		snprintf(problem, sizeof(problem), "%u left: %s", left, names);
		tally_add(&tally, &t, title, left > 0 ? problem : NULL);
		trial_end(&t);
	}
	tally_end(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_of_a_killed_run),
	};

	return cmocka_run_group_tests_name("kill -9", tests, NULL, NULL);
}
