/* SPDX-License-Identifier: MIT */
/* The texts in the page: messages, backtraces, names of what was left. The room for them is filled
 * from the front and emptied with each task. Also lines of text that are put together before they
 * go there. */
#ifndef HOST_PAGE_TEXTS_H
#define HOST_PAGE_TEXTS_H

#include "base/error.h"
#include "wire/page.h"

#include <stdbool.h>
#include <stddef.h>

/* The counts are kept here, as tests may write over those in the page. All zero: no page yet. */
struct page_texts {
	struct page *page;
	uint32_t nbytes;		/* of texts in the page */
	uint32_t nkept;			/* so many from before the present test, in `kept` */
	char kept[PAGE_TEXTS_BYTES];
};

/* Lines of text, gathered before it is known whether there will be any. All zero: none. */
struct text_lines {
	char text[4096];
	size_t nbytes;
	unsigned nmore;			/* lines for which there was no room */
};

/* Forgets the texts of the last task. */
void page_texts_reset(struct page_texts *t);
/* Before a test: copies the texts of the tests before it, so that they can be told if it writes
 * over them. */
void page_texts_keep(struct page_texts *t);
/* Are those texts as they were? Puts them back. */
bool page_texts_intact(const struct page_texts *t);
void page_texts_mend(struct page_texts *t);
/* Copies as much of `bytes` as there is room for; the end of a text that was cut says so. */
struct page_text page_texts_add(struct page_texts *t, const char *bytes, size_t nbytes);
/* The same for a string, of which at most `max_bytes` are looked at; NULL: no text. */
struct page_text page_texts_add_string(struct page_texts *t, const char *string, size_t max_bytes);

/* snprintf() which, if there is not enough room, ends the text with a sign that it was cut. */
void text_print(char *to, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Appends a line (the newline is added). If there is no room for all of it, it is only counted. */
void text_line_add(struct text_lines *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Adds the lines as one text; no text if there are none. */
struct page_text page_texts_add_lines(struct page_texts *t, struct text_lines *l);

#endif
