/* SPDX-License-Identifier: MIT */
#include "hosts/host_words.h"

#include <stdio.h>

/* So many suites are named. */
#define NAMES_MAX 3u

void suite_words_append(char *to, size_t nto, size_t *n, const char *name, size_t i, size_t count)
{
	if (i >= NAMES_MAX || *n >= nto)
		return;
	*n += (size_t)snprintf(to + *n, nto - *n, "%s%.60s",
			       i == 0 ? "" : i + 1 == count ? " and " : ", ", name);
	if (i + 1 == NAMES_MAX && count > NAMES_MAX && *n < nto)
		*n += (size_t)snprintf(to + *n, nto - *n, " and %zu more", count - NAMES_MAX);
}

void host_words(const struct host *h, char *to, size_t nto)
{
	size_t n = (size_t)snprintf(to, nto, "the host of ");

	for (size_t i = 0; i < h->nsuites; i++)
		suite_words_append(to, nto, &n, h->suites[i]->name, i, h->nsuites);
}
