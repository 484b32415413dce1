/* SPDX-License-Identifier: MIT */
/*
 * Time is uint64_t microseconds of CLOCK_MONOTONIC, everywhere. It is the kernel's word: a suite, or
 * a library preloaded into the process, may replace clock_gettime() by one that tells another time.
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
