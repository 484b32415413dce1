/* SPDX-License-Identifier: MIT */
/* Time is uint64_t microseconds of CLOCK_MONOTONIC, everywhere. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* "Never", as a point in time. */
#define CLOCK_NEVER UINT64_MAX

static inline uint64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

#endif
