/* SPDX-License-Identifier: MIT */
/*
 * Text for people, on its way to the terminal's report: with or without colours, and in blocks that
 * a blank line parts. A failure for want of memory stays in `bytes`.
 */
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include "base/bytes.h"

#include <stdint.h>

#define DURATION_NONE UINT64_MAX	/* of a test that never began */

enum color {
	COLOR_NONE,
	COLOR_RED,
	COLOR_GREEN,
	COLOR_YELLOW,
	COLOR_BOLD,
};

struct sheet {
	struct bytes bytes;
	bool color;		/* constant */
	bool said;		/* something stands above: the next block begins with a blank line */
};

/* How a verdict looks: the tag of a test's line, and the word for it in a sentence. */
struct verdict_face {
	const char *tag, *words;
	enum color color;
};

extern const struct verdict_face verdict_faces[PROCTOR_NVERDICTS];

/* The blank line before a block, where something stands above. */
void sheet_part(struct sheet *s);
void sheet_color(struct sheet *s, enum color color, const char *text);
/* "    1.2 ms", or "-" for DURATION_NONE, in a column of their width. */
void sheet_duration(struct sheet *s, uint64_t duration_us);
/* "1,072,693,248" */
void sheet_number(struct sheet *s, uint64_t n);
/* "PASS    [   1.2 ms] suite::test" without the end of the line. */
void sheet_test(struct sheet *s, enum color color, const char *tag, uint64_t duration_us,
		const char *id);

/* Each line of `text` behind `margin`, each escaped. */
void lines_append(struct bytes *to, const char *margin, const char *text, size_t ntext);
/* Bytes of `text` without the newlines at its end. */
size_t lines_trimmed(const char *text, size_t ntext);

#endif
