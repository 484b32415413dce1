/* SPDX-License-Identifier: MIT */
#include "adapter/xml.h"

#include "base/container.h"

#include <dlfcn.h>
#include <errno.h>
#include <libxml/parser.h>
#include <stdbool.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 128
#define ATTRIBUTES_MAX 32
#define FAULT_BYTES 160

/* libxml2 needs libicu and libstdc++, which take longer to load than all the rest of proctor: it is loaded by
 * the first who reads XML, and stays. */
struct libxml {
	void *handle;
	__typeof__(xmlInitParser) *init;
	__typeof__(xmlCreatePushParserCtxt) *create;
	__typeof__(xmlCtxtUseOptions) *use_options;
	__typeof__(xmlParseChunk) *parse_chunk;
	__typeof__(xmlStopParser) *stop;
	__typeof__(xmlFreeParserCtxt) *free_context;
};

struct xml {
	const struct xml_ops *ops;
	void *data;
	struct libxml lib;
	xmlParserCtxt *context;
	unsigned depth;
	bool in_tag;
	char quote;			/* of the attribute's value that is being read; 0: none is */
	char fault[FAULT_BYTES];	/* "" is none */
};

struct xml_attributes {
	size_t n;
	const char *names[ATTRIBUTES_MAX];
	char *values[ATTRIBUTES_MAX];
};

static int libxml_load(struct libxml *lib, struct proctor_error *err)
{
	static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;

	lib->handle = dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!lib->handle) {
		error_set(err, -ENOENT, "libxml2 is needed to read XML: %s", dlerror());
		return -ENOENT;
	}
	lib->init = dlsym(lib->handle, "xmlInitParser");
	lib->create = dlsym(lib->handle, "xmlCreatePushParserCtxt");
	lib->use_options = dlsym(lib->handle, "xmlCtxtUseOptions");
	lib->parse_chunk = dlsym(lib->handle, "xmlParseChunk");
	lib->stop = dlsym(lib->handle, "xmlStopParser");
	lib->free_context = dlsym(lib->handle, "xmlFreeParserCtxt");
	if (lib->init && lib->create && lib->use_options && lib->parse_chunk && lib->stop &&
	    lib->free_context) {
		/* What all threads share is made here, before one of them uses it: libxml2 leaves that to
		 * its callers. */
		pthread_mutex_lock(&first);
		lib->init();
		pthread_mutex_unlock(&first);
		return 0;
	}
	dlclose(lib->handle);
	error_set(err, -ENOENT, "libxml2.so.2 lacks a function that is needed");
	return -ENOENT;
}

static void stop(struct xml *x, const char *fault)
{
	if (!x->fault[0])
		snprintf(x->fault, sizeof(x->fault), "%s", fault);
	x->lib.stop(x->context);
}

const char *xml_attribute(const struct xml_attributes *attributes, const char *name)
{
	for (size_t i = 0; i < attributes->n; i++)
		if (strcmp(attributes->names[i], name) == 0)
			return attributes->values[i];
	return NULL;
}

unsigned xml_number(const struct xml_attributes *attributes, const char *name)
{
	const char *value = xml_attribute(attributes, name);
	unsigned number = 0;

	for (; value && *value; value++)
		if (*value < '0' || *value > '9' || __builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (unsigned)(*value - '0'), &number))
			return 0;
	return number;
}

/* libxml2 gives five pointers for each: name, prefix, URI, and where the value begins and ends. */
static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int nnamespaces, const xmlChar **namespaces, int nattributes, int ndefaulted,
		     const xmlChar **given)
{
	struct xml *x = context;
	struct xml_attributes attributes = { 0 };

	(void)prefix, (void)uri, (void)nnamespaces, (void)namespaces, (void)ndefaulted;
	if (++x->depth > DEPTH_MAX || nattributes > ATTRIBUTES_MAX) {
		stop(x, "it is too deep, or an element has too many attributes");
		return;
	}
	for (int i = 0; i < nattributes; i++, given += 5) {
		char *value = strndup((const char *)given[3], (size_t)(given[4] - given[3]));

		if (!value) {
			stop(x, "there is no memory for it");
			break;
		}
		attributes.names[attributes.n] = (const char *)given[0];
		attributes.values[attributes.n++] = value;
	}
	if (!x->fault[0])
		x->ops->start((const char *)name, &attributes, x->data);
	for (size_t i = 0; i < attributes.n; i++)
		free(attributes.values[i]);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml *x = context;

	(void)prefix, (void)uri;
	x->depth--;
	if (!x->fault[0])
		x->ops->end((const char *)name, x->data);
}

