/* SPDX-License-Identifier: MIT */
#include "base/percent.h"

double percent_of(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

double percent_shown(uint64_t part, uint64_t whole)
{
	double percent = percent_of(part, whole);

	if (part < whole && percent > 99.9)
		return 99.9;
	if (part > 0 && percent < 0.1)
		return 0.1;
	return percent;
}
