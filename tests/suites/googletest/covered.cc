// SPDX-License-Identifier: MIT
// Instrumented tests of GoogleTest or doctest. With COVERAGE_BAD=1 some of them end their process; what they did
// before counts all the same.
#ifdef DOCTEST
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#define CASE(name) TEST_CASE(#name)
#else
#include <gtest/gtest.h>
#define CASE(name) TEST(Covered, name)
#endif

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

static volatile int sink;

extern "C" void covered_work(int n)
{
	for (int i = 0; i < n; i++)
		sink += i;
}

static bool bad()
{
	const char *b = getenv("COVERAGE_BAD");

	return b && strcmp(b, "1") == 0;
}

CASE(One) { covered_work(1); }
CASE(Crashes)
{
	covered_work(2);
	if (bad())
		raise(SIGSEGV);
}
CASE(Two) { covered_work(3); }
CASE(Exits)
{
	covered_work(4);
	if (bad())
		_exit(0);
}
CASE(Three) { covered_work(5); }
CASE(ExitsFully)
{
	covered_work(6);
	if (bad())
		exit(3);
}
CASE(Four) { covered_work(7); }
CASE(Aborts)
{
	covered_work(8);
	if (bad())
		abort();
}
CASE(Five) { covered_work(9); }
CASE(Hangs)
{
	covered_work(10);
	while (bad())
		pause();
}
CASE(Last) { covered_work(11); }
