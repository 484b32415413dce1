/* SPDX-License-Identifier: MIT */
/*
 * Test programs of Go, as `go test -c` leaves them: of Go 1.20 and newer, whose -test.v=test2json sets a mark
 * (the byte 0x16) before each line of the framework, which therefore is known wherever it stands, also behind
 * output without a line's end. Older ones are one test each (`exe`).
 *
 * Listed with -test.list: tests, fuzz targets, whose seeds are run, and examples that have an output to compare;
 * what else TestMain prints is passed over, and so are benchmarks. Run with -test.run=^(A|B)$. Names are
 * identifiers, so nothing in them has to be quoted. The deadline is ours (-test.timeout=0), and
 * -test.paniconexit0 makes an os.Exit(0) within a test a failure of that test.
 *
 * A test that calls t.Parallel() is set aside until all others have run. There it ends with the others of its
 * kind, one after the other (-test.parallel=1), and its result is told when the process is over; if the process
 * does not live so long, it is run again. Subtests belong to their test: those that failed are in its message,
 * with what they logged.
 *
 * What a test can forge: whoever prints that byte can print any line of the framework. A result for another test
 * is not believed before that test has started and after it has ended, and if something is told twice the tests
 * concerned are run again, each in a process of its own; there the exit status must agree.
 *
 * `go test` runs a program in its package's directory. A file does not say where that was: it is run where
 * proctor runs what it runs, and tests that open testdata/ need that to be the package's directory.
 */
#include "adapter/adapter.h"

#include "base/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define MARK '\x16'
#define NAME_MAX_BYTES 512
#define LINE_BYTES 2048
#define MESSAGE_BYTES ((size_t)3072)
#define TESTS_MAX 65536		/* that are remembered of one process */
#define PATTERN_BYTES ((size_t)120000)	/* the kernel allows 131072 in one argument */

/* ---- listing and running ---- */

static enum sureness go_recognize(const struct file_view *file)
{
	/* A flag of package testing, and the value of another since Go 1.20. */
	return file_view_says(file, "test.paniconexit0") && file_view_says(file, "test2json") ?
	       SURE_OF_FILE : SURE_NOT;
}

static int go_list_command(const struct program_request *request, struct command_line *line,
			   struct proctor_error *err)
{
	(void)request, (void)err;
	texts_add(&line->words, "-test.list=.*");
	/* Changes nothing in a list, and is refused by a program that could not be run so. */
	texts_add(&line->words, "-test.v=test2json");
	return 0;
}

static int go_run_command(const struct program_request *request, struct command_line *line,
			  struct proctor_error *err)
{
	static const char *const words[] = {
		"-test.v=test2json", "-test.paniconexit0", "-test.timeout=0", "-test.count=1", "-test.parallel=1",
		/* As under `go test`, a file is opened before the first test: a test that counts descriptors finds
		 * those there that Go opens with its first file and keeps. */
		"-test.testlogfile=/dev/null",
	};
	struct bytes pattern = { 0 };
	bool fits;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		texts_add(&line->words, "%s", words[i]);
	if (request->whole)
		return 0;
	bytes_text(&pattern, "-test.run=^(");
	for (size_t i = 0; i < request->ntests; i++)
		bytes_printf(&pattern, "%s%s", i > 0 ? "|" : "", request->names[i]);
	bytes_text(&pattern, ")$");
	fits = pattern.nbytes <= PATTERN_BYTES;
	if (bytes_string(&pattern))
		texts_add(&line->words, "%s", bytes_string(&pattern));
	else
		line->words.lost = true;
	bytes_fini(&pattern);
	return fits ? 0 : error_set(err, -E2BIG, "the names of %zu tests are too long for one argument",
				    request->ntests);
}

/* Go's identifiers: letters of any language, which are bytes from 0x80 on, digits and "_". */
static bool is_identifier(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' && (unsigned char)s[i] < 0x80)
			return false;
	return n > 0;
}

static bool begins_with(const char *s, size_t n, const char *begin)
{
	return n >= strlen(begin) && memcmp(s, begin, strlen(begin)) == 0;
}

static bool is_test_name(const char *s, size_t n)
{
	return is_identifier(s, n) && (begins_with(s, n, "Test") || begins_with(s, n, "Fuzz") ||
				       begins_with(s, n, "Example"));
}

