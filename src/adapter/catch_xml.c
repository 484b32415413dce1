/* SPDX-License-Identifier: MIT */
#include "adapter/catch_xml.h"

#include "adapter/xml.h"
#include "base/container.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define MESSAGE_BYTES 4096
#define TEXT_BYTES 1024		/* what is kept of one expression, or of one text */
#define PLACE_BYTES 512
#define SECTIONS_MAX 16		/* deeper ones are not named */

/* Text of which no more is kept than there is room for. */
struct excerpt {
	char *bytes;			/* with a NUL behind */
	size_t n, room;
	bool full;
};

/* What the text of an element is. */
enum part {
	PART_NONE,
	PART_ORIGINAL, PART_EXPANDED, PART_EXCEPTION, PART_WORDS,	/* of a finding */
	PART_INFO,
	PART_OUT, PART_ERR,		/* what the framework captured */
};

/* What is told of a failure. */
struct finding {
	enum finding_kind {
		FINDING_NONE,
		FINDING_ASSERTION,
		FINDING_WORDS,		/* a FAIL(), or an exception that nobody caught */
		FINDING_CRASH,		/* a signal that the framework caught */
		FINDING_SKIP,
		FINDING_UNIMPORTANT,	/* a WARN or the like */
	} kind;
	const char *element;		/* that it is, and ends with */
	char place[PLACE_BYTES];	/* file and line, or "" */
	char type[64];
	char original[TEXT_BYTES], expanded[TEXT_BYTES], exception[TEXT_BYTES], words[TEXT_BYTES];
};

struct parser {
	void (*tell)(const struct parser_event *event, void *data);
	void *data;
	struct xml *xml;
	uint64_t nbytes;

	/* The test that has started. */
	char *name, *file;		/* NULL: none has */
	unsigned line;
	bool in_test;
	bool told_end;			/* its OverallResult was read */
	bool success, should_fail, crashed;
	unsigned nskips, nfailures, nexpected;
	char timeout[32];
	uint64_t duration_us;
	struct excerpt message, skip_reason, infos;
	char message_bytes[MESSAGE_BYTES], skip_bytes[TEXT_BYTES], infos_bytes[TEXT_BYTES];
	struct excerpt sections;	/* their names, from the outermost */
	size_t section_at[SECTIONS_MAX];	/* so long it was before each began */
	unsigned nsections;
	char sections_bytes[PLACE_BYTES];

	/* What is being read of it. */
	struct finding finding;
	enum part part;
	struct excerpt text;
	char text_bytes[TEXT_BYTES];
	bool output_began;
	struct excerpt held;		/* the end of what was captured so far, if it may be the XML's indentation */
	char held_bytes[64];
};

static void excerpt_clear(struct excerpt *e)
{
	e->n = 0;
	e->full = false;
	e->bytes[0] = '\0';
}

static void excerpt_add(struct excerpt *e, const char *bytes, size_t nbytes)
{
	size_t n = e->room - 1 - e->n;

	if (nbytes > n)
		e->full = true;
	else
		n = nbytes;
	memcpy(e->bytes + e->n, bytes, n);
	e->n += n;
	e->bytes[e->n] = '\0';
}

static void excerpt_say(struct excerpt *e, const char *text)
{
	excerpt_add(e, text, strlen(text));
}

/* Without the blanks around it, which are the XML's indentation. */
static const char *trimmed(struct excerpt *e)
{
	const char *from = e->bytes;

	while (e->n > 0 && isspace((unsigned char)e->bytes[e->n - 1]))
		e->bytes[--e->n] = '\0';
	while (isspace((unsigned char)*from))
		from++;
	return from;
}

/* ---- what is told ---- */

static struct parser_event event_of_test(const struct parser *p, enum parser_event_kind kind)
{
	return (struct parser_event){ .kind = kind, .name = p->name, .file = p->file, .line = p->line,
				      .nbytes = p->nbytes };
}

static void tell_output(struct parser *p, const char *bytes, size_t nbytes)
{
	struct parser_event event = event_of_test(p, PARSER_OUTPUT);

	if (nbytes == 0)
		return;
	event.output = bytes;
	event.noutput = nbytes;
	event.is_stderr = p->part == PART_ERR;
	p->tell(&event, p->data);
}

