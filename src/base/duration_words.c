/* SPDX-License-Identifier: MIT */
#include "base/duration_words.h"

#include <inttypes.h>
#include <stdio.h>

const char *duration_words(uint64_t duration_us, char *buf, size_t nbuf)
{
	uint64_t ms = duration_us / 1000, s = ms / 1000;

	if (duration_us < 1000)
		snprintf(buf, nbuf, "%" PRIu64 " µs", duration_us);
	else if (ms < 10)
		snprintf(buf, nbuf, "%" PRIu64 ".%" PRIu64 " ms", ms, duration_us / 100 % 10);
	else if (ms < 1000)
		snprintf(buf, nbuf, "%" PRIu64 " ms", ms);
	else if (s < 60 && ms % 1000 == 0)
		snprintf(buf, nbuf, "%" PRIu64 " s", s);
	else if (s < 60)
		snprintf(buf, nbuf, "%" PRIu64 ".%03" PRIu64 " s", s, ms % 1000);
	else if (s % 60 == 0)
		snprintf(buf, nbuf, "%" PRIu64 " min", s / 60);
	else
		snprintf(buf, nbuf, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	return buf;
}
