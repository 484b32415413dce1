/* SPDX-License-Identifier: MIT */
/*
 * Test programs of Rust's own harness, libtest: unit tests of a crate and the programs of tests/, as
 * `cargo test --no-run` leaves them. A program with `harness = false` has no libtest in it, and is `exe`.
 *
 * Listed with --list --format terse, which names a test a line and nothing else. Which of them are #[ignore]d
 * is not said there; when they run, libtest passes over them, and they are skips with its reason. Benchmarks
 * are left out. Run with --exact and the names, one after the other (--test-threads=1), in the order in which
 * they were listed, which is libtest's own.
 *
 * --no-capture: with its own capture libtest holds back what a test prints until all have ended, and a
 * process that crashes takes all of it along. So the stdout of a test begins with the line by which libtest
 * announces it, and ends with the word by which it closes that line.
 *
 * What can be told from where: starts, and where the output of one test ends, from standard output; verdicts
 * from the file of --logfile, which has a line for each test that has ended, written when it has, and counts
 * also where the process crashed; the words of a panic from standard error, where the thread has the test's
 * name. --logfile is stable, and in the newest versions deprecated (each start then says so on standard
 * error); all other ways to a result apart from the output are nightly's.
 *
 * What a test can forge: a line "test NAME ... " moves the border between its output and that of NAME, until the
 * process has ended also which of both seems to run. It changes no verdict: those are in the file, which a test
 * would have to look for. Words of a panic of another test it can print as its own; they are a message only.
 */
#include "adapter/adapter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_FILE "log"
#define NAME_MAX_BYTES 1024
#define LINE_BYTES 4096		/* of a line of standard error; the rest is passed over */
#define MESSAGE_BYTES 3072
#define PANICS_MAX 4096		/* that are remembered of one process */
#define WORDS_BYTES ((size_t)1 << 20)	/* of names: what a command line surely holds */

/* ---- listing and running ---- */

static enum sureness rust_recognize(const struct file_view *file)
{
	/* libtest's variable, and an option of its help: constants that a stripped program has, too. */
	return file_view_says(file, "RUST_TEST_NOCAPTURE") && file_view_says(file, "include-ignored") ?
	       SURE_OF_FILE : SURE_NOT;
}

/* What a user has set for his own runs of it does not change ours. RUST_BACKTRACE is left as it is. */
static void add_variables(struct command_line *line)
{
	static const char *const unset[] = {
		"RUST_TEST_THREADS", "RUST_TEST_NOCAPTURE", "RUST_TEST_SHUFFLE", "RUST_TEST_SHUFFLE_SEED",
		"RUST_TEST_TIME_UNIT", "RUST_TEST_TIME_INTEGRATION", "RUST_TEST_TIME_DOCTEST",
	};

	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
		texts_add(&line->vars, "%s", unset[i]);
}

static int rust_list_command(const struct program_request *request, struct command_line *line,
			     struct proctor_error *err)
{
	(void)request, (void)err;
	texts_add(&line->words, "--list");
	texts_add(&line->words, "--format");
	texts_add(&line->words, "terse");
	add_variables(line);
	return 0;
}

static int rust_run_command(const struct program_request *request, struct command_line *line,
			    struct proctor_error *err)
{
	static const char *const words[] = { "--test", "--test-threads=1", "--nocapture", "--color=never" };
	size_t nbytes = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		texts_add(&line->words, "%s", words[i]);
	texts_add(&line->words, "--logfile=%s/" LOG_FILE, request->dir);
	add_variables(line);
	if (request->whole)
		return 0;
	/* A name may look like an option no more. */
	texts_add(&line->words, "--exact");
	texts_add(&line->words, "--");
	for (size_t i = 0; i < request->ntests; i++) {
		texts_add(&line->words, "%s", request->names[i]);
		nbytes += strlen(request->names[i]) + 1;
	}
	if (nbytes > WORDS_BYTES)
		return error_set(err, -E2BIG, "the names of %zu tests are too long for a command line",
				 request->ntests);
	return 0;
}

/* The line without its end; `*at` goes on to the next. */
static size_t line_next(const char *bytes, size_t nbytes, size_t *at, const char **line)
{
	const char *end = memchr(bytes + *at, '\n', nbytes - *at);
	size_t n = end ? (size_t)(end - bytes) - *at : nbytes - *at;

	*line = bytes + *at;
	*at += n + (end ? 1 : 0);
	return n;
}

static bool ends_with(const char *line, size_t n, const char *end)
{
	return n >= strlen(end) && memcmp(line + n - strlen(end), end, strlen(end)) == 0;
}

static bool begins_with(const char *line, size_t n, const char *begin)
{
	return n >= strlen(begin) && memcmp(line, begin, strlen(begin)) == 0;
}

