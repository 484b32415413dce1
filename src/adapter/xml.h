/* SPDX-License-Identifier: MIT */
/*
 * Reads XML that comes in pieces, and tells of it as soon as it is there. What it reads may be damaged or made
 * to do harm: there are no entities but the five that XML has, nothing is fetched, and depth and sizes have
 * bounds. Does nothing for the whole process but load libxml2, and that only where there is XML to read.
 */
#ifndef ADAPTER_XML_H
#define ADAPTER_XML_H

#include "base/error.h"

#include <stddef.h>

struct xml;

/* All that is told is lent for the call. */
struct xml_attributes;
struct xml_ops {
	void (*start)(const char *element, const struct xml_attributes *attributes, void *data);
	/* Of an element, in pieces of any size. */
	void (*text)(const char *bytes, size_t nbytes, void *data);
	void (*end)(const char *element, void *data);
};

/* Texts with a NUL behind; NULL: the element has no such attribute. Its line breaks are kept. */
const char *xml_attribute(const struct xml_attributes *attributes, const char *name);
/* A number from 0 on; anything else is 0. */
unsigned xml_number(const struct xml_attributes *attributes, const char *name);

/* -ENOMEM, -ENOENT: there is no libxml2 that can be used. */
int xml_open(struct xml **xml, const struct xml_ops *ops, void *data, struct proctor_error *err);
/* After a fault nothing more is told. */
void xml_feed(struct xml *x, const char *bytes, size_t nbytes);
/* What is wrong with the bytes so far, as "a tag of line 3 is not closed"; NULL: nothing. */
const char *xml_fault(const struct xml *x);
void xml_close(struct xml *x);

#endif
