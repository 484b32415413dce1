/* SPDX-License-Identifier: MIT */
#include "run/ending.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_first_reason_counts(void **state)
{
	struct ending e = { 0 };

	(void)state;
	ending_reason(&e, "the run ended at the crash of %s", "a");
	ending_reason(&e, "the run could not go on");
	assert_string_equal(e.why, "the run ended at the crash of a");
}

static void a_signal_that_may_have_been_of_a_test_is_told_with_what_ran(void **state)
{
	struct ending e = { 0 }, doubted = { 0 }, idle = { 0 };

	(void)state;
	ending_by_signal(&e, SIGINT, 0, NULL, "a");
	assert_int_equal(e.signo, SIGINT);
	assert_string_equal(e.why, "the run was ended by SIGINT");
	ending_by_signal(&doubted, SIGTERM, 7, "was gone", "a and b");
	assert_string_equal(doubted.why, "the run was ended by SIGTERM from process 7, which was gone; "
			    "these ran: a and b");
	ending_by_signal(&idle, SIGTERM, 7, "was gone", "");
	assert_string_equal(idle.why, "the run was ended by SIGTERM");
}

static void an_end_only_becomes_harder(void **state)
{
	struct ending e = { 0 };

	(void)state;
	assert_true(ending_begin(&e, STOPPING_ASKED, 10));
	assert_false(ending_begin(&e, STOPPING_ASKED, 20));
	assert_int_equal(e.since_us, 10);
	assert_true(ending_begin(&e, STOPPING_KILLED, 30));
	assert_false(ending_begin(&e, STOPPING_ASKED, 40));
	assert_int_equal(e.stopping, STOPPING_KILLED);
}

#define NSTATES (HOST_OVER + 1)

static void what_an_end_means_for_a_host_follows_from_its_state(void **state)
{
	static const enum ending_verb asked[NSTATES] = {
		[HOST_RUNNING] = ENDING_ASKS,
	}, killed[NSTATES] = {
		[HOST_RUNNING] = ENDING_KILLS, [HOST_STOPPING] = ENDING_KILLS,
		[HOST_KILLED] = ENDING_KILLS, [HOST_DRAINING] = ENDING_HURRIES,
	};

	(void)state;
	for (unsigned s = 0; s < NSTATES; s++) {
		struct ending e = { 0 };

		assert_int_equal(ending_verb(&e, (enum host_state)s, true), ENDING_SPARES);
		ending_begin(&e, STOPPING_ASKED, 1);
		assert_int_equal(ending_verb(&e, (enum host_state)s, true), asked[s]);
		/* One that is idle or at its exit ends by itself. */
		assert_int_equal(ending_verb(&e, (enum host_state)s, false), ENDING_SPARES);
		ending_begin(&e, STOPPING_KILLED, 2);
		assert_int_equal(ending_verb(&e, (enum host_state)s, true), killed[s]);
		assert_int_equal(ending_verb(&e, (enum host_state)s, false), killed[s]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_reason_counts),
		cmocka_unit_test(a_signal_that_may_have_been_of_a_test_is_told_with_what_ran),
		cmocka_unit_test(an_end_only_becomes_harder),
		cmocka_unit_test(what_an_end_means_for_a_host_follows_from_its_state),
	};

	return cmocka_run_group_tests_name("ending", tests, NULL, NULL);
}
