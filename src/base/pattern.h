/* SPDX-License-Identifier: MIT */
/* What a filter, or a glob on files, fits. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>

/* True if `pattern` is a part of `text`, or is a glob that matches all of it. */
bool pattern_matches(const char *text, const char *pattern);

#endif
