/* SPDX-License-Identifier: MIT */
#include "report/xml.h"

#include "base/escape.h"

#include <string.h>

void xml_text(struct bytes *to, const char *bytes, size_t nbytes)
{
	escape_xml(to, bytes, nbytes, false);
}

void xml_attribute_bytes(struct bytes *to, const char *name, const char *bytes, size_t nbytes)
{
	bytes_printf(to, " %s=\"", name);
	escape_xml(to, bytes, nbytes, true);
	bytes_text(to, "\"");
}

void xml_attribute(struct bytes *to, const char *name, const char *text)
{
	xml_attribute_bytes(to, name, text, strlen(text));
}
