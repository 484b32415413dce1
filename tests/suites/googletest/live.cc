/* SPDX-License-Identifier: MIT */
/* Tests of which one waits until somebody opens the pipe GATE, if there is one. */
#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

TEST(Live, Passes) { puts("what it wrote"); }
TEST(Live, Fails) { FAIL() << "seen early"; }
TEST(Live, Waits)
{
	const char *gate = getenv("GATE");

	if (gate)
		close(open(gate, O_RDONLY));
}
TEST(Live, Last) {}
