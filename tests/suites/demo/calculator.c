/* SPDX-License-Identifier: MIT */
/* As most suites are: all of it passes, in no time. */
#include "proctor/suite.h"

PROCTOR_TEST(adds) { PROCTOR_ASSERT_EQ(2 + 3, 5); }
PROCTOR_TEST(subtracts) { PROCTOR_ASSERT_EQ(2 - 3, -1); }
PROCTOR_TEST(multiplies) { PROCTOR_ASSERT_EQ(6 * 7, 42); }
PROCTOR_TEST(divides) { PROCTOR_ASSERT_EQ(7 / 2, 3); }
PROCTOR_TEST(takes_remainders) { PROCTOR_ASSERT_EQ(-7 % 3, -1); }
PROCTOR_TEST(shifts) { PROCTOR_ASSERT_EQ(1 << 10, 1024); }
