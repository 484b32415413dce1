/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer: any bytes as what a program of the framework FRAMEWORK writes: its list, its standard output in
 * two pieces, its standard error and its result file, one of which ends where the next begins with 0xff.
 */
#include "adapter/adapter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t nevents;

static void on_event(const struct parser_event *event, void *data)
{
	(void)data;
	/* What is lent must be there. */
	nevents += event->name ? strlen(event->name) : 0;
	nevents += event->message ? strlen(event->message) : 0;
}

/* Takes the bytes before the next 0xff from the front; to be freed. */
static char *part(const uint8_t **bytes, size_t *nbytes, size_t *n)
{
	const uint8_t *end = *nbytes ? memchr(*bytes, 0xff, *nbytes) : NULL;
	char *copy;

	*n = end ? (size_t)(end - *bytes) : *nbytes;
	copy = malloc(*n + 1);
	if (!copy)
		abort();
	if (*n > 0)
		memcpy(copy, *bytes, *n);
	copy[*n] = '\0';
	*bytes += *n + (end ? 1 : 0);
	*nbytes -= *n + (end ? 1 : 0);
	return copy;
}

static void list(const char *out, size_t nout, const char *err, size_t nerr)
{
	const struct list_output output = { .out = out, .nout = nout, .err = err, .nerr = nerr };
	struct proctor_error why = { 0 };
	struct listing found = { 0 };

	if (FRAMEWORK.list_parse(&output, &found, &why) < 0 && !why.text[0])
		abort();
	for (size_t i = 0; i < found.ntests; i++)
		nevents += strlen(found.tests[i].name) + strlen(found.tests[i].file);
	listing_fini(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
	const struct parser_ops *ops = FRAMEWORK.parser;
	struct parser *p = ops->open(on_event, NULL);
	size_t nout, nerr, nfile;
	char *out = part(&bytes, &nbytes, &nout), *err = part(&bytes, &nbytes, &nerr);
	char *file = part(&bytes, &nbytes, &nfile);

	if (!p)
		abort();
	list(out, nout, err, nerr);
	ops->feed(p, out, nout / 2);
	if (ops->feed_stderr)
		ops->feed_stderr(p, err, nerr);
	ops->feed(p, out + nout / 2, nout - nout / 2);
	if (ops->file && nfile > 0)
		ops->file(p, file, nfile);
	ops->end(p, nout % 2 ? 2 << 8 : 0);
	ops->close(p);
	free(out);
	free(err);
	free(file);
	return 0;
}
