/* SPDX-License-Identifier: MIT */
/* A test that takes the records of its neighbours with it. */
#include "proctor/suite.h"
#include "wire/page.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Long enough to be seen while it runs. */
PROCTOR_TEST(a_ends)
{
	usleep(300000);
}

PROCTOR_TEST(b_wrecks)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "proctor-page") && sscanf(line, "%lx", &start) == 1)
			memset(((struct page *)start)->records, 0xff,
			       sizeof(((struct page *)start)->records));
	kill(getpid(), SIGKILL);
}

PROCTOR_TEST(c_runs)
{
}
