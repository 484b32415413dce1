/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"

#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Room for `nbytes` more and a NUL. */
static bool bytes_reserve(struct bytes *b, size_t nbytes)
{
	size_t cap = b->cap_bytes;
	char *data;

	if (b->failed)
		return false;
	if (nbytes < cap - b->nbytes)
		return true;
	if (nbytes > SIZE_MAX / 2 - b->nbytes - 1) {
		b->failed = true;
		return false;
	}
	if (cap == 0)
		cap = 64;
	while (cap < b->nbytes + nbytes + 1)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap_bytes = cap;
	return true;
}

void bytes_fini(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){0};
}

void bytes_clear(struct bytes *b)
{
	b->nbytes = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

char *bytes_room(struct bytes *b, size_t nbytes)
{
	return bytes_reserve(b, nbytes) ? b->data + b->nbytes : NULL;
}

void bytes_append(struct bytes *b, const void *data, size_t nbytes)
{
	if (!bytes_reserve(b, nbytes))
		return;
	if (nbytes > 0)
		memcpy(b->data + b->nbytes, data, nbytes);
	b->nbytes += nbytes;
	b->data[b->nbytes] = '\0';
}

void bytes_text(struct bytes *b, const char *text)
{
	if (text)
		bytes_append(b, text, strlen(text));
	else
		b->failed = true;
}

static void bytes_vprintf(struct bytes *b, const char *fmt, va_list args)
{
	va_list again;
	int n;

	if (!bytes_reserve(b, 1))
		return;
	va_copy(again, args);
	n = vsnprintf(b->data + b->nbytes, b->cap_bytes - b->nbytes, fmt, args);
	if (n < 0) {
		b->data[b->nbytes] = '\0';
		b->failed = true;
	} else if ((size_t)n >= b->cap_bytes - b->nbytes) {
		b->data[b->nbytes] = '\0';
		if (bytes_reserve(b, (size_t)n))
			vsnprintf(b->data + b->nbytes, b->cap_bytes - b->nbytes, fmt, again);
	}
	if (!b->failed)
		b->nbytes += (size_t)n;
	va_end(again);
}

void bytes_printf(struct bytes *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	bytes_vprintf(b, fmt, args);
	va_end(args);
}

const char *bytes_string(const struct bytes *b)
{
	if (b->failed)
		return NULL;
	return b->data ? b->data : "";
}
