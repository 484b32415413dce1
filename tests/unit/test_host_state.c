/* SPDX-License-Identifier: MIT */
#include "hosts/host_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_host_is_over_after_death_and_output(void **state)
{
	(void)state;
	assert_int_equal(host_next(HOST_RUNNING, HOST_ENDED), HOST_RUNNING);
	assert_int_equal(host_next(HOST_RUNNING, HOST_DIED), HOST_DRAINING);
	assert_int_equal(host_next(HOST_KILLED, HOST_DIED), HOST_DRAINING);
	assert_int_equal(host_next(HOST_DRAINING, HOST_ENDED), HOST_OVER);
	/* The leak time has passed: somebody else holds the pipe. */
	assert_int_equal(host_next(HOST_DRAINING, HOST_OVERDUE), HOST_OVER);
}

static void a_host_that_does_not_die_is_given_up(void **state)
{
	(void)state;
	assert_int_equal(host_next(HOST_KILLED, HOST_CONDEMNED), HOST_KILLED);
	assert_int_equal(host_next(HOST_KILLED, HOST_OVERDUE), HOST_UNDEAD);
	assert_int_equal(host_next(HOST_UNDEAD, HOST_OVERDUE), HOST_UNDEAD);
	assert_int_equal(host_next(HOST_UNDEAD, HOST_DIED), HOST_UNDEAD);
	assert_int_equal(host_next(HOST_UNDEAD, HOST_ENDED), HOST_UNDEAD);
}

static void a_host_is_asked_before_it_is_killed(void **state)
{
	(void)state;
	assert_int_equal(host_next(HOST_RUNNING, HOST_OVERDUE), HOST_STOPPING);
	assert_int_equal(host_next(HOST_STOPPING, HOST_OVERDUE), HOST_KILLED);
	assert_int_equal(host_next(HOST_RUNNING, HOST_CONDEMNED), HOST_KILLED);
}

static void a_dead_host_is_not_stopped(void **state)
{
	(void)state;
	assert_int_equal(host_next(HOST_OVER, HOST_CONDEMNED), HOST_OVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_over_after_death_and_output),
		cmocka_unit_test(a_host_that_does_not_die_is_given_up),
		cmocka_unit_test(a_host_is_asked_before_it_is_killed),
		cmocka_unit_test(a_dead_host_is_not_stopped),
	};

	return cmocka_run_group_tests_name("host_state", tests, NULL, NULL);
}
