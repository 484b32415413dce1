/* SPDX-License-Identifier: MIT */
/* A test for each verdict, each with something to lose: output, a message, a backtrace. */
#include <proctor/suite.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

PROCTOR_TEST(passes)
{
	printf("passes, and says so\n");
	fprintf(stderr, "on both streams\n");
}

PROCTOR_TEST(fails)
{
	printf("about to fail\n");
	PROCTOR_ASSERT_EQ(1, 2);
}

PROCTOR_TEST(skips)
{
	PROCTOR_SKIP("nothing to test here");
}

PROCTOR_TEST(writes)
{
	for (int i = 0; i < 400; i++)
		printf("line %d of many\n", i);
}

PROCTOR_TEST(crashes)
{
	printf("last words\n");
	*(volatile int *)8 = 1;
}

PROCTOR_TEST(writes_bytes)
{
	fwrite("\377\0\376", 1, 3, stdout);
}

PROCTOR_TEST(exits)
{
	exit(3);
}

PROCTOR_TEST(leaves_a_process)
{
	if (fork() == 0) {
		sleep(30);
		_exit(0);
	}
}

PROCTOR_TEST(hangs, .timeout_ms = 100)
{
	printf("still there\n");
	fflush(stdout);
	for (;;)
		pause();
}

PROCTOR_TEST(passes_at_the_end)
{
	printf("the last one\n");
}
