/* SPDX-License-Identifier: MIT */
/* A growable buffer of bytes; all zero is an empty one. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct bytes {
	char *data;		/* a NUL follows the last byte, so text can be used as it is */
	size_t nbytes, cap_bytes;
	bool failed;		/* no memory for something: it and what came after are missing */
};

void bytes_fini(struct bytes *b);
/* Forgets the content, keeps the memory; also forgets a failure. */
void bytes_clear(struct bytes *b);

/* Room for `nbytes` and a NUL behind the content, for a caller that writes there and counts them in.
 * NULL: no memory. */
char *bytes_room(struct bytes *b, size_t nbytes);
/* These append. After a failure they do nothing, so that callers need to look at `failed` only
 * once. */
void bytes_append(struct bytes *b, const void *data, size_t nbytes);
/* NULL stands for a text that could not be made for want of memory: that is a failure, too. */
void bytes_text(struct bytes *b, const char *text);
void bytes_printf(struct bytes *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The content as text ("" if empty), lent until the next append; NULL if one failed. */
const char *bytes_string(const struct bytes *b);

#endif
