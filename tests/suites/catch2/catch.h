// SPDX-License-Identifier: MIT
// The same suites for both versions.
#ifdef CATCH2_V3
#include <catch_amalgamated.hpp>
#else
#define CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/catch.hpp>
#endif
