// SPDX-License-Identifier: MIT
// What GoogleTest has: each test ends by itself. WAY chooses what goes wrong around them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static bool way(const char *name)
{
	const char *w = getenv("WAY");

	return w && strcmp(w, name) == 0;
}

TEST(Plain, Passes) {}
TEST(Plain, Fails) { EXPECT_EQ(1, 2) << "of the first"; }
TEST(Plain, FailsTwice)
{
	EXPECT_TRUE(false) << "the first\nof two lines";
	ASSERT_STREQ("a", "b");
}
TEST(Plain, Skips) { GTEST_SKIP() << "not today"; }
TEST(Plain, SkipsSilently) { GTEST_SKIP(); }
TEST(Plain, FailsAndSkips)
{
	EXPECT_EQ(1, 2);
	GTEST_SKIP() << "too late";
}
TEST(Plain, DISABLED_Fails) { FAIL(); }
TEST(Plain, Throws) { throw std::runtime_error("thrown"); }
TEST(Plain, ThrowsNumber) { throw 3; }
TEST(Plain, ThrowsAsItShould) { EXPECT_THROW(throw 1, int); }
TEST(Plain, Prints)
{
	std::cout << "to stdout\nwithout an end";
	std::cerr << "to stderr\n";
}
TEST(Plain, Records) { RecordProperty("key", "value"); }
TEST(Plain, FailsInThread)
{
	std::thread([] { EXPECT_EQ(1, 2); }).join();
}
TEST(Plain, FailsInTrace)
{
	SCOPED_TRACE("of the trace");
	ADD_FAILURE();
}
TEST(DISABLED_Whole, Fails) { FAIL(); }
TEST(PlainToo, Passes) {}
TEST(Plain2, Passes) {}
TEST(Plain2, PassesToo) {}

struct Fixture : testing::Test {
	int value = 0;
	void SetUp() override { value = 1; }
};
TEST_F(Fixture, IsSetUp) { EXPECT_EQ(value, 1); }
TEST_F(Fixture, Fails) { EXPECT_EQ(value, 2); }

struct SetUpFails : testing::Test {
	void SetUp() override { FAIL() << "no set-up"; }
};
TEST_F(SetUpFails, One) {}
struct SetUpSkips : testing::Test {
	void SetUp() override { GTEST_SKIP() << "no disk"; }
};
TEST_F(SetUpSkips, One) { FAIL(); }
struct TearDownFails : testing::Test {
	void TearDown() override { ADD_FAILURE() << "torn"; }
};
TEST_F(TearDownFails, One) {}
struct ConstructorThrows : testing::Test {
	ConstructorThrows() { throw 1; }
};
TEST_F(ConstructorThrows, One) {}

struct SuiteSetUpFails : testing::Test {
	static void SetUpTestSuite() { FAIL() << "no suite"; }
};
TEST_F(SuiteSetUpFails, One) {}
TEST_F(SuiteSetUpFails, Two) {}
TEST_F(SuiteSetUpFails, DISABLED_Three) {}
struct SuiteSetUpSkips : testing::Test {
	static void SetUpTestSuite() { GTEST_SKIP() << "no network"; }
};
TEST_F(SuiteSetUpSkips, One) { FAIL(); }
TEST_F(SuiteSetUpSkips, Two) {}
struct SuiteTearDownFails : testing::Test {
	static void TearDownTestSuite() { ADD_FAILURE() << "suite torn"; }
};
TEST_F(SuiteTearDownFails, One) {}
TEST_F(SuiteTearDownFails, Two) {}
// Nothing of what is before it may be put down to it.
TEST(AfterSuites, Passes) {}

template <typename T> struct Typed : testing::Test {
};
using Types = testing::Types<char, int, std::vector<std::pair<int, char>>>;
TYPED_TEST_SUITE(Typed, Types);
TYPED_TEST(Typed, IsSmall) { EXPECT_LT(sizeof(TypeParam), 3u); }
TYPED_TEST(Typed, Passes) {}

template <typename T> struct TypedLater : testing::Test {
};
TYPED_TEST_SUITE_P(TypedLater);
TYPED_TEST_P(TypedLater, IsLarge) { EXPECT_GT(sizeof(TypeParam), 1u); }
TYPED_TEST_P(TypedLater, DISABLED_Never) { FAIL(); }
REGISTER_TYPED_TEST_SUITE_P(TypedLater, IsLarge, DISABLED_Never);
INSTANTIATE_TYPED_TEST_SUITE_P(Mine, TypedLater, Types);

