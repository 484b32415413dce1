/* SPDX-License-Identifier: MIT */
#include "report/sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration_words.h"
#include "base/escape.h"

#define TAG_COLUMNS 7
#define TIME_COLUMNS 9

static const char *const color_codes[] = {
	[COLOR_NONE] = "",
	[COLOR_RED] = "\033[1;31m",
	[COLOR_GREEN] = "\033[32m",
	[COLOR_YELLOW] = "\033[33m",
	[COLOR_BOLD] = "\033[1m",
};

const struct verdict_face verdict_faces[PROCTOR_NVERDICTS] = {
	[PROCTOR_PASS] = { "PASS", "passed", COLOR_GREEN },
	[PROCTOR_FAIL] = { "FAIL", "failed", COLOR_RED },
	[PROCTOR_CRASH] = { "CRASH", "crashed", COLOR_RED },
	[PROCTOR_TIMEOUT] = { "TIMEOUT", "timed out", COLOR_RED },
	[PROCTOR_SKIP] = { "SKIP", "skipped", COLOR_YELLOW },
	[PROCTOR_ERROR] = { "ERROR", "could not be run", COLOR_RED },
	[PROCTOR_CANCELLED] = { "STOP", "cancelled, as the run ended early", COLOR_YELLOW },
	[PROCTOR_NOT_RUN] = { "NOT RUN", "not run", COLOR_YELLOW },
};

void sheet_part(struct sheet *s)
{
	if (s->said)
		bytes_text(&s->bytes, "\n");
}

void sheet_color(struct sheet *s, enum color color, const char *text)
{
	if (!s->color || color == COLOR_NONE) {
		bytes_text(&s->bytes, text);
		return;
	}
	bytes_text(&s->bytes, color_codes[color]);
	bytes_text(&s->bytes, text);
	bytes_text(&s->bytes, "\033[0m");
}

void sheet_number(struct sheet *s, uint64_t n)
{
	char digits[24];
	int ndigits = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < ndigits; i++) {
		if (i > 0 && (ndigits - i) % 3 == 0)
			bytes_text(&s->bytes, ",");
		bytes_append(&s->bytes, &digits[i], 1);
	}
}

void sheet_duration(struct sheet *s, uint64_t duration_us)
{
	char words[DURATION_WORDS_BYTES];
	size_t ncolumns = 0;

	if (duration_us == DURATION_NONE)
		strcpy(words, "-");
	else
		duration_words(duration_us, words, sizeof(words));
	/* Columns, not bytes: the µ has two bytes. */
	for (const char *at = words; *at; at++)
		ncolumns += ((unsigned char)*at & 0xc0) != 0x80;
	bytes_printf(&s->bytes, "%*s%s",
		     ncolumns < TIME_COLUMNS ? (int)(TIME_COLUMNS - ncolumns) : 0, "", words);
}

void sheet_test(struct sheet *s, enum color color, const char *tag, uint64_t duration_us,
		const char *id)
{
	sheet_color(s, color, tag);
	bytes_printf(&s->bytes, "%*s [", TAG_COLUMNS - (int)strlen(tag), "");
	sheet_duration(s, duration_us);
	bytes_text(&s->bytes, "] ");
	escape_line(&s->bytes, id);
}

size_t lines_trimmed(const char *text, size_t ntext)
{
	while (ntext > 0 && text[ntext - 1] == '\n')
		ntext--;
	return ntext;
}

void lines_append(struct bytes *to, const char *margin, const char *text, size_t ntext)
{
	while (ntext > 0) {
		const char *end = memchr(text, '\n', ntext);
		size_t nline = end ? (size_t)(end - text) : ntext;

		bytes_text(to, margin);
		escape_append(to, text, nline, "\t");
		bytes_text(to, "\n");
		text += nline + (end ? 1 : 0);
		ntext -= nline + (end ? 1 : 0);
	}
}
