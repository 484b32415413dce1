/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* More than these would be no sentence. */
#define GROUPS_SHOWN 20

static int group_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The groups of the plan's tests, sorted, each once; allocated, the names lent by the plan. */
static const char **groups_of(const struct proctor_plan *plan, size_t *ngroups)
{
	size_t ntests = proctor_plan_ntests(plan), n = 0, nkept = 0;
	const char **groups = calloc(ntests ? ntests : 1, sizeof(*groups));

	for (size_t i = 0; groups && i < ntests; i++) {
		const char *group = proctor_plan_test(plan, i)->group;

		/* The tests of a suite stand together. */
		if (group[0] && (n == 0 || strcmp(groups[n - 1], group) != 0))
			groups[n++] = group;
	}
	if (n > 1)
		qsort(groups, n, sizeof(*groups), group_compare);
	for (size_t i = 0; i < n; i++)
		if (nkept == 0 || strcmp(groups[nkept - 1], groups[i]) != 0)
			groups[nkept++] = groups[i];
	*ngroups = nkept;
	return groups;
}

bool say_unknown_group(const struct proctor_plan *plan, const char *group)
{
	struct bytes text = { 0 };
	const char **groups;
	size_t n;

	groups = groups_of(plan, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(groups[i], group) == 0) {
			free(groups);
			return false;
		}
	bytes_text(&text, "no suite is of the group \"");
	bytes_text(&text, group);
	bytes_text(&text, n > 0 ? "\"; the groups are: " :
		   "\": none here has a group (manifests give them; a suite is chosen by a filter, "
		   "such as NAME::)");
	for (size_t i = 0; i < n && i < GROUPS_SHOWN; i++) {
		bytes_text(&text, i > 0 ? ", " : "");
		bytes_text(&text, groups[i]);
	}
	if (n > GROUPS_SHOWN)
		bytes_printf(&text, " and %zu more", n - GROUPS_SHOWN);
	say(bytes_string(&text) ? bytes_string(&text) : "no memory to tell the groups");
	bytes_fini(&text);
	free(groups);
	return true;
}
