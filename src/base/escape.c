/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* Characters that show as nothing and turn the order of others round, or that end a line: a name
 * could be read as another, or as two lines. U+2028 to U+202E, U+2066 to U+2069. */
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
	while (n <= 4 && n <= nbytes && !text_is_utf8(bytes, n))
		n++;
	if (n > 4 || n > nbytes)
		return 0;
	/* U+0080 to U+009F are control characters, one of them as good as ESC [. */
	if (p[0] == 0xc2 && p[1] < 0xa0)
		return 0;
	if (reorders(p))
		return 0;
	/* U+FFFE and U+FFFF are no characters, and forbidden in XML. */
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
