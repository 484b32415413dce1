#!/bin/sh
# SPDX-License-Identifier: MIT
# smoke.sh SUITE NTESTS: writes the C source of one library of the smoke set to stdout. Each test
# says which one it is on both streams and does a little of what real tests do.
set -eu
suite=$1 ntests=$2
cat <<END
#include "tml_runtime.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *thread_counts(void *arg)
{
	++*(int *)arg;
	return NULL;
}

static void panics(void)
{
	tml_panic("on purpose");
}

static int32_t smoke(int index)
{
	struct timespec ts = { .tv_nsec = 2000000 };
	pthread_t thread;
	char path[] = "smoke-XXXXXX";
	int fd, count = 0, i;
	void *ptr;

	printf("smoke $suite/%d\n", index);
	fprintf(stderr, "SMOKE $suite/%d\n", index);
	switch (($suite + index) % 8) {
	case 0:
		return 0;
	case 1:
		nanosleep(&ts, NULL);
		return 0;
	case 2:
		if (pthread_create(&thread, NULL, thread_counts, &count) != 0)
			return 1;
		return pthread_join(thread, NULL) == 0 && count == 1 ? 0 : 1;
	case 3:
		if (getenv("TMPDIR") && chdir(getenv("TMPDIR")) < 0)
			return 1;
		fd = mkstemp(path);
		return fd >= 0 && write(fd, "x", 1) == 1 && unlink(path) == 0 ? close(fd) : 1;
	case 4:
		ptr = tml_mem_alloc(4096);
		memset(ptr, index, 4096);
		tml_mem_free(ptr);
		return 0;
	case 5:
		return tml_should_panic(panics) ? 0 : 1;
	case 6:
		for (i = 0; i < 200000; i++)
			count += i % 7;
		return count == 599994 ? 0 : 1;
	default:
		return setenv("SMOKE", "left", 1);
	}
}

END
index=0
while [ "$index" -lt "$ntests" ]; do
	echo "int32_t tml_test_$index(void) { return smoke($index); }"
	index=$((index + 1))
done
