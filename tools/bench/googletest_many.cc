// SPDX-License-Identifier: MIT
// A program with COUNT trivial tests, registered when it starts.
#include <gtest/gtest.h>

#include <string>

namespace {
struct Trivial : testing::Test {
	void TestBody() override { EXPECT_EQ(1, 1); }
};

bool register_all()
{
	for (int i = 0; i < COUNT; i++)
		testing::RegisterTest("Trivial", ("T" + std::to_string(i)).c_str(), nullptr, nullptr, __FILE__,
				      __LINE__, []() -> testing::Test * { return new Trivial; });
	return true;
}
const bool registered = register_all();
} // namespace
