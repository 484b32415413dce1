/* SPDX-License-Identifier: MIT */
#include "run/verdict.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/container.h"

static const struct crash no_crash;

static void outcome_clear(struct outcome *o)
{
	outcome_fini(o);
	*o = (struct outcome){ 0 };
}

static void a_record_has_the_verdict_of_its_outcome(void **state)
{
	static const struct {
		enum record_outcome outcome;
		int32_t value;
		enum proctor_verdict verdict;
		const char *message;
	} table[] = {
		{ OUTCOME_RETURNED, 0, PROCTOR_PASS, NULL },
		{ OUTCOME_RETURNED, 3, PROCTOR_FAIL, "returned 3" },
		{ OUTCOME_RETURNED, -1, PROCTOR_FAIL, "returned -1" },
		{ OUTCOME_FAILED, 0, PROCTOR_FAIL, NULL },
		{ OUTCOME_PANICKED, -1, PROCTOR_FAIL, NULL },
		{ OUTCOME_SKIPPED, 0, PROCTOR_SKIP, NULL },
		{ OUTCOME_CAUGHT, -2, PROCTOR_CRASH, NULL },
		{ OUTCOME_NO_SYMBOL, 0, PROCTOR_ERROR, NULL },
		{ OUTCOME_DIED, 2 << 8, PROCTOR_FAIL,
		  "ended the process with exit status 2 before it returned" },
		{ OUTCOME_DIED, 0, PROCTOR_FAIL,
		  "ended the process with exit status 0 before it returned" },
		{ OUTCOME_DIED, SIGKILL, PROCTOR_CRASH, "SIGKILL, no record was left" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct test_evidence test = { .record = { .state = RECORD_ENDED, .outcome = table[i].outcome,
					 .value = table[i].value, .start_us = 5, .end_us = 9 } };
		struct outcome o = { 0 };

		verdict_of_test(&o, &test, &no_crash);
		assert_int_equal(o.result.verdict, table[i].verdict);
		assert_int_equal(o.result.start_us, 5);
		assert_int_equal(o.result.end_us, 9);
		if (table[i].message)
			assert_string_equal(o.message, table[i].message);
		else
			assert_null(o.message);
		outcome_clear(&o);
	}
}

static void a_caught_crash_tells_its_signal_and_its_message(void **state)
{
	struct crash crash = { .state = CRASH_WRITTEN, .signal = SIGSEGV, .si_code = SEGV_MAPERR };
	struct test_evidence test = { .record = { .state = RECORD_ENDED, .outcome = OUTCOME_CAUGHT, .value = -2,
				 .message = strdup("CRASH: SIGSEGV") } };
	struct outcome o = { 0 };

	(void)state;
	verdict_of_test(&o, &test, &crash);
	assert_int_equal(o.result.verdict, PROCTOR_CRASH);
	assert_int_equal(o.result.signal, SIGSEGV);
	assert_string_equal(o.message, "SIGSEGV, address not mapped, at 0x0; CRASH: SIGSEGV");
	outcome_clear(&o);
}

static void what_a_test_left_makes_it_leaky_and_no_failure(void **state)
{
	struct test_evidence test = { .record = { .state = RECORD_ENDED, .outcome = OUTCOME_RETURNED,
				 .flags = RECORD_LEAKY_PROCESS, .left = strdup("process 7: sleep") } };
	struct outcome o = { 0 };

	(void)state;
	verdict_of_test(&o, &test, &no_crash);
	assert_int_equal(o.result.verdict, PROCTOR_PASS);
	assert_int_equal(o.result.marks, PROCTOR_LEAKY);
	assert_string_equal(o.left, "process 7: sleep");
	outcome_clear(&o);
}

static void who_wrote_over_the_page_crashed(void **state)
{
	struct test_evidence test = { .record = { .state = RECORD_ENDED, .outcome = OUTCOME_RETURNED,
				 .flags = RECORD_OVERWROTE } };
	struct outcome o = { 0 };

	(void)state;
	verdict_of_test(&o, &test, &no_crash);
	assert_int_equal(o.result.verdict, PROCTOR_CRASH);
	assert_non_null(strstr(o.message, "progress page"));
	outcome_clear(&o);
}

static void the_supervisors_stop_is_stronger_than_the_death(void **state)
{
	static const struct {
		enum host_stop stop;
		int status;
		enum proctor_verdict verdict;
	} table[] = {
		{ STOP_NOT, SIGSEGV, PROCTOR_CRASH },
		{ STOP_NOT, 1 << 8, PROCTOR_FAIL },
		{ STOP_TIMEOUT, SIGTERM, PROCTOR_TIMEOUT },
		{ STOP_TIMEOUT, 0, PROCTOR_TIMEOUT },
		{ STOP_CANCELLED, SIGKILL, PROCTOR_CANCELLED },
		{ STOP_CONDEMNED, SIGKILL, PROCTOR_CRASH },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct host_end end = { .stop = table[i].stop, .status = table[i].status,
					.died_us = 77 };
		struct outcome o = { 0 };

		verdict_of_death(&o, &end, 1000000, &no_crash);
		assert_int_equal(o.result.verdict, table[i].verdict);
		assert_int_equal(o.result.end_us, 77);
		assert_true(o.open_output);
		outcome_clear(&o);
	}
}

static void what_a_program_told_itself_is_its_verdict(void **state)
{
	struct test_evidence test = { .told = true, .verdict = PROCTOR_CRASH, .exit_code = -1,
				      .signal = SIGABRT, .core_dumped = true,
				      .record = { .start_us = 5, .end_us = 9,
						  .message = strdup("SIGABRT (core dumped)") } };
	struct outcome o = { 0 };

	(void)state;
	verdict_of_test(&o, &test, &no_crash);
	assert_int_equal(o.result.verdict, PROCTOR_CRASH);
	assert_int_equal(o.result.exit_code, -1);
	assert_int_equal(o.result.signal, SIGABRT);
	assert_true(o.result.core_dumped);
	assert_int_equal(o.result.start_us, 5);
	assert_int_equal(o.result.end_us, 9);
	assert_string_equal(o.message, "SIGABRT (core dumped)");
	outcome_clear(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_has_the_verdict_of_its_outcome),
		cmocka_unit_test(a_caught_crash_tells_its_signal_and_its_message),
		cmocka_unit_test(what_a_test_left_makes_it_leaky_and_no_failure),
		cmocka_unit_test(who_wrote_over_the_page_crashed),
		cmocka_unit_test(the_supervisors_stop_is_stronger_than_the_death),
		cmocka_unit_test(what_a_program_told_itself_is_its_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
