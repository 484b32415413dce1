/* SPDX-License-Identifier: MIT */
/* Tests that pass, so that exit code 0 is the truth. */
#include <proctor/suite.h>

#include <stdio.h>
#include <stdlib.h>

PROCTOR_TEST(a_says_nothing)
{
}

PROCTOR_TEST(b_writes)
{
	for (int i = 0; i < 200; i++)
		printf("line %d\n", i);
}

PROCTOR_TEST(c_writes_to_both)
{
	printf("to stdout\n");
	fprintf(stderr, "to stderr\n");
}

PROCTOR_TEST(d_skips)
{
	PROCTOR_SKIP("for a reason");
}

PROCTOR_TEST(e_writes_bytes)
{
	fwrite("\200\0\201", 1, 3, stdout);
}