static int go_list_parse(const struct list_output *output, struct listing *list, struct proctor_error *err)
{
	const char *at = output->out, *end = output->out + output->nout;

	if (output->status != 0 && strstr(output->err, "\"test2json\" for -test.v"))
		return error_set(err, -ENOEXEC, "is of a Go before 1.20, which does not mark its own lines among those of "
				 "tests; --framework=exe runs it as one test");
	if (output->status != 0)
		return error_set(err, -ENOEXEC, "was asked for its tests (-test.list) and ended with status %#x",
				 (unsigned)output->status);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = stop ? (size_t)(stop - at) : (size_t)(end - at);
		struct listed *t;

		if (is_test_name(at, n)) {
			t = listing_add(list);
			if (!t)
				return -ENOMEM;
			t->name = listing_text(list, at, n);
			t->file = "";
			if (!t->name)
				return -ENOMEM;
		}
		at += n + 1;
	}
	return 0;
}

/* ---- the parser ---- */

/* A test that was set aside: what comes of it is told at the end. */
struct aside {
	char *name;
	bool ended;
	enum proctor_verdict verdict;
	char *message;
	uint64_t duration_us;
};

struct parser {
	void (*tell)(const struct parser_event *event, void *data);
	void *data;
	uint64_t nbytes, mark_at;	/* of standard output; where its last mark stands */
	char line[LINE_BYTES];		/* what of it is looked at */
	size_t nline;
	bool marked;			/* it is the framework's */
	bool after_end;			/* what comes without a mark says more of the test that ended */
	char running[NAME_MAX_BYTES];	/* the top test that runs; "": none */
	char subtest[NAME_MAX_BYTES];	/* what the lines without a mark are of; the same as above if no subtest */
	struct aside *asides;
	size_t nasides;
	/* What it and its subtests said. */
	char message[MESSAGE_BYTES];
	size_t nmessage, nheld;		/* the first so many bytes are of subtests that have failed */
	/* The end that is being told: an example's is held back, as what was wrong follows it. */
	bool held;
	bool last_failed;		/* the test that ended last has failed */
	struct parser_event end;
	char end_name[NAME_MAX_BYTES];
	/* Of standard error: a panic or a fatal error. */
	char err_line[LINE_BYTES], panic[MESSAGE_BYTES];
	size_t nerr_line, npanic;
	bool in_panic, panic_over;
	bool no_memory;
};

static void append(char *to, size_t *nto, const char *text, size_t n)
{
	if (n >= MESSAGE_BYTES - *nto)
		n = MESSAGE_BYTES - *nto - 1;
	memcpy(to + *nto, text, n);
	*nto += n;
	to[*nto] = '\0';
}

static struct aside *aside_find(struct parser *p, const char *name)
{
	for (size_t i = 0; i < p->nasides; i++)
		if (strcmp(p->asides[i].name, name) == 0)
			return &p->asides[i];
	return NULL;
}

static void aside_add(struct parser *p, const char *name)
{
	struct aside *more;

	if (aside_find(p, name))
		return;
	if ((p->nasides & (p->nasides + 1)) == 0) {
		more = p->nasides < TESTS_MAX ?
		       reallocarray(p->asides, p->nasides * 2 + 2, sizeof(*more)) : NULL;
		if (!more) {
			p->no_memory = true;
			return;
		}
		p->asides = more;
	}
	p->asides[p->nasides] = (struct aside){ .name = strdup(name) };
	if (p->asides[p->nasides].name)
		p->nasides++;
	else
		p->no_memory = true;
}

static const char *message_or_null(struct parser *p)
{
	while (p->nmessage > 0 && p->message[p->nmessage - 1] == '\n')
		p->message[--p->nmessage] = '\0';
	return p->nmessage > 0 ? p->message : NULL;
}

/* A test has ended, and all is known of it. */
static void end_tell(struct parser *p)
{
	struct aside *a;

	if (!p->held)
		return;
	p->held = p->after_end = false;
	p->last_failed = p->end.verdict == PROCTOR_FAIL;
	if (p->end.verdict != PROCTOR_PASS)
		p->end.message = message_or_null(p);
	a = aside_find(p, p->end_name);
	if (a && !a->ended) {
		a->ended = true;
		a->verdict = p->end.verdict;
		a->duration_us = p->end.duration_us;
		a->message = p->end.message ? strdup(p->end.message) : NULL;
		p->no_memory |= p->end.message && !a->message;
	} else if (!a) {
		p->tell(&p->end, p->data);
	}
	p->nmessage = p->nheld = 0;
	p->message[0] = '\0';
}

