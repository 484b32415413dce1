/* SPDX-License-Identifier: MIT */
/* Tests that fail, the first of them only behind another one, and then one that ends the process as WAY says. */
#define BOOST_TEST_MODULE lost
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace utf = boost::unit_test;

static bool left_behind;

BOOST_AUTO_TEST_CASE(first) { left_behind = true; BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(victim) { BOOST_TEST(!left_behind); }
BOOST_AUTO_TEST_CASE(expected, *utf::expected_failures(1)) { BOOST_TEST(false); }
BOOST_AUTO_TEST_CASE(more_than_expected, *utf::expected_failures(1)) { BOOST_TEST(false); BOOST_TEST(false); }
BOOST_AUTO_TEST_CASE(ender)
{
	std::string way = getenv("WAY") ? getenv("WAY") : "";

	if (way == "abort") abort();
	if (way == "hang") for (;;) pause();
	if (way == "exit") _exit(0);
}
BOOST_AUTO_TEST_CASE(last) { BOOST_TEST(true); }
