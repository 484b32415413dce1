/* SPDX-License-Identifier: MIT */
#include "adapter/listing.h"

#include <stdlib.h>
#include <string.h>

void listing_fini(struct listing *list)
{
	free(list->tests);
	arena_fini(&list->texts);
	*list = (struct listing){0};
}

struct listed *listing_add(struct listing *list)
{
	if (list->ntests == list->cap_tests) {
		size_t cap = list->cap_tests ? list->cap_tests * 2 : 8;
		struct listed *tests = reallocarray(list->tests, cap, sizeof(*tests));

		if (!tests)
			return NULL;
		list->tests = tests;
		list->cap_tests = cap;
	}
	list->tests[list->ntests] = (struct listed){0};
	return &list->tests[list->ntests++];
}

const char *listing_text(struct listing *list, const char *bytes, size_t nbytes)
{
	char *text = arena_text(&list->texts, nbytes);

	return text ? memcpy(text, bytes, nbytes) : NULL;
}
