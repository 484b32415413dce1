/* SPDX-License-Identifier: MIT */
/* The results of a program's tests are told while its process runs: one of them waits meanwhile. */
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/proctor-live-XXXXXX", gate[64], variable[80];

static int gate_make(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(gate, sizeof(gate), "%s/gate", dir);
	snprintf(variable, sizeof(variable), "GATE=%s", gate);
	return mkfifo(gate, 0600);
}

static int gate_remove(void **state)
{
	(void)state;
	unlink(gate);
	return rmdir(dir);
}

/* With one worker all tests run in one process. */
static struct run *live_start(const char *option)
{
	return run_start(&(struct run_setup){
		.args = WORDS("--isolation=batch", "--test-threads=1", "--no-confirm", option,
			      suite_path("googletest/live")),
		.env = WORDS(variable),
	});
}

static void what_has_ended_is_told_while_another_test_runs(void **state)
{
	struct run *run = live_start("--timeout=50s");
	int fd;

	(void)state;
	assert_string_equal(event_text(run_await(run, "test-end", "live::Live.Passes"), "verdict"), "pass");
	assert_string_equal(event_text(run_await(run, "test-end", "live::Live.Fails"), "verdict"), "fail");
	fd = open(gate, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
	run_finish(run);
	run_check_verdict(run, "live::Live.Waits", "pass");
	run_check_verdict(run, "live::Live.Last", "pass");
	assert_int_equal(run_count(run, "test-end"), 4);
}

/* Nobody opens the gate: the run ends all the same. */
static void a_failure_ends_the_run_while_another_test_runs(void **state)
{
	struct run *run = live_start("--fail-fast");

	(void)state;
	run_finish(run);
	run_check_verdict(run, "live::Live.Passes", "pass");
	run_check_verdict(run, "live::Live.Fails", "fail");
	run_check_verdict(run, "live::Live.Waits", "cancelled");
	/* Less than the 20 s that a test is given. */
	assert_true(run->duration_us < 15000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(what_has_ended_is_told_while_another_test_runs),
		harness_test(a_failure_ends_the_run_while_another_test_runs),
	};

	return cmocka_run_group_tests(tests, gate_make, gate_remove);
}
