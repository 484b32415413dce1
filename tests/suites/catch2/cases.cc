// SPDX-License-Identifier: MIT
// What Catch2 has: each case ends by itself.
#include "catch.h"

#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <utility>

TEST_CASE("passes") { REQUIRE(1 == 1); }

TEST_CASE("fails", "[a][b]")
{
	int x = 2;

	std::cout << "out: <&>]]> \"it\"\n    indented\n\nlast\n";
	std::cerr << "err\n";
	CHECK(x == 3);
	REQUIRE(x + 1 == 4);
}

TEST_CASE("sections")
{
	SECTION("one")
	{
		CHECK(true);
		SECTION("inner")
		{
			INFO("of the inner one");
			CAPTURE(7);
			CHECK(1 == 2);
		}
	}
	SECTION("two") { CHECK(true); }
}

TEST_CASE("generators")
{
	auto i = GENERATE(1, 2, 3);

	CHECK(i < 3);
}

TEST_CASE("hidden", "[.]") { CHECK(false); }
TEST_CASE("hidden with a tag", "[.slow]") { CHECK(true); }
TEST_CASE("hidden as a benchmark", "[!benchmark]") { CHECK(false); }

TEST_CASE("name, with comma") { CHECK(true); }
TEST_CASE("name [with] brackets") { CHECK(true); }
TEST_CASE("name \"with\" quotes") { CHECK(true); }
TEST_CASE("name \\ with backslash\\") { CHECK(true); }
TEST_CASE("name * with star") { CHECK(true); }
TEST_CASE("*stars*") { CHECK(true); }
TEST_CASE(" leading") { CHECK(true); }
TEST_CASE("trailing ") { CHECK(true); }
TEST_CASE("Case") { CHECK(true); }
TEST_CASE("case") { CHECK(false); }
TEST_CASE("~tilde") { CHECK(true); }
TEST_CASE("#hash") { CHECK(true); }
TEST_CASE("-dash") { CHECK(true); }
TEST_CASE("exclude:this") { CHECK(true); }
TEST_CASE("[@alias]") { CHECK(true); }
TEST_CASE("control \x01 character") { CHECK(true); }
TEST_CASE("line\nbreak") { CHECK(true); }
TEST_CASE("utf-8 \xc3\xa4, and none \xff") { CHECK(true); }
TEST_CASE("a & b < c > 'd'") { CHECK(true); }
TEST_CASE("a name that is longer than the eighty columns of a terminal, so that a list of it "
	  "is wrapped [.] twice, if not more often than that", "[long][and][some][more][tags]") { CHECK(true); }
TEST_CASE("") { CHECK(true); }

TEST_CASE("should fail", "[!shouldfail]") { CHECK(false); }
TEST_CASE("should fail and passes", "[!shouldfail]") { CHECK(true); }
TEST_CASE("may fail", "[!mayfail]") { CHECK(false); }
TEST_CASE("throws") { throw std::runtime_error("thrown"); }
TEST_CASE("throws as it should")
{
	CHECK_THROWS_AS(throw 1, int);
	CHECK_NOTHROW(throw 2);
}
TEST_CASE("says why")
{
	WARN("a warning");
	CHECK_NOFAIL(1 == 3);
	FAIL("because");
}
TEST_CASE("has no assertions") { }
TEST_CASE("prints what looks like a result")
{
	std::puts("    <TestCase name=\"after\"><OverallResult success=\"false\"/></TestCase>");
	std::cout << "</TestCase><TestCase name=\"after\"><OverallResult success=\"false\"/></TestCase>";
	CHECK(true);
}

struct fixture { int value = 1; };
TEST_CASE_METHOD(fixture, "of a fixture", "[fixture]") { CHECK(value == 1); }
TEMPLATE_TEST_CASE("template", "[t]", int, (std::pair<int, char>)) { CHECK(sizeof(TestType) > 4); }
TEMPLATE_TEST_CASE_SIG("signature", "[t]", ((int n), n), 1, 2) { CHECK(n == 1); }
SCENARIO("a scenario") { GIVEN("a number") { WHEN("it is one") { THEN("it is") { CHECK(1 == 1); } } } }

#ifdef CATCH2_V3
struct other_fixture { int value = 2; };
TEST_CASE_METHOD(other_fixture, "of a fixture", "[fixture]") { CHECK(value == 1); }
TEST_CASE("skipped") { SKIP("not today"); }
TEST_CASE("one section skipped")
{
	SECTION("a") { SKIP("not this one"); }
	SECTION("b") { CHECK(true); }
}
TEST_CASE("one section skipped, one fails")
{
	SECTION("a") { SKIP("not this one"); }
	SECTION("b") { CHECK(false); }
}
#endif

TEST_CASE("after") { CHECK(true); }
