/* SPDX-License-Identifier: MIT */
#include "report/junit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container.h"
#include "base/replacement.h"
#include "report/escape.h"
#include "report/xml.h"

struct junit_counts {
	size_t ntests, nfailures, nerrors, nskipped;
	uint64_t duration_us;
};

struct junit_case {		/* one written test, in the spool */
	struct junit_case *next;
	off_t at;
	size_t nbytes;
};

struct junit_suite {
	char *name;
	struct junit_counts counts;
	struct junit_case *first, *last;
};

/*
 * Output can be large and is wanted again only at the end: each test is written to a spool, an
 * unnamed file in the directory of the report, and only its place is kept.
 */
struct junit {
	struct reporter reporter;
	char *path;
	struct replacement report;
	bool has_report;		/* it is open; else it is a device or a pipe, for the end */
	FILE *spool;
	off_t spool_at;
	struct xml xml;
	xmlBufferPtr buffer;
	struct bytes scratch;
	struct junit_suite *suites;	/* in the order in which they were first heard of */
	size_t nsuites, cap_suites;
	struct junit_counts counts;
	int failed;			/* 0, or what went wrong first: there will be no report */
};

#define XML(text) ((const xmlChar *)(text))

static void put_seconds(struct junit *j, xmlTextWriterPtr w, const char *name, uint64_t duration_us)
{
	j->xml.xmlTextWriterWriteFormatAttribute(w, XML(name), "%" PRIu64 ".%06" PRIu64,
					  duration_us / 1000000, duration_us % 1000000);
}

static void put_counts(struct junit *j, xmlTextWriterPtr w, const struct junit_counts *c)
{
	j->xml.xmlTextWriterWriteFormatAttribute(w, XML("tests"), "%zu", c->ntests);
	j->xml.xmlTextWriterWriteFormatAttribute(w, XML("failures"), "%zu", c->nfailures);
	j->xml.xmlTextWriterWriteFormatAttribute(w, XML("errors"), "%zu", c->nerrors);
	j->xml.xmlTextWriterWriteFormatAttribute(w, XML("skipped"), "%zu", c->nskipped);
	put_seconds(j, w, "time", c->duration_us);
}

/* Text as XML can hold it; lent until the next call. */
static const xmlChar *clean(struct junit *j, const char *text)
{
	bytes_clear(&j->scratch);
	escape_append(&j->scratch, text, strlen(text), "\n\t");
	return j->scratch.nbytes ? XML(j->scratch.data) : XML("");
}

static void put_attribute(struct junit *j, xmlTextWriterPtr w, const char *name, const char *text)
{
	j->xml.xmlTextWriterWriteAttribute(w, XML(name), clean(j, text));
}

static void put_stream(struct junit *j, xmlTextWriterPtr w, const char *name, const char *bytes,
		       size_t nbytes, size_t head, uint64_t total_bytes)
{
	if (total_bytes == 0)
		return;
	bytes_clear(&j->scratch);
	escape_append(&j->scratch, bytes, head, "\n\t");
	if (total_bytes > nbytes)
		bytes_printf(&j->scratch, "\n… %" PRIu64 " bytes not kept …\n",
			     total_bytes - nbytes);
	escape_append(&j->scratch, bytes + head, nbytes - head, "\n\t");
	if (j->scratch.failed)
		j->failed = -ENOMEM;
	else
		j->xml.xmlTextWriterWriteElement(w, XML(name), XML(j->scratch.data));
}

/* <failure message="first line" type="crash">message and backtrace</failure> */
static void put_verdict(struct junit *j, xmlTextWriterPtr w, const char *element,
			const struct proctor_result *r)
{
	const char *message = r->message ? r->message : "";

	j->xml.xmlTextWriterStartElement(w, XML(element));
	bytes_clear(&j->scratch);
	escape_append(&j->scratch, message, strcspn(message, "\n"), "\t");
	if (r->nrepetitions > 1)
		bytes_printf(&j->scratch, " (%u repetitions)", r->nrepetitions);
	j->xml.xmlTextWriterWriteAttribute(w, XML("message"),
				    j->scratch.nbytes ? XML(j->scratch.data) : XML(""));
	put_attribute(j, w, "type", proctor_verdict_name(r->verdict));
	j->xml.xmlTextWriterWriteString(w, clean(j, message));
	if (r->backtrace) {
		j->xml.xmlTextWriterWriteString(w, XML("\n"));
		j->xml.xmlTextWriterWriteString(w, clean(j, r->backtrace));
	}
	j->xml.xmlTextWriterEndElement(w);
}

/* Counts a result; returns the element that says it, NULL for a pass. */
static const char *count_result(struct junit_counts *c, const struct proctor_result *r)
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

