/* SPDX-License-Identifier: MIT */
#include "base/pattern.h"

#include <fnmatch.h>
#include <string.h>

/* It has one of the characters that make it a glob. */
static bool is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

bool pattern_matches(const char *text, const char *pattern)
{
	/* A glob may also stand in the text as it is: a test may be called `parse[1]`. */
	if (strstr(text, pattern))
		return true;
	return is_glob(pattern) && fnmatch(pattern, text, 0) == 0;
}
