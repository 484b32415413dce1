/* SPDX-License-Identifier: MIT */
/* Debris: a test that ends the process with success, and one that leaves a process behind. */
#include "proctor/suite.h"

#include <stdlib.h>
#include <unistd.h>

PROCTOR_TEST(stops_too_soon)
{
	exit(0);
}

PROCTOR_TEST(leaves_a_process_behind)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	PROCTOR_ASSERT_EQ(pid > 0, 1);
}

PROCTOR_TEST(cleans_up)
{
	PROCTOR_ASSERT_EQ(0, 0);
}
