/* SPDX-License-Identifier: MIT */
/*
 * libxml2, loaded when a report is asked for. Linked in the usual way it would be loaded with its
 * ICU at each start of proctor, and double the time that takes.
 */
#ifndef REPORT_XML_H
#define REPORT_XML_H

#include "base/error.h"

#include <libxml/xmlwriter.h>

#define XML_CALLS(CALL)                 \
	CALL(xmlBufferCreate)           \
	CALL(xmlBufferContent)          \
	CALL(xmlBufferEmpty)            \
	CALL(xmlBufferFree)             \
	CALL(xmlBufferLength)           \
	CALL(xmlFreeTextWriter)         \
	CALL(xmlNewTextWriterMemory)    \
	CALL(xmlTextWriterEndDocument)  \
	CALL(xmlTextWriterEndElement)   \
	CALL(xmlTextWriterFlush)        \
	CALL(xmlTextWriterStartDocument) \
	CALL(xmlTextWriterStartElement) \
	CALL(xmlTextWriterWriteAttribute) \
	CALL(xmlTextWriterWriteElement) \
	CALL(xmlTextWriterWriteFormatAttribute) \
	CALL(xmlTextWriterWriteRaw)     \
	CALL(xmlTextWriterWriteString)

#define XML_FIELD(name) __typeof__(name) *name;	/* NOLINT(bugprone-macro-parentheses) */
struct xml {
	XML_CALLS(XML_FIELD)
};
#undef XML_FIELD

/* Fills `xml`; the library stays loaded. -ENOENT: it is not installed, or not one we know. */
int xml_load(struct xml *xml, struct proctor_error *err);

#endif
