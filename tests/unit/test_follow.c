/* SPDX-License-Identifier: MIT */
#include "run/follow.h"

#include "base/failure.h"

#include "base/container.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const enum proctor_verdict bad[] = { PROCTOR_FAIL, PROCTOR_CRASH, PROCTOR_TIMEOUT,
					    PROCTOR_ERROR };
static const enum proctor_verdict good[] = { PROCTOR_PASS, PROCTOR_SKIP, PROCTOR_CANCELLED,
					     PROCTOR_NOT_RUN };

static void from_a_good_outcome_nothing_follows(void **state)
{
	const struct proctor_options strict = { .on_crash = PROCTOR_ON_CRASH_STOP,
						.max_failures = 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const struct follow_facts facts = { .verdict = good[i], .attempt = 1, .nretries = 5 };

		assert_false(verdict_is_failure(good[i]));
		assert_int_equal(follow_of(&strict, &facts), FOLLOW_NOTHING);
	}
}

static void a_bad_outcome_is_tried_again_until_its_attempts_are_used_up(void **state)
{
	const struct proctor_options options = { .on_crash = PROCTOR_ON_CRASH_CONTINUE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct follow_facts facts = { .verdict = bad[i], .attempt = 2, .nretries = 2 };

		assert_true(verdict_is_failure(bad[i]));
		assert_int_equal(follow_of(&options, &facts), FOLLOW_RETRY);
		facts.attempt = 3;
		assert_int_equal(follow_of(&options, &facts), FOLLOW_NOTHING);
	}
}

/* It may pass yet. */
static void what_is_tried_again_does_not_end_the_run(void **state)
{
	const struct proctor_options strict = { .on_crash = PROCTOR_ON_CRASH_STOP,
						.max_failures = 1 };
	const struct follow_facts facts = { .verdict = PROCTOR_CRASH, .attempt = 1, .nretries = 1 };

	(void)state;
	assert_int_equal(follow_of(&strict, &facts), FOLLOW_RETRY);
}

static void a_crash_ends_the_run_where_it_is_to(void **state)
{
	struct proctor_options options = { .on_crash = PROCTOR_ON_CRASH_STOP };
	struct follow_facts facts = { .verdict = PROCTOR_CRASH, .attempt = 1 };

	(void)state;
	assert_int_equal(follow_of(&options, &facts), FOLLOW_END_CRASH);
	facts.verdict = PROCTOR_FAIL;
	assert_int_equal(follow_of(&options, &facts), FOLLOW_NOTHING);
	options.on_crash = PROCTOR_ON_CRASH_CONTINUE;
	facts.verdict = PROCTOR_CRASH;
	assert_int_equal(follow_of(&options, &facts), FOLLOW_NOTHING);
}

static void as_many_failures_as_are_allowed_end_the_run(void **state)
{
	struct proctor_options options = { .on_crash = PROCTOR_ON_CRASH_CONTINUE,
					   .max_failures = 3 };
	struct follow_facts facts = { .verdict = PROCTOR_FAIL, .attempt = 1, .nfailures = 1 };

	(void)state;
	assert_int_equal(follow_of(&options, &facts), FOLLOW_NOTHING);
	facts.nfailures = 2;
	assert_int_equal(follow_of(&options, &facts), FOLLOW_END_FAILURES);
	options.max_failures = 1;
	facts.nfailures = 0;
	assert_int_equal(follow_of(&options, &facts), FOLLOW_END_FIRST);
}

static void the_reason_names_the_test(void **state)
{
	const struct proctor_options options = { .max_failures = 3 };
	char words[128];

	(void)state;
	assert_string_equal(follow_reason(FOLLOW_END_CRASH, &options, "s::t", words, sizeof(words)),
			    "the run ended at the crash of s::t");
	assert_string_equal(follow_reason(FOLLOW_END_FIRST, &options, "s::t", words, sizeof(words)),
			    "the run ended at the first failure, s::t");
	assert_string_equal(follow_reason(FOLLOW_END_FAILURES, &options, "s::t", words,
					  sizeof(words)),
			    "the run ended after 3 failures, the last that of s::t");
	assert_string_equal(follow_reason(FOLLOW_RETRY, &options, "s::t", words, sizeof(words)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_a_good_outcome_nothing_follows),
		cmocka_unit_test(a_bad_outcome_is_tried_again_until_its_attempts_are_used_up),
		cmocka_unit_test(what_is_tried_again_does_not_end_the_run),
		cmocka_unit_test(a_crash_ends_the_run_where_it_is_to),
		cmocka_unit_test(as_many_failures_as_are_allowed_end_the_run),
		cmocka_unit_test(the_reason_names_the_test),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
