/* SPDX-License-Identifier: MIT */
/* What suite.h promises, in C and (compiled as such) in C++. */
#include "proctor/suite.h"

PROCTOR_TEST(passes)
{
	PROCTOR_ASSERT_EQ(1 + 1, 2);
	PROCTOR_ASSERT_STR_EQ("a", "a");
}

PROCTOR_TEST(compares_numbers)
{
	int have = 41;

	PROCTOR_ASSERT_EQ(have, 42);
}

PROCTOR_TEST(compares_texts)
{
	PROCTOR_ASSERT_STR_EQ("have", "want");
}

PROCTOR_TEST(skips)
{
	PROCTOR_SKIP("no %s here", "network");
}

PROCTOR_TEST(fails_as_expected, .expect_fail = 1)
{
	PROCTOR_FAIL("known bug");
}

PROCTOR_TEST(passes_unexpectedly, .expect_fail = 1)
{
}

PROCTOR_TEST(has_a_timeout, .timeout_ms = 300)
{
	for (;;)
		pause();
}

PROCTOR_FIXTURE(counter) {
	int value;
};

PROCTOR_SETUP(counter)
{
	self->value = 7;
}

PROCTOR_TEARDOWN(counter)
{
	printf("torn down at %d\n", self->value);
}

PROCTOR_TEST_F(counter, is_set_up)
{
	PROCTOR_ASSERT_EQ(self->value, 7);
	self->value++;
}

PROCTOR_TEST_F(counter, is_torn_down_after_a_failure)
{
	self->value = 9;
	PROCTOR_ASSERT_EQ(self->value, 8);
}

static void *thread_fails(void *arg)
{
	PROCTOR_ASSERT(arg != NULL);
	return arg;
}

PROCTOR_TEST(fails_on_another_thread)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_fails, NULL);
	pthread_join(thread, NULL);
}

/* proctor_state_ is not for suites; a test of a thread that fails later has to know when that is. */
static void *thread_fails_later(void *arg)
{
	const volatile pid_t *running = &proctor_state_.pid;

	while (*running)
		usleep(1000);
	PROCTOR_FAIL("later");
	return arg;
}

static void leave_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_fails_later, NULL);
	pthread_detach(thread);
}

PROCTOR_TEST(fails_on_a_thread_that_outlives_it)
{
	leave_thread();
}

PROCTOR_TEST(fails_as_expected_on_a_thread_that_outlives_it, .expect_fail = 1)
{
	leave_thread();
}

PROCTOR_TEST(passes_at_the_end)
{
}
