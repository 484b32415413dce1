/* SPDX-License-Identifier: MIT */
/* The little XML that a JUnit report is made of. A failure for want of memory stays in `to`. */
#ifndef REPORT_XML_H
#define REPORT_XML_H

#include "base/bytes.h"

/* Text as XML writes it. What XML cannot hold stands there as \x1b or \u0085. */
void xml_text(struct bytes *to, const char *bytes, size_t nbytes);
/* ` name="text"` */
void xml_attribute(struct bytes *to, const char *name, const char *text);
void xml_attribute_bytes(struct bytes *to, const char *name, const char *bytes, size_t nbytes);

#endif