/* Why it failed although nothing in it did. */
static void say_reason(struct parser *p)
{
	char reason[128] = "";

	if (p->should_fail && p->nfailures == 0)
		snprintf(reason, sizeof(reason), "it should have failed, and did not");
	else if (p->nexpected > 0 && p->nexpected != p->nfailures)
		snprintf(reason, sizeof(reason), "%u failures were expected, and there were %u",
			 p->nexpected, p->nfailures);
	else if (p->nfailures == 0 && p->timeout[0])
		snprintf(reason, sizeof(reason), "it took longer than its timeout of %s s", p->timeout);
	else if (p->nfailures == 0)
		snprintf(reason, sizeof(reason), "its framework says that it failed, and not why");
	if (!reason[0])
		return;
	if (p->message.n > 0)
		excerpt_say(&p->message, "\n");
	excerpt_say(&p->message, reason);
}

static void forget_test(struct parser *p)
{
	free(p->name);
	free(p->file);
	p->name = p->file = NULL;
	p->in_test = p->told_end = p->success = p->should_fail = p->crashed = false;
	p->nskips = p->nfailures = p->nexpected = p->line = p->nsections = 0;
	p->timeout[0] = '\0';
	p->duration_us = 0;
	excerpt_clear(&p->message);
	excerpt_clear(&p->skip_reason);
	excerpt_clear(&p->infos);
	excerpt_clear(&p->sections);
	p->finding.kind = FINDING_NONE;
	p->part = PART_NONE;
}

static void tell_end(struct parser *p, enum proctor_verdict verdict, const char *message)
{
	struct parser_event event = event_of_test(p, PARSER_ENDED);

	event.verdict = verdict;
	event.message = message[0] ? message : NULL;
	event.duration_us = p->duration_us;
	p->tell(&event, p->data);
	forget_test(p);
}

/* The message as far as there was room for it. */
static const char *message_of(struct parser *p)
{
	if (p->message.full && p->message.n >= 3)
		memcpy(p->message.bytes + p->message.n - 3, "...", 3);
	return p->message.bytes;
}

static void test_ended(struct parser *p)
{
	if (p->crashed)
		return;
	if (!p->told_end)
		tell_end(p, PROCTOR_ERROR, "its framework did not say how it ended");
	else if (!p->success) {
		say_reason(p);
		tell_end(p, PROCTOR_FAIL, message_of(p));
	} else if (p->nskips > 0 && p->nfailures == 0) {
		tell_end(p, PROCTOR_SKIP, p->skip_reason.bytes);
	} else {
		tell_end(p, PROCTOR_PASS, "");
	}
}

/* ---- findings ---- */

static void copy(char *to, size_t nto, const char *text)
{
	snprintf(to, nto, "%s", text ? text : "");
}

static void finding_begin(struct parser *p, enum finding_kind kind, const char *element,
			  const struct xml_attributes *attributes)
{
	struct finding *f = &p->finding;
	const char *file = xml_attribute(attributes, "filename");

	*f = (struct finding){ .kind = kind, .element = element };
	if (file)
		snprintf(f->place, sizeof(f->place), "%s:%u: ", file, xml_number(attributes, "line"));
	copy(f->type, sizeof(f->type), xml_attribute(attributes, "type"));
}

static void say_assertion(struct parser *p, const struct finding *f)
{
	struct excerpt *m = &p->message;

	excerpt_say(m, f->type);
	excerpt_say(m, "(");
	excerpt_say(m, f->original);
	excerpt_say(m, ")");
	if (f->expanded[0] && strcmp(f->expanded, f->original) != 0) {
		excerpt_say(m, ": ");
		excerpt_say(m, f->expanded);
	}
	if (f->exception[0]) {
		excerpt_say(m, f->expanded[0] ? ", with the exception " : ": exception ");
		excerpt_say(m, f->exception);
	}
}

