/* SPDX-License-Identifier: MIT */
#include "report/junit.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container.h"
#include "base/failure.h"
#include "base/file_replace.h"
#include "report/junit_xml.h"

struct junit_piece {		/* a part of a test's XML, in the spool */
	struct junit_piece *next;
	off_t at;
	size_t nbytes;
	const char *element;	/* the XML element to put around it; NULL: none */
	bool failure;		/* an attempt's: it failed, rather than crashed or the like */
};

struct junit_pieces {
	struct junit_piece *first, *last;
};

/* Failed attempts of a test that is tried again. Which XML element each becomes depends on how the
 * last attempt ends. */
struct junit_attempts {
	const struct proctor_test *test;
	unsigned repetition;
	struct junit_pieces pieces;
};

/* A test about whose failure something may yet be found out. */
struct junit_failure {
	const struct proctor_test *test;
	unsigned repetition;
	struct junit_piece *properties;
};

struct junit_suite {
	char *name;
	struct junit_counts counts;
	struct junit_pieces pieces;
};

/*
 * The report can be put together only at the end, and what tests wrote can be large. So the XML of
 * each test goes to a spool, an unnamed file in the directory of the report; in memory there is
 * only where it stands there.
 */
struct junit {
	struct reporter reporter;
	char *path;
	struct replacement report;
	bool has_report;		/* it is open; a device or a pipe is opened at the end */
	FILE *spool;
	off_t spool_at;
	struct bytes text;		/* what was not written to a file yet */
	struct junit_suite *suites;	/* in the order of their first results */
	size_t nsuites, cap_suites;
	void *attempts;			/* tsearch: struct junit_attempts */
	void *failures;			/* tsearch: struct junit_failure */
	struct junit_counts counts;
	int failed;			/* 0, or the first failure: then there is no report */
};

static struct junit_suite *suite_find(struct junit *j, const char *name)
{
	struct junit_suite *suite;

	/* From the end: a result is mostly of the same suite as the one before. */
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

/* Writes the text so far, all or nothing, and empties it. 0 or a negative errno. */
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

static void pieces_join(struct junit_pieces *pieces, struct junit_piece *first,
			struct junit_piece *last)
{
	if (pieces->last)
		pieces->last->next = first;
	else
		pieces->first = first;
	pieces->last = last;
}

/* Writes the text so far to the spool and adds that as a piece to the list. */
static int spool_add(struct junit *j, struct junit_pieces *pieces, bool failure)
{
	struct junit_piece *piece = calloc(1, sizeof(*piece));

	if (!piece)
		return -ENOMEM;
	piece->at = j->spool_at;
	piece->nbytes = j->text.nbytes;
	piece->failure = failure;
	j->spool_at += (off_t)piece->nbytes;
	pieces_join(pieces, piece, piece);
	return text_write(j, j->spool);
}

static int attempts_compare(const void *a, const void *b)
{
	const struct junit_attempts *x = a, *y = b;

	if (x->test != y->test)
		return (uintptr_t)x->test < (uintptr_t)y->test ? -1 : 1;
	return (x->repetition > y->repetition) - (x->repetition < y->repetition);
}

static struct junit_attempts *attempts_find(struct junit *j, const struct proctor_test *t,
					    unsigned repetition)
{
	const struct junit_attempts key = { .test = t, .repetition = repetition };
	struct junit_attempts **found = tfind(&key, &j->attempts, attempts_compare);

	return found ? *found : NULL;
}

static int attempt_keep(struct junit *j, const struct proctor_test *t,
			const struct proctor_result *r)
{
	struct junit_attempts *attempts = attempts_find(j, t, r->repetition);

	if (!attempts) {
		attempts = calloc(1, sizeof(*attempts));
		if (!attempts)
			return -ENOMEM;
		attempts->test = t;
		attempts->repetition = r->repetition;
		if (!tsearch(attempts, &j->attempts, attempts_compare)) {
			free(attempts);
			return -ENOMEM;
		}
	}
	junit_attempt(&j->text, r);
	return spool_add(j, &attempts->pieces, r->verdict == PROCTOR_FAIL);
}

/* The element for an earlier attempt. If the last one passed, the earlier ones were flaky; else
 * they were just run again. */
static const char *attempt_element(bool failure, bool passed)
{
	if (passed)
		return failure ? "flakyFailure" : "flakyError";
	return failure ? "rerunFailure" : "rerunError";
}

/* Moves the earlier attempts to the pieces of their test. */
static void attempts_take(struct junit *j, struct junit_attempts *attempts,
			  struct junit_pieces *pieces, bool passed)
{
	for (struct junit_piece *p = attempts->pieces.first; p; p = p->next)
		p->element = attempt_element(p->failure, passed);
	if (attempts->pieces.first)
		pieces_join(pieces, attempts->pieces.first, attempts->pieces.last);
	tdelete(attempts, &j->attempts, attempts_compare);
	free(attempts);
}

static int failures_compare(const void *a, const void *b)
{
	const struct junit_failure *x = a, *y = b;

	if (x->test != y->test)
		return (uintptr_t)x->test < (uintptr_t)y->test ? -1 : 1;
	return (x->repetition > y->repetition) - (x->repetition < y->repetition);
}

/* The properties of a failed test are a piece that can be replaced. */
static int failure_keep(struct junit *j, const struct proctor_test *t, const struct proctor_result *r,
			struct junit_pieces *pieces)
{
	struct junit_failure *failure = calloc(1, sizeof(*failure));
	int ret;

