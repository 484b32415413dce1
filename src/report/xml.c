/* SPDX-License-Identifier: MIT */
#include "report/xml.h"

#include "base/escape.h"

#include <string.h>

/* NULL: the character stands for itself. */
static const char *xml_entity(char c, bool attribute)
{
	switch (c) {
	case '&':	return "&amp;";
	case '<':	return "&lt;";
	case '>':	return "&gt;";
	case '"':	return attribute ? "&quot;" : NULL;
	/* A reader makes spaces of these otherwise. */
	case '\n':	return attribute ? "&#10;" : NULL;
	case '\t':	return attribute ? "&#9;" : NULL;
	default:	return NULL;
	}
}

static void xml_put(struct bytes *to, const char *bytes, size_t nbytes, bool attribute)
{
	struct bytes shown = { 0 };
	size_t plain = 0;

	escape_append(&shown, bytes, nbytes, "\n\t");
	for (size_t i = 0; i < shown.nbytes; i++) {
		const char *entity = xml_entity(shown.data[i], attribute);

		if (!entity)
			continue;
		bytes_append(to, shown.data + plain, i - plain);
		bytes_text(to, entity);
		plain = i + 1;
	}
	if (plain < shown.nbytes)
		bytes_append(to, shown.data + plain, shown.nbytes - plain);
	to->failed = to->failed || shown.failed;
	bytes_fini(&shown);
}

void xml_text(struct bytes *to, const char *bytes, size_t nbytes)
{
	xml_put(to, bytes, nbytes, false);
}

void xml_attribute_bytes(struct bytes *to, const char *name, const char *bytes, size_t nbytes)
{
	bytes_printf(to, " %s=\"", name);
	xml_put(to, bytes, nbytes, true);
	bytes_text(to, "\"");
}

void xml_attribute(struct bytes *to, const char *name, const char *text)
{
	xml_attribute_bytes(to, name, text, strlen(text));
}
