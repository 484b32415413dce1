/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <string.h>

/* Bytes of the character at `p`; 0: it is not valid: too long a form, a surrogate, past U+10FFFF,
 * cut off. */
static size_t utf8_sequence(const unsigned char *p, size_t nbytes)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n > nbytes || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool utf8_valid(const char *bytes, size_t nbytes)
{
	const unsigned char *p = (const unsigned char *)bytes;

	for (size_t i = 0, n; i < nbytes; i += n) {
		n = utf8_sequence(p + i, nbytes - i);
		if (n == 0)
			return false;
	}
	return true;
}

bool utf8_is_name(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (*p == '\0' || !utf8_valid(text, strlen(text)))
		return false;
	for (; *p; p++)
		/* U+0080 to U+009F are control characters too: c2 80 to c2 9f. */
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return false;
	return true;
}