static int rust_list_parse(const struct list_output *output, struct listing *list,
			   struct proctor_error *err)
{
	size_t at = 0, n;
	const char *line;

	if (output->status != 0)
		return error_set(err, -ENOEXEC, "was asked for its tests (--list) and ended with status %#x",
				 (unsigned)output->status);
	while (at < output->nout) {
		struct listed *t;

		n = line_next(output->out, output->nout, &at, &line);
		if (n == 0 || ends_with(line, n, ": benchmark"))
			continue;
		if (!ends_with(line, n, ": test"))
			return error_set(err, -ENOEXEC, "was asked for its tests (--list) and wrote a line that "
					 "names none: %.*s", n < 100 ? (int)n : 100, line);
		t = listing_add(list);
		if (!t)
			return -ENOMEM;
		t->name = listing_text(list, line, n - strlen(": test"));
		t->file = "";
		if (!t->name)
			return -ENOMEM;
	}
	return 0;
}

/* ---- the parser ---- */

/* What is known of a test that a panic, or its line, has named. */
struct note {
	char *name;
	char *message;
};

/* A test that libtest has announced. */
struct announced {
	char name[NAME_MAX_BYTES];
	bool running;
	/* The last line that may have closed it, and what it said. */
	bool closed;
	enum proctor_verdict verdict;
	char reason[LINE_BYTES];
};

struct parser {
	void (*tell)(const struct parser_event *event, void *data);
	void *data;
	uint64_t nbytes, line_begin;	/* of standard output; where its last line begins */
	char line[LINE_BYTES];		/* the end of its last line, if that is longer */
	size_t nline;
	bool announces;			/* that line is the announcement of `test` */
	bool has_head;			/* it was as long as to be none */
	size_t nstarted;
	struct announced test;
	bool has_log;
	bool no_memory;
	/* Failures by name, and what was said of them. */
	struct note *failures, *panics;
	size_t nfailures, npanics;
	/* Of standard error. */
	char err_line[LINE_BYTES];
	size_t nerr_line;
	char panic_name[NAME_MAX_BYTES];	/* whose words are being read; "": no one's */
	char words[MESSAGE_BYTES];
	size_t nwords;
	char returned[LINE_BYTES];	/* the last "Error: ..." */
};

static void tell(struct parser *p, enum parser_event_kind kind, const char *name, uint64_t nbytes,
		 enum proctor_verdict verdict, const char *message)
{
	const struct parser_event event = { .kind = kind, .name = name, .nbytes = nbytes,
					    .verdict = verdict, .message = message };

	p->tell(&event, p->data);
}

static void note_add(struct parser *p, struct note **list, size_t *n, const char *name, const char *message)
{
	struct note *more;

	if (*n >= PANICS_MAX)
		return;
	if ((*n & (*n + 1)) == 0) {
		more = reallocarray(*list, *n * 2 + 2, sizeof(**list));
		if (!more) {
			p->no_memory = true;
			return;
		}
		*list = more;
	}
	more = &(*list)[*n];
	*more = (struct note){ .name = strdup(name), .message = message ? strdup(message) : NULL };
	if (!more->name || (message && !more->message)) {
		free(more->name);
		free(more->message);
		p->no_memory = true;
		return;
	}
	++*n;
}

static const struct note *note_find(const struct note *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

static void notes_free(struct note *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].name);
		free(list[i].message);
	}
	free(list);
}

/* Why it failed: what libtest says of it, else its panic. A returned error has no name beside it, and before
 * Rust 1.67 a panic has that of the first thread: with one test in the process they can only be that one's. */
static const char *failure_message(const struct parser *p, const char *name, const char *reason)
{
	const struct note *panic = note_find(p->panics, p->npanics, name);

	if (reason && reason[0])
		return reason;
	if (panic)
		return panic->message;
	if (p->nstarted == 1 && p->returned[0])
		return p->returned;
	panic = note_find(p->panics, p->npanics, "main");
	if (p->nstarted == 1 && panic)
		return panic->message;
	return "it failed; its output says why";
}

static void test_ended(struct parser *p, uint64_t at)
{
	struct announced *t = &p->test;

	if (!t->running)
		return;
	t->running = false;
	if (!t->closed)
		return;
	if (t->verdict == PROCTOR_FAIL)
		note_add(p, &p->failures, &p->nfailures, t->name, NULL);
	tell(p, PARSER_ENDED, t->name, at, t->verdict,
	     t->verdict == PROCTOR_FAIL ? failure_message(p, t->name, NULL) :
	     t->reason[0] ? t->reason : NULL);
}

