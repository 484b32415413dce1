/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

#include <string.h>

#include "base/utf8.h"

/* Invisible characters that change the order in which others are shown, or that end a line (U+2028
 * to U+202E, U+2066 to U+2069): with them a name could look like another one, or like two lines. */
static bool reorders(const unsigned char *p)
{
	return p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
				(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

size_t escape_plain(const char *bytes, size_t nbytes)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t n = 1;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	while (n <= 4 && n <= nbytes && !utf8_valid(bytes, n))
		n++;
	if (n > 4 || n > nbytes)
		return 0;
	/* U+0080 to U+009F are control characters, too; U+009B is the same as ESC [. */
	if (p[0] == 0xc2 && p[1] < 0xa0)
		return 0;
	if (reorders(p))
		return 0;
	/* U+FFFE and U+FFFF are not characters, and XML forbids them. */
	if (p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe)
		return 0;
	return n;
}

void escape_append(struct bytes *to, const char *bytes, size_t nbytes, const char *keep)
{
	size_t start = 0, i = 0;

	while (i < nbytes) {
		size_t n = escape_plain(bytes + i, nbytes - i);

		if (n == 0 && bytes[i] != '\0' && strchr(keep, bytes[i]))
			n = 1;
		if (n > 0) {
			i += n;
			continue;
		}
		bytes_append(to, bytes + start, i - start);
		bytes_printf(to, "\\x%02x", (unsigned char)bytes[i]);
		start = ++i;
	}
	bytes_append(to, bytes + start, nbytes - start);
}

void escape_line(struct bytes *to, const char *text)
{
	escape_append(to, text, strlen(text), "\t");
}

/* What stands for `c` in XML and HTML; NULL: the character itself. */
static const char *markup_entity(char c, bool quotes, bool spaces)
{
	switch (c) {
	case '&':	return "&amp;";
	case '<':	return "&lt;";
	case '>':	return "&gt;";
	case '"':	return quotes ? "&quot;" : NULL;
	case '\n':	return spaces ? "&#10;" : NULL;
	case '\t':	return spaces ? "&#9;" : NULL;
	default:	return NULL;
	}
}

static void markup_append(struct bytes *to, const struct bytes *shown, bool quotes, bool spaces)
{
	size_t start = 0;

	for (size_t i = 0; i < shown->nbytes; i++) {
		const char *entity = markup_entity(shown->data[i], quotes, spaces);

		if (!entity)
			continue;
		bytes_append(to, shown->data + start, i - start);
		bytes_text(to, entity);
		start = i + 1;
	}
	if (start < shown->nbytes)
		bytes_append(to, shown->data + start, shown->nbytes - start);
	to->failed = to->failed || shown->failed;
}

void escape_xml(struct bytes *to, const char *bytes, size_t nbytes, bool attribute)
{
	struct bytes shown = { 0 };

	escape_append(&shown, bytes, nbytes, "\n\t");
	markup_append(to, &shown, attribute, attribute);
	bytes_fini(&shown);
}

void escape_html(struct bytes *to, const char *bytes, size_t nbytes)
{
	struct bytes shown = { 0 };

	escape_append(&shown, bytes, nbytes, "\t");
	markup_append(to, &shown, true, false);
	bytes_fini(&shown);
}

void escape_utf8(struct bytes *to, const char *bytes, size_t nbytes)
{
	size_t n;

	for (size_t i = 0; i < nbytes; i += n) {
		for (n = 1; n <= 4 && i + n <= nbytes && !utf8_valid(bytes + i, n); n++)
			;
		if (n <= 4 && i + n <= nbytes) {
			bytes_append(to, bytes + i, n);
		} else {
			bytes_text(to, "\xef\xbf\xbd");
			n = 1;
		}
	}
}

void escape_base64(struct bytes *to, const char *bytes, size_t nbytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes;

	for (size_t i = 0; i < nbytes; i += 3) {
		size_t left = nbytes - i;
		unsigned group = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) |
				 (left > 2 ? p[i + 2] : 0);
		char quad[4] = {
			digits[group >> 18],
			digits[group >> 12 & 63],
			left > 1 ? digits[group >> 6 & 63] : '=',
			left > 2 ? digits[group & 63] : '=',
		};

		bytes_append(to, quad, sizeof(quad));
	}
}

void escape_shell(struct bytes *to, const char *word)
{
	bytes_text(to, "'");
	for (; *word; word++)
		/* Between single quotes only a single quote is special. In its place: the end of
		 * the quoted part, a quote with a backslash, and a new quoted part. */
		if (*word == '\'')
			bytes_text(to, "'\\''");
		else
			bytes_append(to, word, 1);
	bytes_text(to, "'");
}

static bool is_shown(const char *word)
{
	size_t nword = strlen(word), n;

	for (size_t i = 0; i < nword; i += n) {
		n = escape_plain(word + i, nword - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* printf is a command of every shell, and has an escape for every byte. */
static void shell_printf(struct bytes *to, const char *word)
{
	bytes_text(to, "\"$(printf '");
	for (; *word; word++)
		if ((unsigned char)*word < ' ' || (unsigned char)*word > '~' || strchr("'\\%", *word))
			bytes_printf(to, "\\%03o", (unsigned char)*word);
		else
			bytes_append(to, word, 1);
	bytes_text(to, "')\"");
}

void escape_shell_line(struct bytes *to, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-./:=,+@%";

	if (!is_shown(word))
		shell_printf(to, word);
	else if (*word && word[strspn(word, plain)] == '\0')
		bytes_text(to, word);
	else
		escape_shell(to, word);
}

void escape_argument(struct bytes *to, const char *word)
{
	bytes_text(to, "\"");
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			bytes_text(to, "\\");
		bytes_append(to, word, 1);
	}
	bytes_text(to, "\"");
}
