// SPDX-License-Identifier: MIT
// Catch2 2 is headers alone: this is compiled once for all of its suites.
#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/catch.hpp>
