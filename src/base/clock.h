/* SPDX-License-Identifier: MIT */
/*
 * Time is uint64_t microseconds of CLOCK_MONOTONIC, everywhere. It is asked of the kernel, not of
 * the C library: a suite, or a preloaded library, may bring a clock_gettime() that tells another
 * time.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* "Never", as a point in time. */
#define CLOCK_NEVER UINT64_MAX

/* Async-signal-safe from the first call on. */
uint64_t clock_us(void);

#endif
