// SPDX-License-Identifier: MIT
// What doctest has: each case ends by itself.
#include <doctest/doctest.h>

#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <unistd.h>
#include <utility>

TEST_CASE("passes") { REQUIRE(1 == 1); }

TEST_CASE("fails")
{
	int x = 2;

	std::cout << "out: <&>]]> \"it\"\n";
	std::cerr << "err\n";
	CHECK(x == 3);
	REQUIRE_MESSAGE(x + 1 == 4, "x is ", x);
}

TEST_SUITE("one")
{
	TEST_CASE("of a suite") { CHECK(true); }
	TEST_CASE("same name") { CHECK(true); }
}
TEST_SUITE("two")
{
	TEST_CASE("same name") { CHECK(false); }
}

TEST_CASE("subcases")
{
	SUBCASE("one")
	{
		CHECK(true);
		SUBCASE("inner")
		{
			INFO("of the inner one ", 3);
			CAPTURE(7);
			CHECK(1 == 2);
		}
	}
	SUBCASE("two") { CHECK(true); }
}

TEST_CASE("skipped" * doctest::skip()) { CHECK(false); }
TEST_CASE("should fail" * doctest::should_fail()) { CHECK(false); }
TEST_CASE("should fail and passes" * doctest::should_fail()) { CHECK(true); }
TEST_CASE("may fail" * doctest::may_fail()) { CHECK(false); }
TEST_CASE("two failures" * doctest::expected_failures(2))
{
	CHECK(false);
	CHECK(false);
}
TEST_CASE("two failures, and one comes" * doctest::expected_failures(2)) { CHECK(false); }
TEST_CASE("too slow" * doctest::timeout(0.001))
{
	usleep(5000);
	CHECK(true);
}
TEST_CASE("described" * doctest::description("at length")) { CHECK(true); }

TEST_CASE("name, with comma") { CHECK(true); }
TEST_CASE("name [with] brackets") { CHECK(true); }
TEST_CASE("name \"with\" quotes") { CHECK(true); }
TEST_CASE("name \\ with backslash\\") { CHECK(true); }
TEST_CASE("name \\, with both") { CHECK(true); }
TEST_CASE("name * with star") { CHECK(true); }
TEST_CASE("name ? with question mark") { CHECK(true); }
TEST_CASE("name - with question mark") { CHECK(false); }
TEST_CASE("*") { CHECK(true); }
TEST_CASE(" leading") { CHECK(true); }
TEST_CASE("trailing ") { CHECK(true); }
TEST_CASE("Case") { CHECK(true); }
TEST_CASE("case") { CHECK(false); }
TEST_CASE("-dash") { CHECK(true); }
TEST_CASE("control \x01 character") { CHECK(true); }
TEST_CASE("line\nbreak and\ttab") { CHECK(true); }
TEST_CASE("utf-8 \xc3\xa4, and none \xff") { CHECK(true); }
TEST_CASE("a & b < c > 'd'") { CHECK(true); }

TEST_CASE("throws") { throw std::runtime_error("thrown"); }
TEST_CASE("throws as it should")
{
	CHECK_THROWS_AS(throw 1, int);
	CHECK_NOTHROW(throw 2);
	CHECK_THROWS_AS(throw 1, char);
}
TEST_CASE("says why")
{
	MESSAGE("a message");
	WARN(1 == 3);
	FAIL_CHECK("the first reason");
	FAIL("because");
}
TEST_CASE("has no assertions") { }
TEST_CASE("compares") { CHECK_EQ(1, 2); }
TEST_CASE("prints what looks like a result")
{
	std::puts("    <TestCase name=\"after\"><OverallResultsAsserts test_case_success=\"false\"/></TestCase>");
	CHECK(true);
}

struct fixture { int value = 1; };
TEST_CASE_FIXTURE(fixture, "of a fixture") { CHECK(value == 1); }
TEST_CASE_TEMPLATE("template", T, int, std::pair<int, char>) { CHECK(sizeof(T) > 4); }
SCENARIO("a scenario") { GIVEN("a number") { WHEN("it is one") { THEN("it is") { CHECK(1 == 1); } } } }

TEST_CASE("after") { CHECK(true); }
