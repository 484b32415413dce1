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
	struct bytes text;		/* made, and not written yet */
	struct bytes scratch;
	struct junit_suite *suites;	/* in the order in which they were first heard of */
	size_t nsuites, cap_suites;
	struct junit_counts counts;
	int failed;			/* 0, or what went wrong first: there will be no report */
};

static void put_seconds(struct bytes *to, uint64_t duration_us)
{
	bytes_printf(to, " time=\"%" PRIu64 ".%06" PRIu64 "\"", duration_us / 1000000,
		     duration_us % 1000000);
}

static void put_counts(struct bytes *to, const struct junit_counts *c)
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

/* <failure message="first line" type="crash">message and backtrace</failure> */
static void put_verdict(struct junit *j, const char *element, const struct proctor_result *r)
{
	const char *message = r->message ? r->message : "";
	struct bytes *to = &j->text;

	bytes_clear(&j->scratch);
	bytes_append(&j->scratch, message, strcspn(message, "\n"));
	to->failed = to->failed || j->scratch.failed;
	bytes_printf(to, "<%s", element);
	xml_attribute_bytes(to, "message", j->scratch.data, j->scratch.nbytes);
	xml_attribute(to, "type", proctor_verdict_name(r->verdict));
	bytes_text(to, ">");
	xml_text(to, message, strlen(message));
	if (r->backtrace) {
		bytes_text(to, "\n");
		xml_text(to, r->backtrace, strlen(r->backtrace));
	}
	bytes_printf(to, "</%s>", element);
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

static void put_case(struct junit *j, const struct proctor_test *t, const struct proctor_result *r,
		     const char *element)
{
	struct bytes *to = &j->text;

	bytes_text(to, "<testcase");
	xml_attribute(to, "name", t->name);
	xml_attribute(to, "classname", t->suite);
	if (t->file[0])
		xml_attribute(to, "file", t->file);
	put_seconds(to, r->duration_us);
	bytes_text(to, ">");
	if (element)
		put_verdict(j, element, r);
	put_stream(to, "system-out", r->out, r->nout, r->out_head, r->out_bytes);
	put_stream(to, "system-err", r->err, r->nerr, r->err_head, r->err_bytes);
	bytes_text(to, "</testcase>");
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

/* Writes the text so far, whole or not at all; leaves it empty. -errno. */
static int text_write(struct junit *j, FILE *to)
{
	int ret = 0;

	if (j->text.failed)
		ret = -ENOMEM;
	else if (fwrite(j->text.data, 1, j->text.nbytes, to) != j->text.nbytes)
		ret = -errno;
	bytes_clear(&j->text);
	return ret;
}

static int spool_add(struct junit *j, const struct proctor_test *t, const struct proctor_result *r)
{
	struct junit_suite *suite = suite_find(j, t->suite);
	struct junit_case *c = calloc(1, sizeof(*c));
	const char *element;

	if (!suite || !c) {
		free(c);
		return -ENOMEM;
	}
	element = count_result(&suite->counts, r);
	count_result(&j->counts, r);
	put_case(j, t, r, element);
	c->at = j->spool_at;
	c->nbytes = j->text.nbytes;
	j->spool_at += (off_t)c->nbytes;
	if (suite->last)
		suite->last->next = c;
	else
		suite->first = c;
	suite->last = c;
	return text_write(j, j->spool);
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
	case PROCTOR_RUNNING:
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

static int suite_write(struct junit *j, const struct junit_suite *suite, FILE *to)
{
	int ret;

	bytes_text(&j->text, "<testsuite");
	xml_attribute(&j->text, "name", suite->name);
	put_counts(&j->text, &suite->counts);
	bytes_text(&j->text, ">\n");
	ret = text_write(j, to);
	for (const struct junit_case *c = suite->first; ret == 0 && c; c = c->next)
		ret = case_copy(j, c, to);
	bytes_text(&j->text, "</testsuite>\n");
	return ret;
}

static int report_write(struct junit *j, FILE *to)
{
	int ret = 0;

	bytes_text(&j->text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	put_counts(&j->text, &j->counts);
	bytes_text(&j->text, ">\n");
	for (size_t i = 0; ret == 0 && i < j->nsuites; i++)
		ret = suite_write(j, &j->suites[i], to);
	bytes_text(&j->text, "</testsuites>\n");
	return ret < 0 ? ret : text_write(j, to);
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
	bytes_fini(&j->text);
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
	j->reporter.ops = &ops;
	j->path = strdup(path);
	if (!j->path) {
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
