/* SPDX-License-Identifier: MIT */
/* Gives a parser recorded output in pieces, and writes down what it tells. */
#ifndef PARSER_FIXTURE_H
#define PARSER_FIXTURE_H

#include "adapter/adapter.h"

#include <errno.h>

#include "parser_seeds.h"

struct script {
	const struct parser_ops *ops;
	const char *err, *out, *file;	/* standard error comes first; NULL: none */
	size_t piece;
	int status;
	/* What it told: a line each, "over" where the process ended. */
	char told[8192];
	size_t ntold;
	size_t ends[64], nends;		/* how far the output of each reached */
	uint64_t first_duration_us;
};

static void script_on_event(const struct parser_event *e, void *data)
{
	struct script *s = data;
	size_t room = sizeof(s->told) - s->ntold;
	int n = 0;

	switch (e->kind) {
	case PARSER_STARTED:
		n = snprintf(s->told + s->ntold, room, "start %s\n", e->name);
		break;
	case PARSER_SET_ASIDE:
		n = snprintf(s->told + s->ntold, room, "aside %s\n", e->name);
		break;
	case PARSER_OUTPUT:
		n = snprintf(s->told + s->ntold, room, "output %.*s\n", (int)e->noutput, e->output);
		break;
	case PARSER_ENDED:
		if (s->nends == 0)
			s->first_duration_us = e->duration_us;
		if (s->nends < 64)
			s->ends[s->nends++] = (size_t)e->nbytes;
		n = snprintf(s->told + s->ntold, room, "end %s %s%s%s\n", e->name,
			     proctor_verdict_name(e->verdict), e->message ? ": " : "",
			     e->message ? e->message : "");
		break;
	case PARSER_PASSED_OVER:
		n = snprintf(s->told + s->ntold, room, "passed over %s: %s\n", proctor_verdict_name(e->verdict),
			     e->message ? e->message : "");
		break;
	case PARSER_AMENDED:
		n = snprintf(s->told + s->ntold, room, "amended %s %s: %s\n", e->name,
			     proctor_verdict_name(e->verdict), e->message ? e->message : "");
		break;
	case PARSER_COMPLETE:
		n = snprintf(s->told + s->ntold, room, "complete\n");
		break;
	}
	s->ntold += (size_t)n < room ? (size_t)n : room - 1;
}

static void script_feed(struct parser *p, void (*feed)(struct parser *, const char *, size_t), const char *bytes,
			size_t nbytes, size_t piece)
{
	for (size_t at = 0; feed && at < nbytes; at += piece) {
		size_t n = nbytes - at < piece ? nbytes - at : piece;
		/* So that a sanitizer sees what reads behind the end. */
		char *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, bytes + at, n);
		feed(p, copy, n);
		free(copy);
	}
}

static void script_run_bytes(struct script *s, const char *out, size_t nout)
{
	struct parser *p = s->ops->open(script_on_event, s);

	assert_non_null(p);
	s->ntold = s->nends = 0;
	s->told[0] = '\0';
	if (s->err)
		script_feed(p, s->ops->feed_stderr, s->err, strlen(s->err), s->piece);
	script_feed(p, s->ops->feed, out, nout, s->piece);
	s->ntold += (size_t)snprintf(s->told + s->ntold, sizeof(s->told) - s->ntold, "over\n");
	if (s->ntold >= sizeof(s->told))
		s->ntold = sizeof(s->told) - 1;
	if (s->file && s->ops->file)
		s->ops->file(p, s->file, strlen(s->file));
	s->ops->end(p, s->status);
	s->ops->close(p);
}

static inline void script_run(struct script *s)
{
	const char *out = s->out ? s->out : "";
	const struct seed seed = { .out = out, .nout = strlen(out), .err = s->err, .file = s->file,
				   .status = s->status };

	seed_write(&seed);
	script_run_bytes(s, out, strlen(out));
}

/* Cut off everywhere, with a byte changed everywhere, and with each stream in the place of the others. */
static inline void script_damage(const struct parser_ops *ops, const char *out, const char *err, const char *file)
{
	size_t n = strlen(out);
	char *copy = strdup(out);
	struct script *s = calloc(1, sizeof(*s));

	assert_non_null(copy);
	assert_non_null(s);
	*s = (struct script){ .ops = ops, .err = err, .file = file, .piece = 13 };
	for (size_t i = 0; i < n; i++) {
		char was = copy[i];

		script_run_bytes(s, out, i);
		copy[i] = (char)(i * 37);
		script_run_bytes(s, copy, n);
		copy[i] = was;
	}
	*s = (struct script){ .ops = ops, .err = out, .file = out, .out = file, .piece = 13 };
	script_run(s);
	*s = (struct script){ .ops = ops, .err = file, .file = err, .out = err, .piece = 13 };
	script_run(s);
	free(copy);
	free(s);
}

static inline int list_of(const struct adapter *adapter, const char *out, int status, struct listing *list,
			  struct proctor_error *err)
{
	struct list_output output = { .out = out, .nout = strlen(out), .err = "", .status = status };
	const struct seed seed = { .out = out, .nout = strlen(out), .status = status };

	seed_write(&seed);
	return adapter->list_parse(&output, list, err);
}

#endif