static void set_name(char to[static NAME_MAX_BYTES], const char *name, size_t n)
{
	if (n >= NAME_MAX_BYTES)
		n = NAME_MAX_BYTES - 1;
	memmove(to, name, n);
	to[n] = '\0';
}

static bool is_top(const char *name, size_t n)
{
	return n > 0 && n < NAME_MAX_BYTES && !memchr(name, '/', n);
}

static void take_run(struct parser *p, const char *name, size_t n)
{
	const struct parser_event event = { .kind = PARSER_STARTED, .name = p->running, .nbytes = p->mark_at };

	set_name(p->subtest, name, n);
	/* If it is a subtest and passes, what it said is forgotten, and what was said before is not. */
	p->nheld = p->nmessage;
	if (!is_top(name, n))
		return;
	end_tell(p);
	set_name(p->running, name, n);
	p->nmessage = p->nheld = 0;
	p->message[0] = '\0';
	p->tell(&event, p->data);
}

static void take_pause(struct parser *p, const char *name, size_t n)
{
	struct parser_event event = { .kind = PARSER_SET_ASIDE, .name = p->running, .nbytes = p->mark_at };

	if (!is_top(name, n) || strlen(p->running) != n || memcmp(p->running, name, n) != 0)
		return;
	aside_add(p, p->running);
	p->tell(&event, p->data);
	p->running[0] = p->subtest[0] = '\0';
}

/* The lines from now on are of this test, which goes on. */
static void take_name(struct parser *p, const char *name, size_t n)
{
	while (n > 0 && name[n - 1] == ' ')
		n--;
	if (n == 0)
		end_tell(p);
	set_name(p->subtest, name, n);
	if (is_top(name, n) && strcmp(p->running, p->subtest) != 0) {
		end_tell(p);
		set_name(p->running, name, n);
	}
}

/* "(0.01s)" */
static uint64_t duration_of(const char *s, size_t n)
{
	char number[32] = "";
	double seconds;

	if (n < 3 || n >= sizeof(number) || s[0] != '(' || s[n - 1] != ')')
		return 0;
	memcpy(number, s + 1, n - 2);
	seconds = strtod(number, NULL);
	return seconds > 0 && seconds < 1e9 ? (uint64_t)(seconds * 1e6) : 0;
}

static void take_result(struct parser *p, enum proctor_verdict verdict, const char *rest, size_t n)
{
	const char *space = memchr(rest, ' ', n);
	size_t nname = space ? (size_t)(space - rest) : n;

	if (!is_top(rest, nname)) {
		/* A subtest: its failure stays in the message, with its name. */
		if (verdict == PROCTOR_FAIL) {
			append(p->message, &p->nmessage, rest, nname);
			append(p->message, &p->nmessage, " failed\n", 8);
			p->nheld = p->nmessage;
		} else {
			p->nmessage = p->nheld;
			p->message[p->nmessage] = '\0';
		}
		return;
	}
	end_tell(p);
	set_name(p->end_name, rest, nname);
	p->end = (struct parser_event){ .kind = PARSER_ENDED, .name = p->end_name, .nbytes = p->nbytes,
					.verdict = verdict,
					.duration_us = space ? duration_of(space + 1, n - nname - 1) : 0 };
	p->held = true;
	p->after_end = verdict == PROCTOR_FAIL && begins_with(p->end_name, nname, "Example");
	p->running[0] = '\0';
	if (!p->after_end)
		end_tell(p);
}

static void take_marked(struct parser *p)
{
	static const struct {
		const char *begin;
		enum proctor_verdict verdict;
	} results[] = { { "--- PASS: ", PROCTOR_PASS }, { "--- FAIL: ", PROCTOR_FAIL },
			{ "--- SKIP: ", PROCTOR_SKIP } };
	const struct parser_event complete = { .kind = PARSER_COMPLETE, .nbytes = p->nbytes };
	const char *s = p->line;
	size_t n = p->nline;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (begins_with(s, n, results[i].begin))
			take_result(p, results[i].verdict, s + 10, n - 10);
	if (begins_with(s, n, "=== RUN   "))
		take_run(p, s + 10, n - 10);
	else if (begins_with(s, n, "=== PAUSE "))
		take_pause(p, s + 10, n - 10);
	else if (begins_with(s, n, "=== CONT  ") || begins_with(s, n, "=== NAME  "))
		take_name(p, s + 10, n - 10);
	else if (n == 4 && (begins_with(s, n, "PASS") || begins_with(s, n, "FAIL"))) {
		end_tell(p);
		p->tell(&complete, p->data);
	}
}

