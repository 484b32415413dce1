// SPDX-License-Identifier: MIT
// The makefile adds the tests.
#include <doctest/doctest.h>

#define POLLUTED_PROGRAM
extern "C" {
#include "polluted.c"
}

#define ONE(n) TEST_CASE("it's test " #n) { CHECK(polluted_test(n - 1000) == 0); }
