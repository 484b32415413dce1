/* SPDX-License-Identifier: MIT */
#include "host/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void texts_reset(struct texts *t)
{
	t->nbytes = t->nkept = 0;
	atomic_store_explicit(&t->page->ntexts, 0, memory_order_relaxed);
}

void texts_keep(struct texts *t)
{
	memcpy(t->kept + t->nkept, t->page->texts + t->nkept, t->nbytes - t->nkept);
	t->nkept = t->nbytes;
}

bool texts_intact(const struct texts *t)
{
	return memcmp(t->kept, t->page->texts, t->nkept) == 0;
}

void texts_mend(struct texts *t)
{
	memcpy(t->page->texts, t->kept, t->nkept);
}

struct page_text text_add(struct texts *t, const char *bytes, size_t nbytes)
{
	struct page_text text = { .offset = t->nbytes };
	size_t room = PAGE_TEXTS_BYTES - t->nbytes;

	text.nbytes = (uint32_t)(nbytes < room ? nbytes : room);
	memcpy(t->page->texts + t->nbytes, bytes, text.nbytes);
	t->nbytes += text.nbytes;
	atomic_store_explicit(&t->page->ntexts, t->nbytes, memory_order_release);
	return text;
}

struct page_text text_add_string(struct texts *t, const char *string, size_t max_bytes)
{
	if (!string)
		return (struct page_text){ 0 };
	return text_add(t, string, strnlen(string, max_bytes));
}

void line_add(struct lines *l, const char *fmt, ...)
{
	size_t start = l->nbytes > 0 ? l->nbytes + 1 : 0;
	va_list args;
	int n;

	if (start >= sizeof(l->text))
		return;
	va_start(args, fmt);
	n = vsnprintf(l->text + start, sizeof(l->text) - start, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(l->text) - start)
		return;
	if (start > 0)
		l->text[start - 1] = '\n';
	l->nbytes = start + (size_t)n;
}
