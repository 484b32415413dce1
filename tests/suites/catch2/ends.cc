// SPDX-License-Identifier: MIT
// Cases that end the process, or do not end, between cases that pass.
#include "catch.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

TEST_CASE("first") { CHECK(true); }
TEST_CASE("crashes")
{
	std::puts("before the crash");
	std::fflush(stdout);
	CHECK(1 == 2);
	*(volatile int *)nullptr = 1;
}
TEST_CASE("second") { CHECK(true); }
TEST_CASE("aborts") { SECTION("inside") { std::abort(); } }
TEST_CASE("third") { CHECK(true); }
TEST_CASE("exits")
{
	std::puts("before the exit");
	std::fflush(stdout);
	_exit(0);
}
TEST_CASE("fourth") { CHECK(true); }
TEST_CASE("exits with a failed check")
{
	CHECK(1 == 2);
	_exit(3);
}
TEST_CASE("fifth") { CHECK(true); }
TEST_CASE("is killed") { raise(SIGKILL); }
TEST_CASE("sixth") { CHECK(true); }
TEST_CASE("hangs") { for (;;) pause(); }
TEST_CASE("seventh") { CHECK(true); }
TEST_CASE("floods")
{
	for (int i = 0; i < 200000; i++)
		std::puts("a line of the flood, of which there are many");
	CHECK(true);
}
TEST_CASE("eighth") { CHECK(true); }
TEST_CASE("floods what is kept")
{
	for (int i = 0; i < 200000; i++)
		std::cout << "a line of the flood, of which there are many\n";
	CHECK(true);
}
TEST_CASE("ninth") { CHECK(true); }
TEST_CASE("closes its output")
{
	close(1);
	close(2);
	CHECK(true);
}
TEST_CASE("last") { CHECK(true); }