/* What a test logs is indented, "    file_test.go:12: words"; what an example says of its failure follows its
 * end. */
static void take_unmarked(struct parser *p)
{
	if (p->after_end || begins_with(p->line, p->nline, "    ")) {
		size_t skip = p->after_end ? 0 : 4;

		append(p->message, &p->nmessage, p->line + skip, p->nline - skip);
		append(p->message, &p->nmessage, "\n", 1);
	}
}

static void line_ended(struct parser *p)
{
	if (p->marked)
		take_marked(p);
	else if (p->nline > 0)
		take_unmarked(p);
	p->nline = 0;
	p->marked = false;
}

static void go_feed(struct parser *p, const char *bytes, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++) {
		p->nbytes++;
		if (bytes[i] == '\n') {
			line_ended(p);
		} else if (bytes[i] == MARK) {
			/* What stood before it had no line's end. */
			if (p->nline > 0)
				line_ended(p);
			p->marked = true;
			p->mark_at = p->nbytes - 1;
		} else if (p->nline < sizeof(p->line)) {
			p->line[p->nline++] = bytes[i] ? bytes[i] : '?';
		}
	}
}

static void err_line_ended(struct parser *p)
{
	const char *s = p->err_line;
	size_t n = p->nerr_line;

	if (!p->in_panic && !p->panic_over)
		p->in_panic = begins_with(s, n, "panic: ") || begins_with(s, n, "fatal error: ");
	if (p->in_panic && begins_with(s, n, "goroutine ")) {
		p->in_panic = false;
		p->panic_over = true;
	}
	if (!p->in_panic || n == 0)
		return;
	append(p->panic, &p->npanic, s, n);
	append(p->panic, &p->npanic, "\n", 1);
}

static void go_feed_stderr(struct parser *p, const char *bytes, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++) {
		if (bytes[i] == '\n') {
			err_line_ended(p);
			p->nerr_line = 0;
		} else if (p->nerr_line < sizeof(p->err_line)) {
			p->err_line[p->nerr_line++] = bytes[i] ? bytes[i] : '?';
		}
	}
}

/* Of the test that a panic ended Go says so in a line of its own; of one that another goroutine's panic ended, it
 * says nothing. */
static void panic_tell(struct parser *p)
{
	struct parser_event event = { .kind = PARSER_ENDED, .nbytes = p->nbytes, .verdict = PROCTOR_FAIL };

	while (p->npanic > 0 && p->panic[p->npanic - 1] == '\n')
		p->panic[--p->npanic] = '\0';
	event.message = p->panic;
	event.name = p->running[0] ? p->running : p->last_failed ? p->end_name : "";
	event.duration_us = p->running[0] ? 0 : p->end.duration_us;
	if (event.name[0])
		p->tell(&event, p->data);
}

static void go_end(struct parser *p, int status)
{
	if (p->nline > 0 && !p->marked)
		line_ended(p);
	end_tell(p);
	for (size_t i = 0; i < p->nasides; i++) {
		const struct aside *a = &p->asides[i];
		const struct parser_event event = { .kind = PARSER_ENDED, .name = a->name, .nbytes = p->nbytes,
						    .verdict = p->no_memory ? PROCTOR_ERROR : a->verdict,
						    .message = p->no_memory ? "no memory for what it printed" :
							       a->message,
						    .duration_us = a->duration_us };

		if (a->ended)
			p->tell(&event, p->data);
	}
	/* The status of a process that the runtime ended. */
	if (p->npanic > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 2)
		panic_tell(p);
}

static struct parser *go_open(void (*tell)(const struct parser_event *event, void *data), void *data)
{
	struct parser *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->tell = tell;
	p->data = data;
	return p;
}

static void go_close(struct parser *p)
{
	for (size_t i = 0; i < p->nasides; i++) {
		free(p->asides[i].name);
		free(p->asides[i].message);
	}
	free(p->asides);
	free(p);
}

static const struct parser_ops go_parser = {
	.open = go_open,
	.feed = go_feed,
	.feed_stderr = go_feed_stderr,
	.end = go_end,
	.close = go_close,
	.tells_complete = true,
};

const struct adapter adapter_go = {
	.name = "go",
	.known_by = "flags of Go's package testing, as of Go 1.20",
	.version = { .section = ".go.buildinfo", .behind = "go", .counted = true },
	.recognize = go_recognize,
	.run_command = go_run_command,
	.list_command = go_list_command,
	.list_parse = go_list_parse,
	.parser = &go_parser,
	.source = PARSER_STDOUT,
};
