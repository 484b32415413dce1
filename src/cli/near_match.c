/* SPDX-License-Identifier: MIT */
#include "cli/near_match.h"

#include <stdint.h>
#include <string.h>

#include "base/container.h"

/* How many letters have to be added, removed or changed to make one of the other (Levenshtein). A
 * name that is too long for the row is far from everything. */
static size_t text_distance(const char *a, const char *b)
{
	size_t row[64], nb = strlen(b);

	if (nb >= ARRAY_SIZE(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

const char *near_match(const char *typed, const char *const *names, size_t nnames)
{
	const char *match = NULL;
	size_t nearest = strlen(typed) / 3 + 1;

	for (size_t i = 0; i < nnames; i++) {
		size_t distance = text_distance(typed, names[i]);

		if (distance <= nearest && (!match || distance < nearest)) {
			match = names[i];
			nearest = distance;
		}
	}
	return match;
}

const char *near_longer(const char *typed, const char *const *names, size_t nnames)
{
	const char *match = NULL;

	for (size_t i = 0; i < nnames; i++) {
		if (strncmp(names[i], typed, strlen(typed)) != 0)
			continue;
		if (match)
			return NULL;
		match = names[i];
	}
	return match;
}
