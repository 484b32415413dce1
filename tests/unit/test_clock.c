/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Stands before libc's in this program: what a suite might do. */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ .tv_sec = 12345 };
	return 0;
}

static uint64_t kernel_us(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static void the_time_is_the_kernel_s(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t before_us = kernel_us(), us = clock_us();

		assert_true(before_us <= us);
		assert_true(us <= kernel_us());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_is_the_kernel_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