static void on_text(void *context, const xmlChar *bytes, int nbytes)
{
	struct xml *x = context;

	if (!x->fault[0])
		x->ops->text((const char *)bytes, (size_t)nbytes, x->data);
}

/* Entities are declared in it, and other files are named there. */
static void on_doctype(void *context, const xmlChar *name, const xmlChar *external_id,
		       const xmlChar *system_id)
{
	(void)name, (void)external_id, (void)system_id;
	stop(context, "it has a DOCTYPE");
}

static void on_error(void *context, xmlErrorPtr error)
{
	struct xml *x = context;
	size_t n;

	if (error->level < XML_ERR_ERROR || x->fault[0])
		return;
	if (error->code == XML_ERR_NO_MEMORY)
		snprintf(x->fault, sizeof(x->fault), "there is no memory for it");
	else
		snprintf(x->fault, sizeof(x->fault), "line %d: %s", error->line,
			 error->message ? error->message : "it is no XML");
	n = strcspn(x->fault, "\n");
	x->fault[n] = '\0';
}

int xml_open(struct xml **xml, const struct xml_ops *ops, void *data, struct proctor_error *err)
{
	xmlSAXHandler handler = {
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = on_doctype,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.serror = on_error,
	};
	struct xml *x = calloc(1, sizeof(*x));
	int ret;

	if (!x)
		return error_set(err, -ENOMEM, "no memory for reading XML");
	x->ops = ops;
	x->data = data;
	ret = libxml_load(&x->lib, err);
	if (ret < 0)
		goto free_xml;
	x->context = x->lib.create(&handler, x, NULL, 0, NULL);
	if (!x->context) {
		ret = error_set(err, -ENOMEM, "no memory for reading XML");
		goto unload;
	}
	/* NOENT has "&amp;" in an attribute become "&": entities that somebody declares there are none. */
	x->lib.use_options(x->context, XML_PARSE_NONET | XML_PARSE_NOENT);
	*xml = x;
	return 0;
unload:
	dlclose(x->lib.handle);
free_xml:
	free(x);
	return ret;
}

static void parse(struct xml *x, const char *bytes, size_t nbytes)
{
	/* Its sizes are ints. */
	for (size_t n; nbytes > 0 && !x->fault[0]; bytes += n, nbytes -= n) {
		n = nbytes < 1 << 16 ? nbytes : 1 << 16;
		if (x->lib.parse_chunk(x->context, bytes, (int)n, 0) != 0 && !x->fault[0])
			snprintf(x->fault, sizeof(x->fault), "it is no XML");
	}
}

/* The reference for a character that XML would make a space of in an attribute's value. */
static const char *kept_as(char c)
{
	switch (c) {
	case '\n':	return "&#10;";
	case '\t':	return "&#9;";
	case '\r':	return "&#13;";
	default:	return NULL;
	}
}

/* Frameworks write the line breaks of a test's name as they are. */
void xml_feed(struct xml *x, const char *bytes, size_t nbytes)
{
	size_t from = 0;

	for (size_t i = 0; i < nbytes; i++) {
		char c = bytes[i];
		const char *kept;

		if (!x->in_tag) {
			x->in_tag = c == '<';
		} else if (!x->quote) {
			x->in_tag = c != '>';
			x->quote = c == '"' || c == '\'' ? c : '\0';
		} else if (c == x->quote) {
			x->quote = '\0';
		} else if ((kept = kept_as(c))) {
			parse(x, bytes + from, i - from);
			parse(x, kept, strlen(kept));
			from = i + 1;
		}
	}
	parse(x, bytes + from, nbytes - from);
}

const char *xml_fault(const struct xml *x)
{
	return x->fault[0] ? x->fault : NULL;
}

void xml_close(struct xml *x)
{
	x->lib.free_context(x->context);
	dlclose(x->lib.handle);
	free(x);
}