	if (!failure)
		return -ENOMEM;
	*failure = (struct junit_failure){ .test = t, .repetition = r->repetition };
	ret = spool_add(j, pieces, false);
	junit_properties(&j->text, r->repetition, r->nrepetitions, NULL);
	if (ret == 0)
		ret = spool_add(j, pieces, false);
	failure->properties = pieces->last;
	if (ret == 0 && tsearch(failure, &j->failures, failures_compare))
		return 0;
	free(failure);
	return ret < 0 ? ret : -ENOMEM;
}

static int confirmation_keep(struct junit *j, const struct proctor_test *t, const struct proctor_confirmation *c)
{
	const struct junit_failure key = { .test = t, .repetition = c->repetition };
	struct junit_failure **found = tfind(&key, &j->failures, failures_compare);
	struct junit_pieces pieces = { 0 };
	int ret;

	if (!found)
		return 0;
	junit_properties(&j->text, c->repetition, 1, c);
	ret = spool_add(j, &pieces, false);
	if (ret == 0) {
		(*found)->properties->at = pieces.first->at;
		(*found)->properties->nbytes = pieces.first->nbytes;
	}
	free(pieces.first);
	return ret;
}

static int case_keep(struct junit *j, const struct proctor_test *t, const struct proctor_result *r)
{
	struct junit_suite *suite = suite_find(j, t->suite);
	struct junit_attempts *attempts = attempts_find(j, t, r->repetition);
	const char *element;
	int ret = 0;

	if (!suite)
		return -ENOMEM;
	junit_count(&j->counts, r);
	element = junit_count(&suite->counts, r);
	junit_case(&j->text, t, r);
	if (attempts || verdict_is_failure(r->verdict))
		ret = failure_keep(j, t, r, &suite->pieces);
	else
		junit_properties(&j->text, r->repetition, r->nrepetitions, NULL);
	if (ret < 0)
		return ret;
	junit_verdict(&j->text, r, element);
	if (attempts) {
		ret = spool_add(j, &suite->pieces, false);
		attempts_take(j, attempts, &suite->pieces, r->verdict == PROCTOR_PASS);
	}
	junit_case_end(&j->text, r);
	return ret < 0 ? ret : spool_add(j, &suite->pieces, false);
}

static int junit_event(struct reporter *r, const struct proctor_event *event,
		       struct proctor_error *err)
{
	struct junit *j = container_of(r, struct junit, reporter);

	switch (event->kind) {
	case PROCTOR_TEST_END:
		if (j->failed < 0)
			return 0;
		j->failed = event->result->final ? case_keep(j, event->test, event->result) :
			    attempt_keep(j, event->test, event->result);
		if (j->failed < 0)
			return error_sys(err, -j->failed, "cannot keep the results for %s",
					 j->path);
		return 0;
	case PROCTOR_TEST_CONFIRMED:
		if (j->failed < 0)
			return 0;
		j->failed = confirmation_keep(j, event->test, event->confirmation);
		if (j->failed < 0)
			return error_sys(err, -j->failed, "cannot keep the results for %s", j->path);
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

/* Copies a piece from the spool. */
static int piece_copy(struct junit *j, const struct junit_piece *piece, FILE *to)
{
	char part[16 * 1024];
	size_t left = piece->nbytes, n;

	if (fseeko(j->spool, piece->at, SEEK_SET) < 0)
		return -errno;
	if (piece->element && fprintf(to, "<%s", piece->element) < 0)
		return -errno;
	for (; left > 0; left -= n) {
		n = fread(part, 1, left < sizeof(part) ? left : sizeof(part), j->spool);
		if (n == 0)
			return ferror(j->spool) ? -errno : -EIO;
		if (fwrite(part, 1, n, to) != n)
			return -errno;
	}
	if (piece->element && fprintf(to, "</%s>", piece->element) < 0)
		return -errno;
	return 0;
}

static int suite_write(struct junit *j, const struct junit_suite *suite, FILE *to)
{
	int ret;

	bytes_text(&j->text, "<testsuite");
	junit_name(&j->text, suite->name);
	junit_counts(&j->text, &suite->counts);
	bytes_text(&j->text, ">\n");
	ret = text_write(j, to);
	for (const struct junit_piece *p = suite->pieces.first; ret == 0 && p; p = p->next)
		ret = piece_copy(j, p, to);
	bytes_text(&j->text, "</testsuite>\n");
	return ret;
}

static int report_write(struct junit *j, FILE *to)
{
	int ret = 0;

	bytes_text(&j->text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	junit_counts(&j->text, &j->counts);
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

static void pieces_fini(struct junit_pieces *pieces)
{
	struct junit_piece *next;

	for (struct junit_piece *p = pieces->first; p; p = next) {
		next = p->next;
		free(p);
	}
}

static void attempts_free(void *attempts)
{
	pieces_fini(&((struct junit_attempts *)attempts)->pieces);
	free(attempts);
}

static void junit_free(struct junit *j)
{
	for (size_t i = 0; i < j->nsuites; i++) {
		pieces_fini(&j->suites[i].pieces);
		free(j->suites[i].name);
	}
	free(j->suites);
	/* Attempts are left here only if the run could not go on. */
	tdestroy(j->attempts, attempts_free);
	tdestroy(j->failures, free);
	if (j->has_report)
		replacement_close(&j->report, -ECANCELED, NULL);
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

/* Opens the report before the run, so that nobody else writes it meanwhile, and so that it is known
 * early if it cannot be written. Not a pipe: to open that may have to wait for a reader, who may
 * come later. */
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

/* Opens the spool in the directory of the report: who asked for the report there has room for it
 * there. */
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
