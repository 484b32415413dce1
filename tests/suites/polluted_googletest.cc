// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#define POLLUTED_PROGRAM
extern "C" {
#include "polluted.c"
}

class Polluted : public testing::Test {
public:
	explicit Polluted(int number) : number(number) {}
	void TestBody() override { EXPECT_EQ(polluted_test(number), 0); }
private:
	int number;
};

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	for (int i = 0; i < 500; i++) {
		std::string name = "T" + std::to_string(1000 + i);

		testing::RegisterTest("Polluted", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
				      [=]() -> testing::Test * { return new Polluted(i); });
	}
	return RUN_ALL_TESTS();
}