static void say_finding(struct parser *p)
{
	const struct finding *f = &p->finding;
	struct excerpt *m = &p->message;

	if (m->n > 0)
		excerpt_say(m, "\n");
	excerpt_say(m, f->place);
	if (f->kind == FINDING_ASSERTION)
		say_assertion(p, f);
	else
		excerpt_say(m, f->words[0] ? f->words : f->exception);
	if (p->nsections > 0) {
		excerpt_say(m, "\n  in ");
		excerpt_say(m, p->sections.bytes);
	}
	excerpt_say(m, p->infos.bytes);
}

static void finding_end(struct parser *p)
{
	switch (p->finding.kind) {
	case FINDING_NONE:
		return;
	case FINDING_ASSERTION:
	case FINDING_WORDS:
	case FINDING_CRASH:
		p->crashed |= p->finding.kind == FINDING_CRASH;
		p->nfailures++;
		say_finding(p);
		break;
	case FINDING_SKIP:
		if (p->skip_reason.n > 0)
			excerpt_say(&p->skip_reason, "\n");
		excerpt_say(&p->skip_reason, p->finding.words);
		break;
	case FINDING_UNIMPORTANT:
		break;
	}
	p->finding.kind = FINDING_NONE;
	excerpt_clear(&p->infos);
}

/* ---- elements ---- */

static const struct element {
	const char *name;
	enum finding_kind kind;		/* that begins with it, unless it stands in one */
	enum part part;
} elements[] = {
	{ "Expression", FINDING_ASSERTION, PART_NONE },
	{ "Failure", FINDING_WORDS, PART_WORDS },
	{ "Message", FINDING_WORDS, PART_NONE },
	{ "Exception", FINDING_WORDS, PART_EXCEPTION },
	{ "FatalErrorCondition", FINDING_CRASH, PART_WORDS },
	{ "Skip", FINDING_SKIP, PART_WORDS },
	{ "Original", FINDING_NONE, PART_ORIGINAL },
	{ "Expanded", FINDING_NONE, PART_EXPANDED },
	{ "Text", FINDING_NONE, PART_WORDS },
	{ "Info", FINDING_NONE, PART_INFO },
	{ "StdOut", FINDING_NONE, PART_OUT },
	{ "StdErr", FINDING_NONE, PART_ERR },
};

static const struct element *element_of(const char *name)
{
	static const struct element other = { "", FINDING_NONE, PART_NONE };

	for (size_t i = 0; i < ARRAY_SIZE(elements); i++)
		if (strcmp(name, elements[i].name) == 0)
			return &elements[i];
	return &other;
}

static bool is_section(const char *element)
{
	return strcmp(element, "Section") == 0 || strcmp(element, "SubCase") == 0;
}

static void section_begin(struct parser *p, const char *name)
{
	if (p->nsections < SECTIONS_MAX) {
		p->section_at[p->nsections] = p->sections.n;
		if (p->nsections > 0)
			excerpt_say(&p->sections, " / ");
		excerpt_say(&p->sections, name ? name : "");
	}
	p->nsections++;
}

static void section_end(struct parser *p)
{
	if (p->nsections == 0 || --p->nsections >= SECTIONS_MAX)
		return;
	p->sections.n = p->section_at[p->nsections];
	p->sections.bytes[p->sections.n] = '\0';
	p->sections.full = false;
}

static bool is_true(const struct xml_attributes *attributes, const char *name)
{
	const char *value = xml_attribute(attributes, name);

	return value && strcmp(value, "true") == 0;
}

static void test_begin(struct parser *p, const struct xml_attributes *attributes)
{
	const char *name = xml_attribute(attributes, "name"), *tags = xml_attribute(attributes, "tags");
	const char *file = xml_attribute(attributes, "filename");
	struct parser_event event;

	/* doctest lists those that it was not asked for, too. */
	if (is_true(attributes, "skipped"))
		return;
	forget_test(p);
	p->name = strdup(name ? name : "");
	p->file = strdup(file ? file : "");
	if (!p->name || !p->file) {
		/* Not told of, it is one that did not start. */
		forget_test(p);
		return;
	}
	p->in_test = true;
	p->line = xml_number(attributes, "line");
	p->should_fail = (tags && strstr(tags, "[!shouldfail]")) || is_true(attributes, "should_fail");
	copy(p->timeout, sizeof(p->timeout), xml_attribute(attributes, "timeout"));
	event = event_of_test(p, PARSER_STARTED);
	p->tell(&event, p->data);
}

