/* SPDX-License-Identifier: MIT */
/* io_uring refused, as in many containers: epoll, and it is said; forced, it is an error. */
#include "harness.h"

#include <string.h>

#define URING "io_uring_setup,io_uring_enter,io_uring_register"

static void epoll_takes_over(void **state)
{
	const char *errnum = *state;
	struct run *run = run_proctor(&(struct run_setup){
		.prefix = WORDS(suite_path("bin/deny"), errnum, URING),
		.args = WORDS(suite_path("smoke")),
		.no_loop = true,
	});
	const json_t *start = run_event(run, "run-start");

	assert_int_equal(run->exit_code, 0);
	assert_string_equal(event_text(start, "loop"), "epoll");
	if (!strstr(event_text(start, "loop_why"), strcmp(errnum, "EPERM") == 0 ?
						   "not permitted" : "not implemented"))
		fail_msg("why epoll: %s", event_text(start, "loop_why"));
	assert_non_null(strstr(run->out, "epoll"));
}

static void to_insist_is_an_error(void **state)
{
	const char *errnum = *state;
	struct run *run = run_proctor(&(struct run_setup){
		.prefix = WORDS(suite_path("bin/deny"), errnum, URING),
		.args = WORDS("--loop=uring", suite_path("smoke")),
		.no_loop = true,
	});

	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "io_uring"));
}

static void the_doctor_says_why(void **state)
{
	const char *errnum = *state;
	struct run *run = run_proctor(&(struct run_setup){
		.prefix = WORDS(suite_path("bin/deny"), errnum, URING),
		.command = "doctor",
		.no_loop = true,
		.no_events = true,
	});

	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "epoll"));
	assert_non_null(strstr(run->out, "io_uring"));
}

int main(void)
{
	static char eperm[] = "EPERM", enosys[] = "ENOSYS";
	const struct CMUnitTest tests[] = {
		harness_row_test("epoll takes over (EPERM)", epoll_takes_over, eperm),
		harness_row_test("epoll takes over (ENOSYS)", epoll_takes_over, enosys),
		harness_row_test("to insist is an error (EPERM)", to_insist_is_an_error, eperm),
		harness_row_test("to insist is an error (ENOSYS)", to_insist_is_an_error, enosys),
		harness_row_test("the doctor says why (EPERM)", the_doctor_says_why, eperm),
		harness_row_test("the doctor says why (ENOSYS)", the_doctor_says_why, enosys),
	};

	return cmocka_run_group_tests_name("no io_uring", tests, NULL, NULL);
}
