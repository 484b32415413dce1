/* SPDX-License-Identifier: MIT */
/* Text for the run: `texts` of the page is filled from the front, once per task. */
#ifndef HOST_PAGE_TEXTS_H
#define HOST_PAGE_TEXTS_H

#include "base/error.h"
#include "wire/page.h"

#include <stdbool.h>
#include <stddef.h>

/* The host's own count: the one in the page may have been scribbled on. All zero: no page yet. */
struct page_texts {
	struct page *page;
	uint32_t nbytes;
	uint32_t nkept;			/* so many were there before the present test */
	char kept[PAGE_TEXTS_BYTES];
};

/* Lines that are gathered before it is known whether they are wanted. All zero: none. */
struct lines {
	char text[4096];
	size_t nbytes;
	unsigned nmore;			/* for which there was no room */
};

/* Forgets the texts of the last task. */
void page_texts_reset(struct page_texts *t);
/* Before a test: what others have said so far is kept where the test does not find it. */
void page_texts_keep(struct page_texts *t);
bool page_texts_intact(const struct page_texts *t);
void page_texts_mend(struct page_texts *t);
/* Copies as much of `bytes` as there is room for; the end of a text that was cut says so. */
struct page_text page_texts_add(struct page_texts *t, const char *bytes, size_t nbytes);
/* The same for a string, of which at most `max_bytes` are looked at; NULL: no text. */
struct page_text page_texts_add_string(struct page_texts *t, const char *string, size_t max_bytes);

/* snprintf() that says so at the end where it had to cut. */
void text_print(char *to, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Appends a line, without the newline; only counts it where there is no room for all of it. */
void line_add(struct lines *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* No text if there are no lines. */
struct page_text page_texts_add_lines(struct page_texts *t, struct lines *l);

#endif
