/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer: any bytes as what a program of the framework FRAMEWORK writes. The first says how it ended and in
 * pieces of what size it is read; then come its list or its standard output, its standard error and its result
 * file, one of which ends where the next begins with 0xff (tests/unit/parser_seeds.h writes such inputs).
 */
#include "adapter/adapter.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t ntexts, nfed;
static bool over;

static void use(const char *text)
{
	/* What is lent must be there. */
	ntexts += text ? strlen(text) : 0;
}

static void on_event(const struct parser_event *event, void *data)
{
	(void)data;
	if (event->nbytes > nfed)
		abort();
	use(event->name);
	use(event->file);
	use(event->message);
	for (size_t i = 0; event->kind == PARSER_OUTPUT && i < event->noutput; i++)
		ntexts += (unsigned char)event->output[i];
	if (event->kind != PARSER_COMPLETE && event->kind != PARSER_PASSED_OVER && !event->name && !FRAMEWORK.single)
		abort();
	if (event->kind == PARSER_ENDED && !*proctor_verdict_name(event->verdict))
		abort();
	/* A start is of a test that goes on: the process must be there. */
	if (event->kind == PARSER_STARTED && over)
		abort();
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

/* The tests that were listed are asked for; there is no directory that files could be written to. */
static void ask(const struct listing *found)
{
	const char **names = calloc(found->ntests + 1, sizeof(*names));
	struct program_request request = { .path = "/none/program", .ntests = found->ntests,
					   .dir = "/dev/null/none" };
	struct command_line line = { 0 };
	struct proctor_error why = { 0 };

	if (!names)
		abort();
	for (size_t i = 0; i < found->ntests; i++)
		names[i] = found->tests[i].name;
	request.names = names;
	if (found->ntests > 0 && FRAMEWORK.run_command(&request, &line, &why) < 0 && !why.text[0])
		abort();
	command_line_fini(&line);
	free(names);
}

static void list(const struct list_output *output)
{
	struct proctor_error why = { 0 };
	struct listing found = { 0 };
	int ret = FRAMEWORK.list_parse(output, &found, &why);

	if (ret < 0 && ret != -ENOMEM && !why.text[0])
		abort();
	for (size_t i = 0; ret == 0 && i < found.ntests; i++) {
		if (!found.tests[i].name || !found.tests[i].file)
			abort();
		use(found.tests[i].name);
		use(found.tests[i].file);
		use(found.tests[i].disabled);
	}
	if (ret == 0)
		ask(&found);
	listing_fini(&found);
}

static void feed(struct parser *p, void (*to)(struct parser *, const char *, size_t), const char *bytes,
		 size_t nbytes, size_t piece, size_t *n)
{
	for (size_t at = 0; at < nbytes; at += piece) {
		size_t now = nbytes - at < piece ? nbytes - at : piece;
		/* So that what is read behind its end is seen. */
		char *copy = malloc(now);

		if (!copy)
			abort();
		memcpy(copy, bytes + at, now);
		*n += now;
		to(p, copy, now);
		free(copy);
	}
}

static void parse(const struct list_output *o, size_t piece)
{
	const struct parser_ops *ops = FRAMEWORK.parser;
	struct parser *p = ops->open(on_event, NULL);
	size_t nerr = 0;

	if (!p)
		abort();
	nfed = 0;
	over = false;
	feed(p, ops->feed, o->out, o->nout / 2, piece, &nfed);
	if (ops->feed_stderr)
		feed(p, ops->feed_stderr, o->err, o->nerr, piece, &nerr);
	feed(p, ops->feed, o->out + o->nout / 2, o->nout - o->nout / 2, piece, &nfed);
	over = true;
	if (ops->file && o->nfile > 0)
		ops->file(p, o->file, o->nfile);
	ops->end(p, o->status);
	ops->close(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
	static const int statuses[] = { 0, 1 << 8, 101 << 8, SIGSEGV };
	struct list_output o = { 0 };
	size_t piece;
	char *file;

	if (nbytes == 0)
		return 0;
	o.status = statuses[bytes[0] & 3];
	piece = bytes[0] >> 2 ? (size_t)(bytes[0] >> 2) : nbytes;
	bytes++;
	nbytes--;
	o.out = part(&bytes, &nbytes, &o.nout);
	o.err = part(&bytes, &nbytes, &o.nerr);
	file = part(&bytes, &nbytes, &o.nfile);
	o.file = o.nfile > 0 ? file : NULL;
	if (FRAMEWORK.list_parse)
		list(&o);
	parse(&o, piece);
	free((char *)o.out);
	free((char *)o.err);
	free(file);
	return 0;
}
