/* SPDX-License-Identifier: MIT */
/* More tests than one argument can name. */
#include <doctest/doctest.h>

#define NAME "a name that is as long as names are that say in a sentence what is promised by the code that they test "
#define ONE(n) TEST_CASE(NAME NAME NAME n) { }
#define TEN(n) ONE(n "0") ONE(n "1") ONE(n "2") ONE(n "3") ONE(n "4") ONE(n "5") ONE(n "6") ONE(n "7") ONE(n "8") \
	ONE(n "9")
#define HUNDRED(n) TEN(n "0") TEN(n "1") TEN(n "2") TEN(n "3") TEN(n "4") TEN(n "5") TEN(n "6") TEN(n "7") TEN(n "8") \
	TEN(n "9")

HUNDRED("0") HUNDRED("1") HUNDRED("2") HUNDRED("3") HUNDRED("4") HUNDRED("5") HUNDRED("6") HUNDRED("7")

TEST_CASE("skipped" * doctest::skip()) { }
