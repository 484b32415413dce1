// SPDX-License-Identifier: MIT
// A program with COUNT trivial tests, registered when it starts.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include <string>

namespace {
void trivial()
{
	CHECK(1 == 1);
}

bool register_all()
{
	for (int i = 0; i < COUNT; i++)
		REGISTER_TEST_CASE(trivial, "T" + std::to_string(i), "[trivial]");
	return true;
}
const bool registered = register_all();
} // namespace
