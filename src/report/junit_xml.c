/* SPDX-License-Identifier: MIT */
#include "report/junit_xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

static void xml_text(struct bytes *to, const char *bytes, size_t nbytes)
{
	escape_xml(to, bytes, nbytes, false);
}

static void xml_attribute_bytes(struct bytes *to, const char *name, const char *bytes,
				size_t nbytes)
{
	bytes_printf(to, " %s=\"", name);
	escape_xml(to, bytes, nbytes, true);
	bytes_text(to, "\"");
}

static void xml_attribute(struct bytes *to, const char *name, const char *text)
{
	xml_attribute_bytes(to, name, text, strlen(text));
}

void junit_name(struct bytes *to, const char *name)
{
	xml_attribute(to, "name", name);
}

static void put_seconds(struct bytes *to, uint64_t duration_us)
{
	bytes_printf(to, " time=\"%" PRIu64 ".%06" PRIu64 "\"", duration_us / 1000000,
		     duration_us % 1000000);
}

void junit_counts(struct bytes *to, const struct junit_counts *c)
{
	bytes_printf(to, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
		     c->ntests, c->nfailures, c->nerrors, c->nskipped);
	put_seconds(to, c->duration_us);
}

static void put_stream(struct bytes *to, const char *name, const char *bytes, size_t nbytes,
		       size_t head, uint64_t total_bytes)
{
	if (total_bytes == 0)
		return;
	bytes_printf(to, "<%s>", name);
	xml_text(to, bytes, head);
	if (total_bytes > nbytes)
		bytes_printf(to, "\n… %" PRIu64 " bytes not kept …\n", total_bytes - nbytes);
	xml_text(to, bytes + head, nbytes - head);
	bytes_printf(to, "</%s>", name);
}

/* ` message="first line" type="crash"` */
static void put_why(struct bytes *to, const struct proctor_result *r)
{
	const char *message = r->message ? r->message : "";

	xml_attribute_bytes(to, "message", message, strcspn(message, "\n"));
	xml_attribute(to, "type", proctor_verdict_name(r->verdict));
}

/* The message and the backtrace. */
static void put_story(struct bytes *to, const struct proctor_result *r)
{
	if (r->message)
		xml_text(to, r->message, strlen(r->message));
	if (r->backtrace) {
		bytes_text(to, "\n");
		xml_text(to, r->backtrace, strlen(r->backtrace));
	}
}

/* <failure message="first line" type="crash">message and backtrace</failure> */
static void put_verdict(struct bytes *to, const char *element, const struct proctor_result *r)
{
	bytes_printf(to, "<%s", element);
	put_why(to, r);
	bytes_text(to, ">");
	put_story(to, r);
	bytes_printf(to, "</%s>", element);
}

static void put_streams(struct bytes *to, const struct proctor_result *r)
{
	put_stream(to, "system-out", r->out, r->nout, r->out_head, r->out_bytes);
	put_stream(to, "system-err", r->err, r->nerr, r->err_head, r->err_bytes);
}

void junit_attempt(struct bytes *to, const struct proctor_result *r)
{
	put_why(to, r);
	bytes_text(to, "><stackTrace>");
	put_story(to, r);
	bytes_text(to, "</stackTrace>");
	put_streams(to, r);
}

const char *junit_count(struct junit_counts *c, const struct proctor_result *r)
{
	c->ntests++;
	c->duration_us += r->duration_us;
	switch (r->verdict) {
	case PROCTOR_PASS:
		return NULL;
	case PROCTOR_FAIL:
		c->nfailures++;
		return "failure";
	case PROCTOR_CRASH:
	case PROCTOR_TIMEOUT:
	case PROCTOR_ERROR:
		c->nerrors++;
		return "error";
	case PROCTOR_SKIP:
	case PROCTOR_CANCELLED:
	case PROCTOR_NOT_RUN:
	case PROCTOR_NVERDICTS:
		c->nskipped++;
		return "skipped";
	}
	return NULL;	/* not reached */
}

void junit_case(struct bytes *to, const struct proctor_test *t, const struct proctor_result *r)
{
	bytes_text(to, "<testcase");
	xml_attribute(to, "name", t->name);
	xml_attribute(to, "classname", t->suite);
	if (t->file[0])
		xml_attribute(to, "file", t->file);
	put_seconds(to, r->duration_us);
	bytes_text(to, ">");
}

static void put_property(struct bytes *to, const char *name, const char *value)
{
	if (!value)
		return;
	bytes_text(to, "<property");
	xml_attribute(to, "name", name);
	xml_attribute(to, "value", value);
	bytes_text(to, "/>");
}

void junit_properties(struct bytes *to, unsigned repetition, unsigned nrepetitions,
		      const struct proctor_confirmation *c)
{
	bool several = nrepetitions > 1;
	char number[16];

	if (!several && repetition <= 1 && !c)
		return;
	bytes_text(to, "<properties>");
	snprintf(number, sizeof(number), "%u", several ? nrepetitions : repetition);
	if (several || repetition > 1)
		put_property(to, several ? "repetitions" : "repetition", number);
	put_property(to, "confirmation", c ? c->text : NULL);
	for (size_t i = 0; c && i < c->nafter; i++)
		put_property(to, "fails-after", c->after[i]->id);
	put_property(to, "shown-by", c ? c->command : NULL);
	bytes_text(to, "</properties>");
}

void junit_verdict(struct bytes *to, const struct proctor_result *r, const char *element)
{
	if (element)
		put_verdict(to, element, r);
}

void junit_case_end(struct bytes *to, const struct proctor_result *r)
{
	put_streams(to, r);
	bytes_text(to, "</testcase>\n");
}
