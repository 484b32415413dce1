/* SPDX-License-Identifier: MIT */
/*
 * Preloaded: clocks that lie, as libfaketime's do. FAKE_CLOCK is `still`, `fast` (ten times) or `ahead`
 * (ten days); FAKE_CLOCK_IN names the one program that is lied to, if any is named.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct timespec began;

static void fake(struct timespec *ts)
{
	const char *how = getenv("FAKE_CLOCK"), *where = getenv("FAKE_CLOCK_IN");

	if (!how || (where && strcmp(where, program_invocation_short_name) != 0))
		return;
	if (began.tv_sec == 0)
		began = *ts;
	if (strcmp(how, "still") == 0)
		*ts = began;
	else if (strcmp(how, "fast") == 0)
		ts->tv_sec = began.tv_sec + (ts->tv_sec - began.tv_sec) * 10;
	else
		ts->tv_sec += 10 * 24 * 3600;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int ret = (int)syscall(SYS_clock_gettime, clock, ts);

	if (ret == 0)
		fake(ts);
	return ret;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}
