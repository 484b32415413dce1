/* SPDX-License-Identifier: MIT */
#include "report/slowest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int slowest_init(struct slowest *s, size_t max)
{
	*s = (struct slowest){ .max = max };
	if (max == 0)
		return 0;
	s->list = calloc(max, sizeof(*s->list));
	return s->list ? 0 : -ENOMEM;
}

int slowest_add(struct slowest *s, const char *id, uint64_t duration_us)
{
	size_t at = s->n;
	char *copy;

	if (s->max == 0 || (s->n == s->max && s->list[s->n - 1].duration_us >= duration_us))
		return 0;
	copy = strdup(id);
	if (!copy)
		return -ENOMEM;
	while (at > 0 && s->list[at - 1].duration_us < duration_us)
		at--;
	if (s->n == s->max)
		free(s->list[--s->n].id);
	memmove(&s->list[at + 1], &s->list[at], (s->n - at) * sizeof(*s->list));
	s->list[at] = (struct slow_test){ copy, duration_us };
	s->n++;
	return 0;
}

void slowest_fini(struct slowest *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i].id);
	free(s->list);
}
