// SPDX-License-Identifier: MIT
// Mistakes that sanitizers find, and crashes, between tests that pass.
#include <gtest/gtest.h>

#include <climits>
#include <cstdlib>
#include <thread>

static volatile int one = 1;
static int shared;

TEST(Mistakes, Before) {}
// Behind what was asked for; the allocator leaves a little room there.
TEST(Mistakes, Overflow)
{
	static volatile char *volatile bytes;

	bytes = new char[9];
	bytes[8 + one] = 1;
	delete[] bytes;
}
TEST(Mistakes, BetweenFirst) {}
TEST(Mistakes, Leak)
{
	static char *volatile kept;

	kept = new char[100];
	kept = nullptr;
}
TEST(Mistakes, BetweenSecond) {}
TEST(Mistakes, Undefined) { EXPECT_NE(INT_MAX + one, 0); }
TEST(Mistakes, BetweenThird) {}
TEST(Mistakes, Race)
{
	std::thread other([] { shared++; });

	shared++;
	other.join();
}
TEST(Mistakes, BetweenFourth) {}
TEST(Mistakes, Crash) { *(volatile int *)nullptr = 1; }
TEST(Mistakes, BetweenLast) {}
TEST(Mistakes, Abort) { abort(); }
TEST(Mistakes, Last) {}
