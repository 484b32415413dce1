// SPDX-License-Identifier: MIT
// Tests in C++ with proctor/suite.h, for tests/unit/test_host.c: each does what it is named for.
#include "proctor/suite.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace {

enum class Colour { red, green };

struct Noisy {
	~Noisy() { puts("destroyed"); }
};

}

PROCTOR_TEST(passes)
{
	std::vector<int> v(3);
	const char *none = nullptr;

	PROCTOR_ASSERT(v.size() == 3);
	PROCTOR_ASSERT_EQ(v.size(), 3);
	PROCTOR_ASSERT_NE(Colour::red, Colour::green);
	PROCTOR_ASSERT_EQ(none, nullptr);
	PROCTOR_ASSERT_LT(-1, v.size());
	PROCTOR_ASSERT_GE(2.5f, 2);
	PROCTOR_ASSERT_STR_EQ("a", std::string("a").c_str());
}

PROCTOR_TEST(fails_and_unwinds)
{
	Noisy noisy;
	bool yes = true;

	PROCTOR_ASSERT_EQ(yes, false);
}

PROCTOR_TEST(throws)
{
	throw std::runtime_error("what it says");
}

PROCTOR_TEST(throws_number, .timeout_ms = 900, .expect_fail = 0)
{
	throw 7;
}

PROCTOR_TEST(swallows)
{
	try {
		PROCTOR_FAIL("swallowed");
	} catch (...) {
	}
}

PROCTOR_FIXTURE(words) {
	std::vector<std::string> list;
};

PROCTOR_SETUP(words)
{
	self->list.push_back("one");
}

PROCTOR_TEARDOWN(words)
{
	printf("%zu words\n", self->list.size());
}

PROCTOR_TEST_F(words, fails)
{
	self->list.push_back("two");
	PROCTOR_ASSERT_EQ(self->list.size(), 1);
}
