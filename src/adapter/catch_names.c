/* SPDX-License-Identifier: MIT */
#include "adapter/catch_names.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define ESCAPE_BYTES 4		/* "\x1F" */

/* As both frameworks' XmlEncode has it: tabs, line breaks and the two characters after them stay. */
static bool is_control(unsigned char c)
{
	return c < 0x09 || (c > 0x0d && c < 0x20) || c == 0x7f;
}

/* Bytes of the character at the front; 0: it is none. */
static size_t character(const char *bytes, size_t nbytes)
{
	for (size_t n = 1; n <= 4 && n <= nbytes; n++)
		if (utf8_valid(bytes, n))
			return n;
	return 0;
}

void catch_name_escape(struct bytes *to, const char *name, size_t nname)
{
	for (size_t i = 0, n; i < nname; i += n) {
		n = character(name + i, nname - i);
		if (n == 0 || is_control((unsigned char)name[i])) {
			char escape[ESCAPE_BYTES + 1];

			snprintf(escape, sizeof(escape), "\\x%02X", (unsigned char)name[i]);
			bytes_append(to, escape, ESCAPE_BYTES);
			n = 1;
		} else {
			bytes_append(to, name + i, n);
		}
	}
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that an escape stands for; 0: none begins here. */
static unsigned char escaped(const char *name)
{
	if (name[0] != '\\' || name[1] != 'x' || hex(name[2]) < 0 || hex(name[3]) < 0)
		return 0;
	return (unsigned char)(hex(name[2]) << 4 | hex(name[3]));
}

bool catch_name_unescape(struct bytes *to, const char *name)
{
	const char *at = name;

	while (*at && !escaped(at))
		at++;
	if (!*at)
		return false;
	while (*name) {
		unsigned char byte = escaped(name);

		bytes_append(to, byte ? (const char *)&byte : name, 1);
		name += byte ? ESCAPE_BYTES : 1;
	}
	return true;
}