/* Is the line so far "test NAME ... ", or that with a kind of test before the dots? */
static bool line_announces(struct parser *p)
{
	static const char *const ends[] = { " - should panic ... ", " ... " };
	size_t n = p->nline, begin = strlen("test ");

	if (!begins_with(p->line, n, "test ") || !ends_with(p->line, n, " ... "))
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (!ends_with(p->line, n, ends[i]))
			continue;
		n -= strlen(ends[i]);
		break;
	}
	if (n <= begin || n - begin >= NAME_MAX_BYTES || memchr(p->line + begin, ' ', n - begin))
		return false;
	test_ended(p, p->line_begin);
	memcpy(p->test.name, p->line + begin, n - begin);
	p->test.name[n - begin] = '\0';
	p->test.running = true;
	p->test.closed = false;
	p->test.reason[0] = '\0';
	p->nstarted++;
	tell(p, PARSER_STARTED, p->test.name, p->line_begin, PROCTOR_ERROR, NULL);
	return true;
}

/* libtest writes the result behind whatever the test wrote. It is the result if an announcement or the end
 * follows: until then it is remembered. */
static void line_ended(struct parser *p)
{
	static const struct {
		const char *word;
		enum proctor_verdict verdict;
	} results[] = { { "ok", PROCTOR_PASS }, { "FAILED", PROCTOR_FAIL }, { "ignored", PROCTOR_SKIP } };
	struct announced *t = &p->test;
	size_t n = p->nline;
	const char *ignored;

	if (begins_with(p->line, n, "test result: ")) {
		test_ended(p, p->nbytes);
		tell(p, PARSER_COMPLETE, NULL, p->nbytes, PROCTOR_ERROR, NULL);
		return;
	}
	if (!t->running)
		return;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (!ends_with(p->line, n, results[i].word))
			continue;
		t->closed = true;
		t->verdict = results[i].verdict;
		t->reason[0] = '\0';
		if (t->verdict == PROCTOR_SKIP)
			snprintf(t->reason, sizeof(t->reason), "ignored");
	}
	ignored = p->announces ? memmem(p->line, n, " ... ignored, ", 14) : NULL;
	if (ignored) {
		t->closed = true;
		t->verdict = PROCTOR_SKIP;
		snprintf(t->reason, sizeof(t->reason), "%.*s", (int)(p->line + n - ignored - 14), ignored + 14);
	}
}

static void rust_feed(struct parser *p, const char *bytes, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++) {
		p->nbytes++;
		if (bytes[i] == '\n') {
			line_ended(p);
			p->nline = 0;
			p->announces = p->has_head = false;
			p->line_begin = p->nbytes;
			continue;
		}
		/* Of a long line the end is kept: there the result stands. */
		if (p->nline == sizeof(p->line)) {
			memmove(p->line, p->line + LINE_BYTES / 2, LINE_BYTES / 2);
			p->nline = LINE_BYTES / 2;
			p->has_head = true;
			p->announces = false;
		}
		p->line[p->nline++] = bytes[i] ? bytes[i] : '?';
		if (bytes[i] == ' ' && !p->has_head && !p->announces)
			p->announces = line_announces(p);
	}
}

/* ---- standard error ---- */

static void words_end(struct parser *p)
{
	while (p->nwords > 0 && p->words[p->nwords - 1] == '\n')
		p->nwords--;
	p->words[p->nwords] = '\0';
	if (p->panic_name[0] && !note_find(p->panics, p->npanics, p->panic_name))
		note_add(p, &p->panics, &p->npanics, p->panic_name, p->words);
	p->panic_name[0] = '\0';
	p->nwords = 0;
}

static void words_add(struct parser *p, const char *text, size_t n)
{
	if (n >= sizeof(p->words) - p->nwords)
		n = sizeof(p->words) - p->nwords - 1;
	memcpy(p->words + p->nwords, text, n);
	p->nwords += n;
}

/* "thread 'NAME' panicked at FILE:LINE:COLUMN:", and the words below it, or, before Rust 1.73, "thread 'NAME'
 * panicked at 'WORDS', FILE:LINE:COLUMN". Newer ones have a number behind the name. */
static bool panic_begins(struct parser *p, const char *line, size_t n)
{
	const char *name = line + strlen("thread '"), *end, *place;
	size_t nname;

	if (!begins_with(line, n, "thread '"))
		return false;
	place = memmem(line, n, " panicked at ", strlen(" panicked at "));
	end = place ? memmem(name, (size_t)(place - name), "'", 1) : NULL;
	if (!end)
		return false;
	words_end(p);
	nname = (size_t)(end - name);
	if (nname >= sizeof(p->panic_name))
		return false;
	memmove(p->panic_name, name, nname);
	p->panic_name[nname] = '\0';
	place++;
	words_add(p, place, (size_t)(line + n - place));
	words_add(p, "\n", 1);
	return true;
}

