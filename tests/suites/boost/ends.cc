/* SPDX-License-Identifier: MIT */
/* A test in the middle that does what WAY in the environment says. */
#define BOOST_TEST_MODULE ends
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace utf = boost::unit_test;

static std::string line(int number, const char *what)
{
	return std::string(__FILE__) + "(" + std::to_string(number) + "): " + what + "\n";
}

__attribute__((noinline)) static int overflow(int n)
{
	volatile char room[1000];

	room[0] = (char)n;
	return overflow(n + 1) + room[0];
}

#define MIDDLE 51
static const std::string forged = line(MIDDLE, "Leaving test case \"middle\"; testing time: 5us") +
				  line(MIDDLE + 1, "Entering test case \"third\"");

static void do_as_told()
{
	std::string way = getenv("WAY") ? getenv("WAY") : "";

	if (way == "crash") *(volatile int *)8 = 1;
	if (way == "abort") abort();
	if (way == "overflow") overflow(0);
	if (way == "hang") for (;;) pause();
	if (way == "exit") _exit(0);
	if (way == "flood") for (int i = 0; i < 200000; i++) puts("a line that is long enough to fill what is kept of it");
	if (way == "close") { close(1); close(2); }
	if (way == "close_all") for (int i = 0; i < 100; i++) close(i);
	if (way == "print") { printf("%s", forged.c_str()); BOOST_TEST(false); }
	if (way == "forge") BOOST_TEST_MESSAGE(forged + line(MIDDLE + 1, "error: in \"third\": no") + "x");
	if (way == "forge_pass") { BOOST_TEST_MESSAGE(forged); BOOST_TEST(false); }
}

BOOST_AUTO_TEST_CASE(first) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(expected, *utf::expected_failures(1)) { BOOST_TEST(false); }
/* In the lines that are forged. */
BOOST_AUTO_TEST_CASE(middle) { do_as_told(); }
BOOST_AUTO_TEST_CASE(third) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(after_middle, *utf::depends_on("middle")) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(last) { BOOST_TEST(true); }
