/* SPDX-License-Identifier: MIT */
/* What text is made of. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bits: the same on every machine and in every version. */
uint64_t text_hash(const char *text);

bool text_is_utf8(const char *bytes, size_t nbytes);
/* UTF-8 without control characters, and not empty: can be shown on one line. */
bool text_is_name(const char *text);

#endif