static void err_line_ended(struct parser *p)
{
	static const char warning[] = "warning: `--logfile` is deprecated";
	const char *line = p->err_line;
	size_t n = p->nerr_line;

	/* libtest's own, without a line's end. */
	if (begins_with(line, n, warning)) {
		line += strlen(warning);
		n -= strlen(warning);
	}
	if (panic_begins(p, line, n))
		return;
	if (begins_with(line, n, "Error: "))
		snprintf(p->returned, sizeof(p->returned), "it returned %.*s", (int)n, line);
	if (!p->panic_name[0])
		return;
	if (begins_with(line, n, "stack backtrace:") || begins_with(line, n, "note: ")) {
		words_end(p);
	} else {
		words_add(p, line, n);
		words_add(p, "\n", 1);
	}
}

static void rust_feed_stderr(struct parser *p, const char *bytes, size_t nbytes)
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

/* ---- the end ---- */

/* An entry ends with the name of its test: "ok NAME", "failed NAME", "failed: WHY NAME", "ignored NAME" or
 * "ignored: WHY NAME", where WHY may have several lines, all but the first indented. */
static void log_entry(struct parser *p, char *entry, size_t n)
{
	char *name, *why = NULL;
	enum proctor_verdict verdict;

	entry[n] = '\0';
	name = memrchr(entry, ' ', n);
	if (!name)
		return;
	*name++ = '\0';
	if (strcmp(entry, "ok") == 0)
		verdict = PROCTOR_PASS;
	else if (begins_with(entry, n, "failed"))
		verdict = PROCTOR_FAIL;
	else if (begins_with(entry, n, "ignored"))
		verdict = PROCTOR_SKIP;
	else
		return;
	if (entry[strcspn(entry, ":")] == ':')
		why = entry + strcspn(entry, ":") + 1 + strspn(entry + strcspn(entry, ":") + 1, " ");
	if (verdict == PROCTOR_FAIL)
		tell(p, PARSER_ENDED, name, p->nbytes, verdict, failure_message(p, name, why));
	else
		tell(p, PARSER_ENDED, name, p->nbytes, verdict,
		     verdict == PROCTOR_SKIP ? why ? why : "ignored" : NULL);
}

static void rust_file(struct parser *p, const char *bytes, size_t nbytes)
{
	char *copy = malloc(nbytes + 1);
	size_t at = 0, begin = 0;

	p->has_log = true;
	words_end(p);
	if (!copy) {
		p->no_memory = true;
		return;
	}
	memcpy(copy, bytes, nbytes);
	while (at < nbytes) {
		const char *line;

		line_next(bytes, nbytes, &at, &line);
		/* What was cut off in the middle is no entry. */
		if (bytes[at - 1] != '\n')
			break;
		if (at < nbytes && bytes[at] == ' ')
			continue;
		log_entry(p, copy + begin, at - 1 - begin);
		begin = at;
	}
	free(copy);
}

static void rust_end(struct parser *p, int status)
{
	(void)status;
	words_end(p);
	/* Without a footer the process was ended within the test, whatever it wrote last. */
	p->test.running = false;
	for (size_t i = 0; i < p->nfailures && !p->has_log; i++)
		tell(p, PARSER_ENDED, p->failures[i].name, p->nbytes,
		     p->no_memory ? PROCTOR_ERROR : PROCTOR_FAIL,
		     p->no_memory ? "no memory for what it printed" :
		     failure_message(p, p->failures[i].name, NULL));
}

static struct parser *rust_open(void (*tell_it)(const struct parser_event *event, void *data), void *data)
{
	struct parser *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->tell = tell_it;
	p->data = data;
	return p;
}

static void rust_close(struct parser *p)
{
	notes_free(p->failures, p->nfailures);
	notes_free(p->panics, p->npanics);
	free(p);
}

static const struct parser_ops rust_parser = {
	.open = rust_open,
	.feed = rust_feed,
	.feed_stderr = rust_feed_stderr,
	.file = rust_file,
	.file_grows = true,
	.end = rust_end,
	.close = rust_close,
	.tells_complete = true,
};

const struct adapter adapter_rust = {
	.name = "rust",
	.known_by = "texts of Rust's libtest",
	/* Of the compiler, with which libtest comes. */
	.version = { .section = ".comment", .behind = "rustc version " },
	.recognize = rust_recognize,
	.run_command = rust_run_command,
	.list_command = rust_list_command,
	.list_parse = rust_list_parse,
	.needs_dir = true,
	.result_file = LOG_FILE,
	.parser = &rust_parser,
	.source = PARSER_STDOUT,
};