struct Valued : testing::TestWithParam<int> {
};
TEST_P(Valued, IsEven)
{
	if (GetParam() == 3)
		GTEST_SKIP() << "it is three";
	EXPECT_EQ(GetParam() % 2, 0);
}
INSTANTIATE_TEST_SUITE_P(Range, Valued, testing::Range(0, 12));
INSTANTIATE_TEST_SUITE_P(DISABLED_Range, Valued, testing::Values(1));

struct Texts : testing::TestWithParam<std::string> {
};
TEST_P(Texts, IsShort) { EXPECT_LT(GetParam().size(), 8u); }
INSTANTIATE_TEST_SUITE_P(, Texts, testing::Values("", "a (0 ms)", "[  FAILED  ] Plain.Passes (0 ms)",
						  "two\nlines", "[       OK ] Texts.IsShort/4"));

struct Named : testing::TestWithParam<std::tuple<int, bool>> {
};
TEST_P(Named, IsTrue) { EXPECT_TRUE(std::get<1>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Combined, Named, testing::Combine(testing::Values(1, 2), testing::Bool()),
			 [](const auto &i) {
				 return "n" + std::to_string(std::get<0>(i.param)) +
					(std::get<1>(i.param) ? "_yes" : "_no");
			 });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Never);
struct Never : testing::TestWithParam<int> {
};
TEST_P(Never, Runs) {}

static void dies_loudly()
{
	std::cout << "[       OK ] FastDeathTest.Dies (0 ms)\n[ RUN      ] ThreadsafeDeathTest.Dies" << std::endl;
	std::cerr << "as it should" << std::endl;
	abort();
}
TEST(FastDeathTest, Dies) { EXPECT_DEATH(dies_loudly(), "as it should"); }
TEST(FastDeathTest, Exits) { EXPECT_EXIT(_exit(3), testing::ExitedWithCode(3), ""); }
TEST(FastDeathTest, LivesOn) { EXPECT_DEATH({}, ""); }
TEST(FastDeathTest, SaysOtherwise) { EXPECT_DEATH(dies_loudly(), "something else"); }
TEST(FastDeathTest, Faults) { EXPECT_EXIT(*(volatile int *)nullptr = 1, testing::KilledBySignal(SIGSEGV), ""); }
struct ThreadsafeDeathTest : testing::Test {
	void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
	void TearDown() override { GTEST_FLAG_SET(death_test_style, "fast"); }
};
TEST_F(ThreadsafeDeathTest, Dies) { EXPECT_DEATH(dies_loudly(), "as it should"); }
TEST_F(ThreadsafeDeathTest, Faults) { EXPECT_EXIT(*(volatile int *)nullptr = 1, testing::KilledBySignal(SIGSEGV), ""); }
TEST_F(ThreadsafeDeathTest, LivesOn) { EXPECT_DEATH({}, ""); }
TEST_F(ThreadsafeDeathTest, BesideThreads)
{
	std::thread waits([] { std::this_thread::sleep_for(std::chrono::milliseconds(50)); });

	EXPECT_DEATH(dies_loudly(), "as it should");
	waits.join();
}

TEST(Last, Passes) {}

struct Around : testing::Environment {
	void SetUp() override
	{
		std::cout << "around is set up\n";
		if (way("setup_fails"))
			FAIL() << "no environment";
		if (way("setup_skips"))
			GTEST_SKIP() << "no environment today";
		if (way("setup_exits"))
			exit(3);
		if (way("setup_aborts"))
			abort();
	}
	void TearDown() override
	{
		if (way("teardown_fails"))
			ADD_FAILURE() << "environment torn";
		if (way("teardown_exits"))
			exit(3);
		if (way("teardown_aborts"))
			abort();
	}
};

int main(int argc, char **argv)
{
	int ret;

	testing::InitGoogleTest(&argc, argv);
	testing::AddGlobalTestEnvironment(new Around);
	ret = RUN_ALL_TESTS();
	return way("main_fails") && !GTEST_FLAG_GET(list_tests) ? 7 : ret;
}