static void put_case(struct junit *j, xmlTextWriterPtr w, const struct proctor_test *t,
		     const struct proctor_result *r, const char *element)
{
	j->xml.xmlTextWriterStartElement(w, XML("testcase"));
	put_attribute(j, w, "name", t->name);
	put_attribute(j, w, "classname", t->suite);
	if (t->file[0])
		put_attribute(j, w, "file", t->file);
	put_seconds(j, w, "time", r->duration_us);
	if (element)
		put_verdict(j, w, element, r);
	put_stream(j, w, "system-out", r->out, r->nout, r->out_head, r->out_bytes);
	put_stream(j, w, "system-err", r->err, r->nerr, r->err_head, r->err_bytes);
	j->xml.xmlTextWriterEndElement(w);
}

static struct junit_suite *suite_find(struct junit *j, const char *name)
{
	struct junit_suite *suite;

	/* From the end: results of one suite tend to come together. */
	for (size_t i = j->nsuites; i-- > 0;)
		if (strcmp(j->suites[i].name, name) == 0)
			return &j->suites[i];
	if (j->nsuites == j->cap_suites) {
		size_t cap = j->cap_suites ? 2 * j->cap_suites : 64;
		struct junit_suite *grown = reallocarray(j->suites, cap, sizeof(*grown));

		if (!grown)
			return NULL;
		j->suites = grown;
		j->cap_suites = cap;
	}
	suite = &j->suites[j->nsuites];
	*suite = (struct junit_suite){ .name = strdup(name) };
	if (!suite->name)
		return NULL;
	j->nsuites++;
	return suite;
}

/* Writes what the buffer holds; leaves it empty. -errno. */
static int buffer_write(struct junit *j, FILE *to)
{
	size_t nbytes = (size_t)j->xml.xmlBufferLength(j->buffer);
	size_t written = fwrite(j->xml.xmlBufferContent(j->buffer), 1, nbytes, to);

	j->xml.xmlBufferEmpty(j->buffer);
	return written == nbytes ? 0 : -errno;
}

static int spool_add(struct junit *j, const struct proctor_test *t, const struct proctor_result *r)
{
	struct junit_suite *suite = suite_find(j, t->suite);
	struct junit_case *c = calloc(1, sizeof(*c));
	xmlTextWriterPtr w = j->xml.xmlNewTextWriterMemory(j->buffer, 0);
	const char *element;

	if (!suite || !c || !w) {
		free(c);
		j->xml.xmlFreeTextWriter(w);
		return -ENOMEM;
	}
	element = count_result(&suite->counts, r);
	count_result(&j->counts, r);
	put_case(j, w, t, r, element);
	j->xml.xmlFreeTextWriter(w);
	c->at = j->spool_at;
	c->nbytes = (size_t)j->xml.xmlBufferLength(j->buffer);
	j->spool_at += (off_t)c->nbytes;
	if (suite->last)
		suite->last->next = c;
	else
		suite->first = c;
	suite->last = c;
	return buffer_write(j, j->spool);
}

static int junit_event(struct reporter *r, const struct proctor_event *event,
		       struct proctor_error *err)
{
	struct junit *j = container_of(r, struct junit, reporter);

	switch (event->kind) {
	case PROCTOR_TEST_END:
		if (!event->result->final || j->failed < 0)
			return 0;
		j->failed = spool_add(j, event->test, event->result);
		if (j->failed < 0)
			return error_sys(err, -j->failed, "cannot keep the results for %s",
					 j->path);
		return 0;
	case PROCTOR_RUN_START:
	case PROCTOR_TEST_START:
	case PROCTOR_TEST_SLOW:
	case PROCTOR_NOTE:
	case PROCTOR_TICK:
	case PROCTOR_COVERAGE:
	case PROCTOR_RUN_END:
		return 0;
	}
	return 0;	/* not reached */
}

/* Copies one test from the spool. */
static int case_copy(struct junit *j, const struct junit_case *c, FILE *to)
{
	char part[16 * 1024];
	size_t left = c->nbytes, n;

	if (fseeko(j->spool, c->at, SEEK_SET) < 0)
		return -errno;
	for (; left > 0; left -= n) {
		n = fread(part, 1, left < sizeof(part) ? left : sizeof(part), j->spool);
		if (n == 0)
			return ferror(j->spool) ? -errno : -EIO;
		if (fwrite(part, 1, n, to) != n)
			return -errno;
	}
	return fputc('\n', to) == EOF ? -errno : 0;
}

