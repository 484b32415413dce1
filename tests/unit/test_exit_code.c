/* SPDX-License-Identifier: MIT */
/* The exit code of a run: which of several reasons counts. */
#include "lib/exit_code.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void each_reason_has_its_code(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(&(struct exit_facts){ .ntests = 1 }), 0);
	assert_int_equal(exit_code_of(&(struct exit_facts){ .ntests = 1, .failed = true }), 1);
	assert_int_equal(exit_code_of(&(struct exit_facts){ .ntests = 1, .below_minimum = true }), 1);
	assert_int_equal(exit_code_of(&(struct exit_facts){ .ntests = 1, .failed = true,
							    .unusable = true }), 2);
	assert_int_equal(exit_code_of(&(struct exit_facts){ .ntests = 1, .broken = true }), 3);
	assert_int_equal(exit_code_of(&(struct exit_facts){ .ntests = 0 }), 4);
	assert_int_equal(exit_code_of(&(struct exit_facts){ .stop_signal = SIGINT }), 130);
}

static void the_first_reason_counts(void **state)
{
	struct exit_facts facts = { .stop_signal = SIGTERM, .broken = true, .ntests = 1,
				    .failed = true, .unusable = true, .below_minimum = true };

	(void)state;
	assert_int_equal(exit_code_of(&facts), 143);
	facts.stop_signal = 0;
	assert_int_equal(exit_code_of(&facts), 3);
	facts.broken = false;
	assert_int_equal(exit_code_of(&facts), 2);
	facts.unusable = false;
	assert_int_equal(exit_code_of(&facts), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason_has_its_code),
		cmocka_unit_test(the_first_reason_counts),
	};

	return cmocka_run_group_tests_name("exit code", tests, NULL, NULL);
}
