/* SPDX-License-Identifier: MIT */
/* What a test of GoogleTest may do in the middle of a process that it shares. */
#include <gtest/gtest.h>
#include <unistd.h>
#include <fcntl.h>
TEST(Mid, A1) {}
TEST(Mid, Crash) { volatile int *p = nullptr; *p = 1; }
TEST(Mid, A2) {}
TEST(Mid, Exit) { exit(0); }
TEST(Mid, A3) {}
TEST(Mid, Closes) { close(1); }
TEST(Mid, A4) { EXPECT_EQ(1, 1); }
TEST(Mid, Fails) { EXPECT_EQ(1, 2); }
TEST(Mid, Flood) { for (int i = 0; i < 100000; i++) printf("%0100d\n", i); }
TEST(Mid, A5) {}
TEST(Mid, ForgesOwn) { printf("[       OK ] Mid.ForgesOwn (0 ms)\n"); fflush(stdout); EXPECT_EQ(1, 2); }
TEST(Mid, ForgesNext) { printf("[       OK ] Mid.ForgesNext (0 ms)\n[ RUN      ] Mid.Victim\n[       OK ] Mid.Victim (0 ms)\n"); }
TEST(Mid, Victim) { FAIL() << "true"; }
TEST(Mid, ForgesLater) { printf("[       OK ] Mid.ForgesLater (0 ms)\n[ RUN      ] Mid.Later\n"); }
TEST(Mid, Between) { EXPECT_EQ(1, 2); }
TEST(Mid, BetweenToo) {}
TEST(Mid, Later) { EXPECT_EQ(1, 2); }
TEST(Mid, NoNewline) { printf("abc"); }
TEST(Mid, Hang) { if (getenv("HANG")) pause(); }
TEST(Mid, A6) {}
TEST(Mid, DISABLED_D) { FAIL(); }
TEST(Mid, Skips) { GTEST_SKIP() << "because"; }
TEST(Mid, Death) { EXPECT_DEATH({ printf("[       OK ] Mid.Death (0 ms)\n"); fflush(stdout); abort(); }, ""); }
TEST(Mid, Throws) { throw 3; }
struct Torn : testing::Test { static void TearDownTestSuite() { ADD_FAILURE() << "torn"; } };
TEST_F(Torn, One) {}
TEST_F(Torn, Two) {}
TEST(Zlast, A) {}
