/* SPDX-License-Identifier: MIT */
/* Reading what people type: numbers, times, sizes, patterns; and what text is made of. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Each of these reads all of `text` and leaves `*value` alone on failure: -EINVAL if it is not of
 * that form, -ERANGE if it is too small or too large. The sentence quotes the text.
 */
/* Decimal digits alone: no sign, no blanks. */
int text_number(const char *text, uint64_t min, uint64_t max, uint64_t *value,
		struct proctor_error *err);
/* `30` and `30s`, `500ms`, `250us`, `2m`, `1h`, in microseconds. */
int text_time_us(const char *text, uint64_t *us, struct proctor_error *err);
/* `4096`, `64K`, `1M`, `2G`: powers of 1,024. */
int text_size_bytes(const char *text, uint64_t *bytes, struct proctor_error *err);

/* True if `pattern` has one of the characters `*?[`, which make it a glob. */
bool text_is_glob(const char *pattern);
/* True if `pattern` is a part of `text`, or is a glob that matches all of it. */
bool text_matches(const char *text, const char *pattern);

/* FNV-1a, 64 bits: the same on every machine and in every version. */
uint64_t text_hash(const char *text);

bool text_is_utf8(const char *bytes, size_t nbytes);
/* UTF-8 without control characters, and not empty: can be shown on one line. */
bool text_is_name(const char *text);

#endif
