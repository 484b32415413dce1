/* SPDX-License-Identifier: MIT */
/* Numbers, times and sizes as people type them. */
#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

#include "base/error.h"

#include <stdint.h>

/*
 * Each of these reads all of `text`. -EINVAL: it has another form; -ERANGE: too small or too large.
 * The result is not touched then, and the sentence quotes the text.
 */
/* Decimal digits alone: no sign, no blanks. */
int quantity_number(const char *text, uint64_t min, uint64_t max, uint64_t *value,
		struct proctor_error *err);
/* `30` and `30s`, `500ms`, `250us`, `2m`, `1h`, in microseconds. */
int quantity_time_us(const char *text, uint64_t *us, struct proctor_error *err);
/* `4096`, `64K`, `1M`, `2G`: powers of 1,024. */
int quantity_bytes(const char *text, uint64_t *bytes, struct proctor_error *err);

#endif
