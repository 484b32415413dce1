/* SPDX-License-Identifier: MIT */
/* A plain failure: the assertion tells where, and both values. */
#include "proctor/suite.h"

#include <stdio.h>

static int stock;

static void take(int n)
{
	stock -= n;	/* the mistake: more than there is may be taken */
}

PROCTOR_TEST(starts_empty)
{
	PROCTOR_ASSERT_EQ(stock, 0);
}

PROCTOR_TEST(never_goes_below_zero)
{
	stock = 3;
	printf("taking 5 of %d\n", stock);
	take(5);
	PROCTOR_ASSERT_EQ(stock, 0);
}

PROCTOR_TEST(prints_labels)
{
	PROCTOR_SKIP("no label printer here");
}