static uint64_t duration_us(const char *seconds)
{
	double us = seconds ? strtod(seconds, NULL) * 1e6 : 0;

	return us > 0 && us < 1e15 ? (uint64_t)us : 0;
}

/* Catch2's OverallResult and doctest's OverallResultsAsserts. */
static void take_result(struct parser *p, const struct xml_attributes *attributes)
{
	const char *duration = xml_attribute(attributes, "durationInSeconds");

	p->told_end = true;
	p->success = is_true(attributes, "success") || is_true(attributes, "test_case_success");
	p->nskips = xml_number(attributes, "skips");
	p->nexpected = xml_number(attributes, "expected_failures");
	p->duration_us = duration_us(duration ? duration : xml_attribute(attributes, "duration"));
}

/* Warnings, and assertions that fail no test. */
static bool is_unimportant(const struct xml_attributes *attributes)
{
	const char *type = xml_attribute(attributes, "type");

	return is_true(attributes, "success") ||
	       (type && (strncmp(type, "WARN", 4) == 0 || strcmp(type, "CHECK_NOFAIL") == 0));
}

static void finding_of(struct parser *p, const struct element *e,
		       const struct xml_attributes *attributes)
{
	enum finding_kind kind = e->kind;

	if (kind == FINDING_NONE || p->finding.kind != FINDING_NONE)
		return;
	if (is_unimportant(attributes))
		kind = FINDING_UNIMPORTANT;
	else if (is_true(attributes, "crash"))
		kind = FINDING_CRASH;
	finding_begin(p, kind, e->name, attributes);
}

static void on_start(const char *name, const struct xml_attributes *attributes, void *data)
{
	struct parser *p = data;
	const struct element *e = element_of(name);

	if (!p->in_test) {
		if (strcmp(name, "TestCase") == 0)
			test_begin(p, attributes);
		return;
	}
	if (is_section(name))
		section_begin(p, xml_attribute(attributes, "name"));
	else if (strcmp(name, "OverallResult") == 0 || strcmp(name, "OverallResultsAsserts") == 0)
		take_result(p, attributes);
	finding_of(p, e, attributes);
	p->part = e->part;
	p->output_began = false;
	excerpt_clear(&p->text);
	excerpt_clear(&p->held);
}

/* Between a line break that the framework puts before it, and one with an indentation behind it. */
static void take_output(struct parser *p, const char *bytes, size_t nbytes)
{
	size_t n;

	if (!p->output_began && bytes[0] == '\n') {
		bytes++;
		nbytes--;
	}
	p->output_began = true;
	for (n = nbytes; n > 0 && bytes[n - 1] == ' ';)
		n--;
	/* So much is no indentation. */
	if (p->held.n + nbytes - n >= p->held.room)
		n = nbytes;
	if (n > 0) {
		tell_output(p, p->held.bytes, p->held.n);
		excerpt_clear(&p->held);
		n -= bytes[n - 1] == '\n';
		tell_output(p, bytes, n);
	}
	excerpt_add(&p->held, bytes + n, nbytes - n);
}

static void on_text(const char *bytes, size_t nbytes, void *data)
{
	struct parser *p = data;

	switch (p->part) {
	case PART_NONE:
		break;
	case PART_OUT:
	case PART_ERR:
		if (nbytes > 0)
			take_output(p, bytes, nbytes);
		break;
	case PART_ORIGINAL:
	case PART_EXPANDED:
	case PART_EXCEPTION:
	case PART_WORDS:
	case PART_INFO:
		excerpt_add(&p->text, bytes, nbytes);
		break;
	}
}

