/* SPDX-License-Identifier: MIT */
/* Is it UTF-8? Strictly: nothing overlong, no surrogates, nothing cut off. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *bytes, size_t nbytes);
/* Is it UTF-8, not empty, and without control characters, so that it can be shown on one line? */
bool utf8_is_name(const char *text);

#endif
