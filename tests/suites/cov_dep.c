/* SPDX-License-Identifier: MIT */
/* A suite and the instrumented library that it needs. */
#include <stdint.h>
#include <stdlib.h>

int dep_twice(int n);

#ifdef DEPENDENCY
int dep_twice(int n)
{
	return 2 * n;
}
#else
static void __attribute__((no_profile_instrument_function, noinline)) end(void)
{
	const char *bad = getenv("COVERAGE_BAD");

	if (bad && *bad == '1')
		abort();
}

int32_t tml_test_0(void);
int32_t tml_test_0(void)
{
	return dep_twice(0);
}

int32_t tml_test_1(void);
int32_t tml_test_1(void)
{
	int n = dep_twice(1) + dep_twice(2);

	end();
	return n - 6;
}

#ifdef PROGRAM
int main(void)
{
	return tml_test_0() + tml_test_1();
}
#endif
#endif
