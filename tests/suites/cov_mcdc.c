/* SPDX-License-Identifier: MIT */
/* A decision of two conditions, for what counts these too; ends badly if COVERAGE_BAD is 1. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static volatile int one = 1;

__attribute__((noinline)) static int both(int a, int b)
{
	return a && b ? 1 : 0;
}

int32_t tml_test_0(void);
int32_t tml_test_0(void)
{
	return both(one, one) != 1;
}

int32_t tml_test_1(void);
int32_t tml_test_1(void)
{
	const char *bad = getenv("COVERAGE_BAD");

	both(one, 0);
	if (bad && strcmp(bad, "1") == 0)
		abort();
	return 0;
}
