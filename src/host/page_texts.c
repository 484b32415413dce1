/* SPDX-License-Identifier: MIT */
#include "host/page_texts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void page_texts_reset(struct page_texts *t)
{
	t->nbytes = t->nkept = 0;
	atomic_store_explicit(&t->page->ntexts, 0, memory_order_relaxed);
}

void page_texts_keep(struct page_texts *t)
{
	memcpy(t->kept + t->nkept, t->page->texts + t->nkept, t->nbytes - t->nkept);
	t->nkept = t->nbytes;
}

bool page_texts_intact(const struct page_texts *t)
{
	return memcmp(t->kept, t->page->texts, t->nkept) == 0;
}

void page_texts_mend(struct page_texts *t)
{
	memcpy(t->page->texts, t->kept, t->nkept);
}

static const char cut_sign[] = "... (cut)";

/* Writes the sign over the end of a text, but not over one part of a UTF-8 character. Returns the
 * length. */
static size_t cut_mark(char *text, size_t nbytes)
{
	size_t nsign = strlen(cut_sign), at;

	if (nbytes < nsign)
		return nbytes;
	at = nbytes - nsign;
	while (at > 0 && (text[at] & 0xc0) == 0x80)
		at--;
	memcpy(text + at, cut_sign, nsign);
	return at + nsign;
}

static struct page_text text_put(struct page_texts *t, const char *bytes, size_t nbytes, bool cut)
{
	struct page_text text = { .offset = t->nbytes };
	size_t room = PAGE_TEXTS_BYTES - t->nbytes;
	char *to = t->page->texts + t->nbytes;

	text.nbytes = (uint32_t)(nbytes < room ? nbytes : room);
	memcpy(to, bytes, text.nbytes);
	if (cut || text.nbytes < nbytes)
		text.nbytes = (uint32_t)cut_mark(to, text.nbytes);
	t->nbytes += text.nbytes;
	atomic_store_explicit(&t->page->ntexts, t->nbytes, memory_order_release);
	return text;
}

struct page_text page_texts_add(struct page_texts *t, const char *bytes, size_t nbytes)
{
	return text_put(t, bytes, nbytes, false);
}

struct page_text page_texts_add_string(struct page_texts *t, const char *string, size_t max_bytes)
{
	size_t nbytes = string ? strnlen(string, max_bytes) : 0;

	if (!string)
		return (struct page_text){ 0 };
	return text_put(t, string, nbytes, nbytes == max_bytes && string[nbytes]);
}

void text_print(char *to, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(to, size, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n >= size)
		to[cut_mark(to, size - 1)] = '\0';
}

/* Kept free for the line that says how many more lines there were. */
#define MORE_BYTES 24

void text_line_add(struct text_lines *l, const char *fmt, ...)
{
	size_t start = l->nbytes > 0 ? l->nbytes + 1 : 0, max = sizeof(l->text) - MORE_BYTES;
	va_list args;
	int n;

	if (l->nmore > 0 || start >= max) {
		l->nmore++;
		return;
	}
	va_start(args, fmt);
	n = vsnprintf(l->text + start, max - start, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= max - start) {
		l->nmore++;
		return;
	}
	if (start > 0)
		l->text[start - 1] = '\n';
	l->nbytes = start + (size_t)n;
}

struct page_text page_texts_add_lines(struct page_texts *t, struct text_lines *l)
{
	if (l->nmore > 0)
		l->nbytes += (size_t)snprintf(l->text + l->nbytes, sizeof(l->text) - l->nbytes,
					      "\nand %u more", l->nmore);
	return page_texts_add(t, l->text, l->nbytes);
}
