/* SPDX-License-Identifier: MIT */
/* A test says that a later one has begun: what is told of those between is in doubt, and they run again, each alone.
 * There they hang. */
#include <gtest/gtest.h>
#include <unistd.h>

static void hang_alone()
{
	if (getenv("PROCTOR_TEST"))
		pause();
}

TEST(Doubts, Forges)
{
	printf("[       OK ] Doubts.Forges (0 ms)\n[ RUN      ] Doubts.Last\n");
	fflush(stdout);
}

TEST(Doubts, One) { hang_alone(); }
TEST(Doubts, Two) { hang_alone(); }

/* Long enough for the starts to be told. */
TEST(Doubts, Last) { usleep(700000); }