static void part_end(struct parser *p)
{
	struct finding *f = &p->finding;
	const char *text = trimmed(&p->text);

	switch (p->part) {
	case PART_NONE:
		break;
	case PART_ORIGINAL:
		copy(f->original, sizeof(f->original), text);
		break;
	case PART_EXPANDED:
		copy(f->expanded, sizeof(f->expanded), text);
		break;
	case PART_EXCEPTION:
		copy(f->exception, sizeof(f->exception), text);
		break;
	case PART_WORDS:
		copy(f->words, sizeof(f->words), text);
		break;
	case PART_INFO:
		excerpt_say(&p->infos, "\n  with ");
		excerpt_say(&p->infos, text);
		break;
	case PART_OUT:
	case PART_ERR:
		tell_output(p, "\n", 1);
		break;
	}
	p->part = PART_NONE;
}

/* Of version 2 and 3, and of doctest. */
static bool is_root(const char *element)
{
	return strcmp(element, "Catch") == 0 || strcmp(element, "Catch2TestRun") == 0 ||
	       strcmp(element, "doctest") == 0;
}

static void tell_complete(struct parser *p)
{
	const struct parser_event event = { .kind = PARSER_COMPLETE, .nbytes = p->nbytes };

	p->tell(&event, p->data);
}

static void on_end(const char *name, void *data)
{
	struct parser *p = data;

	if (!p->in_test) {
		if (is_root(name))
			tell_complete(p);
		return;
	}
	part_end(p);
	if (p->finding.kind != FINDING_NONE && strcmp(name, p->finding.element) == 0)
		finding_end(p);
	if (is_section(name))
		section_end(p);
	else if (strcmp(name, "TestCase") == 0)
		test_ended(p);
}

/* ---- the slots ---- */

static void catch_xml_feed(struct parser *p, const char *bytes, size_t nbytes)
{
	p->nbytes += nbytes;
	xml_feed(p->xml, bytes, nbytes);
}

/* Of what had started and has not ended more is known than the exit status tells. */
static void catch_xml_end(struct parser *p, int status)
{
	char damage[256];

	if (!p->in_test || !WIFEXITED(status))
		return;
	if (xml_fault(p->xml)) {
		snprintf(damage, sizeof(damage), "what its framework told is damaged: %s",
			 xml_fault(p->xml));
		tell_end(p, PROCTOR_ERROR, damage);
	} else if (p->message.n > 0) {
		snprintf(damage, sizeof(damage),
			 "\nthe process ended with exit status %d before the test had",
			 WEXITSTATUS(status));
		excerpt_say(&p->message, damage);
		tell_end(p, PROCTOR_FAIL, message_of(p));
	}
}

static void catch_xml_close(struct parser *p)
{
	free(p->name);
	free(p->file);
	if (p->xml)
		xml_close(p->xml);
	free(p);
}

static const struct xml_ops ops = { .start = on_start, .text = on_text, .end = on_end };

static struct parser *catch_xml_open(void (*tell)(const struct parser_event *event, void *data),
				     void *data)
{
	struct parser *p = calloc(1, sizeof(*p));
	struct proctor_error err;

	if (!p)
		return NULL;
	p->tell = tell;
	p->data = data;
	p->message = (struct excerpt){ .bytes = p->message_bytes, .room = sizeof(p->message_bytes) };
	p->skip_reason = (struct excerpt){ .bytes = p->skip_bytes, .room = sizeof(p->skip_bytes) };
	p->infos = (struct excerpt){ .bytes = p->infos_bytes, .room = sizeof(p->infos_bytes) };
	p->sections = (struct excerpt){ .bytes = p->sections_bytes, .room = sizeof(p->sections_bytes) };
	p->text = (struct excerpt){ .bytes = p->text_bytes, .room = sizeof(p->text_bytes) };
	p->held = (struct excerpt){ .bytes = p->held_bytes, .room = sizeof(p->held_bytes) };
	if (xml_open(&p->xml, &ops, p, &err) < 0) {
		catch_xml_close(p);
		return NULL;
	}
	return p;
}

const struct parser_ops catch_xml_parser = {
	.open = catch_xml_open,
	.feed = catch_xml_feed,
	.end = catch_xml_end,
	.tells_complete = true,
	.all_skipped_status = 4,	/* of Catch2 from 3.3 on */
	.close = catch_xml_close,
};