static int suite_write(struct junit *j, xmlTextWriterPtr w, const struct junit_suite *suite,
		       FILE *to)
{
	int ret;

	j->xml.xmlTextWriterStartElement(w, XML("testsuite"));
	put_attribute(j, w, "name", suite->name);
	put_counts(j, w, &suite->counts);
	j->xml.xmlTextWriterWriteRaw(w, XML("\n"));
	j->xml.xmlTextWriterFlush(w);
	ret = buffer_write(j, to);
	for (const struct junit_case *c = suite->first; ret == 0 && c; c = c->next)
		ret = case_copy(j, c, to);
	j->xml.xmlTextWriterEndElement(w);
	j->xml.xmlTextWriterWriteRaw(w, XML("\n"));
	return ret;
}

static int report_write(struct junit *j, FILE *to)
{
	xmlTextWriterPtr w = j->xml.xmlNewTextWriterMemory(j->buffer, 0);
	int ret = 0;

	if (!w)
		return -ENOMEM;
	j->xml.xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
	j->xml.xmlTextWriterStartElement(w, XML("testsuites"));
	put_counts(j, w, &j->counts);
	j->xml.xmlTextWriterWriteRaw(w, XML("\n"));
	for (size_t i = 0; ret == 0 && i < j->nsuites; i++)
		ret = suite_write(j, w, &j->suites[i], to);
	j->xml.xmlTextWriterEndDocument(w);
	j->xml.xmlFreeTextWriter(w);
	return ret < 0 ? ret : buffer_write(j, to);
}

static int report_put(struct junit *j, struct proctor_error *err)
{
	int ret = 0;

	if (!j->has_report) {
		ret = replacement_open(&j->report, j->path, err);
		if (ret < 0)
			return ret;
		j->has_report = true;
	}
	if (j->failed == 0)
		j->failed = fflush(j->spool) != 0 ? -errno : report_write(j, j->report.file);
	if (j->failed < 0)
		ret = error_sys(err, -j->failed, "cannot write %s", j->path);
	j->has_report = false;
	return replacement_close(&j->report, ret, err);
}

static void junit_free(struct junit *j)
{
	for (size_t i = 0; i < j->nsuites; i++) {
		struct junit_case *c, *next;

		for (c = j->suites[i].first; c; c = next) {
			next = c->next;
			free(c);
		}
		free(j->suites[i].name);
	}
	free(j->suites);
	if (j->has_report)
		replacement_close(&j->report, -ECANCELED, NULL);
	bytes_fini(&j->scratch);
	if (j->buffer)
		j->xml.xmlBufferFree(j->buffer);
	if (j->spool)
		fclose(j->spool);
	free(j->path);
	free(j);
}

static int junit_close(struct reporter *r, struct proctor_error *err)
{
	struct junit *j = container_of(r, struct junit, reporter);
	int ret = report_put(j, err);

	junit_free(j);
	return ret;
}

/* Opens the report, so that nobody else makes it meanwhile, and what cannot be written is seen before
 * the run. To open a pipe may wait for its reader, who may come later. */
static int report_open(struct junit *j, struct proctor_error *err)
{
	struct stat st;
	int ret;

	if (stat(j->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return 0;
	ret = replacement_open(&j->report, j->path, err);
	j->has_report = ret == 0;
	return ret;
}

/* Opens the spool beside the report: there is the room that was meant for it. */
static int spool_open(struct junit *j)
{
	char *copy, *dir;
	int fd;

	if (replacement_in_place(j->path)) {
		j->spool = tmpfile();
		return j->spool ? 0 : -errno;
	}
	copy = strdup(j->path);
	if (!copy)
		return -ENOMEM;
	dir = dirname(copy);
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	/* Some file systems have no unnamed files. */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR) && access(dir, W_OK) == 0)
		j->spool = tmpfile();
	else if (fd >= 0)
		j->spool = fdopen(fd, "w+");
	free(copy);
	if (j->spool)
		return 0;
	if (fd >= 0)
		close(fd);
	return -errno;
}

int junit_open(struct reporter **rp, const char *path, struct proctor_error *err)
{
	static const struct reporter_ops ops = { .event = junit_event, .close = junit_close };
	struct junit *j = calloc(1, sizeof(*j));
	int ret;

	if (!j)
		return error_sys(err, ENOMEM, "cannot write %s", path);
	ret = xml_load(&j->xml, err);
	if (ret < 0) {
		free(j);
		return ret;
	}
	j->reporter.ops = &ops;
	j->path = strdup(path);
	j->buffer = j->xml.xmlBufferCreate();
	if (!j->path || !j->buffer) {
		junit_free(j);
		return error_sys(err, ENOMEM, "cannot write %s", path);
	}
	ret = report_open(j, err);
	if (ret == 0) {
		ret = spool_open(j);
		if (ret < 0)
			error_sys(err, -ret, "cannot write %s", path);
	}
	if (ret < 0) {
		junit_free(j);
		return ret;
	}
	*rp = &j->reporter;
	return 0;
}
