/* SPDX-License-Identifier: MIT */
/* A suite of proctor/suite.h: the functions and macros of the header are in its coverage map, too. */
#include <proctor/suite.h>

static int twice(int n)
{
	return 2 * n;
}

PROCTOR_TEST(covers_all)
{
	PROCTOR_ASSERT_EQ(twice(2), 4);
	PROCTOR_ASSERT_STR_EQ("a", "a");
}
