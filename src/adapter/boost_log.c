/* SPDX-License-Identifier: MIT */
/*
 * The log of Boost.Test, line by line as it is written, and the report, which comes when all is over.
 *
 * The log tells where it enters and leaves the module, its suites and tests, each by its last name alone, and whom it
 * skips and why. A test with failures is told of as unsure: they may have been expected, which the report knows. Where
 * there is none, they count unless the list says that some are expected of the test.
 */
#include "adapter/boost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 8192		/* of a line; of a longer one, its beginning */
#define TEXT_BYTES 4096		/* of what a test or suite says of its failures */
#define DEPTH_MAX 256

/* Lines of which no more is kept than there is room for. */
struct kept_lines {
	char text[TEXT_BYTES];
	size_t n;
};

/* A suite, or the module, that was entered. */
struct level {
	size_t npath;			/* of the names without it */
	char *said;			/* of failures before the first thing in it began; NULL: nothing */
	char *last;			/* the test in it that ended last; NULL: none */
	bool begun;			/* something in it has */
};

/* A test whose end is told again when the process is over. */
struct told {
	struct told *next;
	char *name, *text;
	size_t nplain;			/* of the name, as the framework has it */
	bool torn;			/* what was torn down after it failed */
};

struct parser {
	void (*tell)(const struct parser_event *event, void *data);
	void *data;
	uint64_t nbytes;		/* that came before the line that is being read */
	char line[LINE_BYTES];
	size_t nline;
	struct bytes path;		/* names of the suites that are open, as listed, a slash behind each */
	struct level levels[DEPTH_MAX];
	size_t nlevels;
	size_t ndeeper;			/* suites beyond that depth */
	struct kept_lines said;		/* of the running test, or of what runs between the tests */
	struct bytes name;		/* of the running test, as listed */
	struct bytes leaving;		/* with which the line of its end begins */
	bool running, failed;
	bool heard;			/* of a test or of all */
	struct told *first, **end;	/* in the order in which they ended */
	struct told *at;		/* the report has them in about the same order */
	bool believes;			/* the report of tests that were not seen to run */
	struct bytes setup_error;	/* why the framework did not even begin */
	uint64_t duration_us;
};

/* ---- words ---- */

static bool begins(const char *line, size_t n, const char *text)
{
	return n >= strlen(text) && memcmp(line, text, strlen(text)) == 0;
}

static const char *find(const char *line, size_t n, const char *text)
{
	return memmem(line, n, text, strlen(text));
}

static void kept_clear(struct kept_lines *k)
{
	k->n = 0;
	k->text[0] = '\0';
}

/* A line as a whole or not at all. */
static void kept_add(struct kept_lines *k, const char *line, size_t n)
{
	if (n + 2 > sizeof(k->text) - k->n)
		return;
	if (k->n > 0)
		k->text[k->n++] = '\n';
	for (size_t i = 0; i < n; i++)
		k->text[k->n++] = line[i] ? line[i] : '?';
	k->text[k->n] = '\0';
}

/* "FILE(LINE): error: in "…", or a fatal one, or without a place. */
static bool line_is_error(const char *line, size_t n)
{
	const char *error = find(line, n, "error: in \"");

	if (!error)
		return false;
	if (error - line >= 6 && memcmp(error - 6, "fatal ", 6) == 0)
		error -= 6;
	return error == line || (error - line >= 3 && memcmp(error - 3, "): ", 3) == 0);
}

static bool line_is_fatal(const char *line, size_t n)
{
	return line_is_error(line, n) && find(line, n, "fatal error: in \"");
}

/* Behind the place, if the line has one, and these words: "Entering test case \"". NULL: it is none such. */
static const char *line_word(const char *line, size_t n, const char *word)
{
	const char *at = find(line, n, word);

	if (!at || (at != line && (at - line < 3 || memcmp(at - 3, "): ", 3) != 0)))
		return NULL;
	return at + strlen(word);
}

/* ---- telling ---- */

static void tell(struct parser *p, struct parser_event event)
{
	event.nbytes = p->nbytes;
	if (event.name)
		p->tell(&event, p->data);
}

/* The place that the line begins with. */
static const char *take_place(const char *line, const char *word, char file[static LINE_BYTES], unsigned *number)
{
	const char *open = word > line ? memrchr(line, '(', (size_t)(word - line)) : NULL;

	*number = 0;
	if (!open)
		return NULL;
	memcpy(file, line, (size_t)(open - line));
	file[open - line] = '\0';
	*number = (unsigned)strtoul(open + 1, NULL, 10);
	return file;
}

/* Without its escapes, each of which is four bytes for one. */
static size_t plain_length(const char *name)
{
	struct bytes plain = { 0 };
	size_t n = strlen(name);

	if (strstr(name, "\\x")) {
		boost_name_plain(&plain, name, n);
		n = plain.nbytes;
		bytes_fini(&plain);
	}
	return n;
}

/* NULL: no memory; what is known of the test is then the less. */
static struct told *remember(struct parser *p, const char *name, const char *text)
{
	struct told *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->name = strdup(name);
	t->text = strdup(text);
	t->nplain = plain_length(name);
	*p->end = t;
	p->end = &t->next;
	return t;
}

/* ---- between the tests ---- */

/* What was said before belongs to the suite around it. */
static void begin_within(struct parser *p)
{
	struct level *around = p->nlevels > 0 ? &p->levels[p->nlevels - 1] : NULL;

	if (around && p->said.n > 0 && !around->said)
		around->said = strdup(p->said.text);
	if (around)
		around->begun = true;
	kept_clear(&p->said);
	p->heard = true;
}

static void enter_case(struct parser *p, const char *name, size_t n)
{
	char file[LINE_BYTES];
	unsigned number;
	const char *place = take_place(p->line, find(p->line, p->nline, "Entering test case"), file, &number);

	bytes_clear(&p->name);
	bytes_append(&p->name, p->path.nbytes ? p->path.data : "", p->path.nbytes);
	boost_name_append(&p->name, name, n);
	bytes_clear(&p->leaving);
	/* As the line that it entered with, but for this word. */
	bytes_append(&p->leaving, p->line, (size_t)(name - p->line) - strlen("Entering test case \""));
	bytes_text(&p->leaving, "Leaving test case \"");
	bytes_append(&p->leaving, name, n);
	bytes_text(&p->leaving, "\"");
	if (p->name.failed || p->leaving.failed || p->path.failed)
		return;
	begin_within(p);
	p->running = true;
	p->failed = false;
	tell(p, (struct parser_event){ .kind = PARSER_STARTED, .name = p->name.data, .file = place, .line = number });
}

static void enter_suite(struct parser *p, const char *name, size_t n)
{
	struct level *level;

	begin_within(p);
	if (p->nlevels == DEPTH_MAX) {
		p->ndeeper++;
		return;
	}
	level = &p->levels[p->nlevels++];
	*level = (struct level){ .npath = p->path.nbytes };
	if (n == 0)
		return;
	boost_name_append(&p->path, name, n);
	bytes_text(&p->path, "/");
}

/* It is no test, and has the name of none, but like one it may be what ends the process. */
static void tell_suite(struct parser *p)
{
	tell(p, (struct parser_event){ .kind = PARSER_STARTED, .name = "/" });
}

/* What was set up for its tests, or torn down after them, failed: those that did not begin never will, and of the others
 * the last one is told of it. */
static void suite_failed(struct parser *p, struct level *level, const char *said)
{
	tell(p, (struct parser_event){ .kind = PARSER_ENDED, .name = bytes_string(&p->path), .verdict = PROCTOR_FAIL,
				       .message = said, .of_suite = true });
	if (level->last) {
		struct told *t = remember(p, level->last, said);

		if (t)
			t->torn = true;
	}
}

static void set_last(struct level *level, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return;
	free(level->last);
	level->last = copy;
}

static void leave_suite(struct parser *p)
{
	struct level *level;

	if (p->ndeeper > 0) {
		p->ndeeper--;
		return;
	}
	if (p->nlevels == 0)
		return;
	level = &p->levels[p->nlevels - 1];
	if (level->said || p->said.n > 0)
		suite_failed(p, level, level->said ? level->said : p->said.text);
	kept_clear(&p->said);
	if (level->last && p->nlevels > 1)
		set_last(level - 1, level->last);
	free(level->last);
	free(level->said);
	if (!p->path.failed && p->path.data) {
		p->path.nbytes = level->npath;
		p->path.data[p->path.nbytes] = '\0';
	}
	p->nlevels--;
	if (p->nlevels == 0)
		p->tell(&(struct parser_event){ .kind = PARSER_COMPLETE, .nbytes = p->nbytes }, p->data);
}

/* "Test case "FULL NAME" is skipped because REASON". Those that are disabled were not asked for. */
static void take_skip(struct parser *p, const char *name, const char *end, bool is_suite)
{
	static const char words[] = "\" is skipped because ";
	const char *behind = find(name, (size_t)(end - name), words), *why;
	char reason[TEXT_BYTES];
	struct bytes full = { 0 };

	if (!behind)
		return;
	why = behind + strlen(words);
	if (end - why == 8 && memcmp(why, "disabled", 8) == 0)
		return;
	snprintf(reason, sizeof(reason), "%.*s", (int)(end - why), why);
	p->heard = true;
	bytes_append(&full, name, (size_t)(behind - name));
	if (is_suite)
		bytes_text(&full, "/");
	if (!full.failed && !is_suite)
		tell(p, (struct parser_event){ .kind = PARSER_STARTED, .name = bytes_string(&full) });
	if (!full.failed)
		tell(p, (struct parser_event){ .kind = PARSER_ENDED, .name = bytes_string(&full), .message = reason,
					       .verdict = PROCTOR_SKIP, .of_suite = is_suite });
	bytes_fini(&full);
}

/* A fatal failure before anything in a suite has begun: nothing will. That is told at once, as the framework may not
 * survive what it does next. */
static void take_error(struct parser *p)
{
	const struct level *level = p->nlevels > 0 ? &p->levels[p->nlevels - 1] : NULL;

	kept_add(&p->said, p->line, p->nline);
	if (level && !level->begun && line_is_fatal(p->line, p->nline))
		tell(p, (struct parser_event){ .kind = PARSER_ENDED, .name = bytes_string(&p->path),
					       .verdict = PROCTOR_FAIL, .message = p->said.text, .of_suite = true });
}

/* The name ends with the line's last quote; NULL: it goes on behind a line break. */
static const char *name_end(const char *name, const char *end)
{
	const char *quote = end > name ? memrchr(name, '"', (size_t)(end - name)) : NULL;

	return quote && quote + 1 == end ? quote : NULL;
}

/* What was said is kept with the suite around it until that is left. False: the line is not complete yet. */
static bool take_between(struct parser *p)
{
	const char *line = p->line, *end = line + p->nline, *at, *quote;
	size_t n = p->nline;

	if ((at = line_word(line, n, "Entering test case \""))) {
		quote = name_end(at, end);
		if (quote)
			enter_case(p, at, (size_t)(quote - at));
		return quote || p->nline + 1 >= sizeof(p->line);
	}
	if ((at = line_word(line, n, "Entering test suite \""))) {
		quote = name_end(at, end);
		if (quote)
			enter_suite(p, at, (size_t)(quote - at));
		if (quote)
			tell_suite(p);
		return quote || p->nline + 1 >= sizeof(p->line);
	}
	if (line_word(line, n, "Entering test module \"")) {
		enter_suite(p, "", 0);
		tell_suite(p);
	} else if (line_word(line, n, "Leaving test suite \"") || line_word(line, n, "Leaving test module \""))
		leave_suite(p);
	else if ((at = line_word(line, n, "Test case \"")) && find(at, (size_t)(end - at), "\" is skipped because "))
		take_skip(p, at, end, false);
	else if ((at = line_word(line, n, "Test suite \"")) && find(at, (size_t)(end - at), "\" is skipped because "))
		take_skip(p, at, end, true);
	else if (p->said.n > 0 || line_is_error(line, n))
		take_error(p);
	return true;
}

/* ---- in a test ---- */

/* "; testing time: 87us", or "ms". */
static uint64_t leaving_us(const char *rest, size_t n)
{
	static const char words[] = "; testing time: ";
	char *unit;
	unsigned long long time;

	if (!begins(rest, n, words))
		return 0;
	time = strtoull(rest + strlen(words), &unit, 10);
	if (time > UINT32_MAX)
		return 0;
	return strncmp(unit, "ms", 2) == 0 ? time * 1000 : time;
}

static void leave_case(struct parser *p)
{
	const char *message = p->failed ? p->said.text : NULL;

	if (p->failed)
		remember(p, p->name.data, p->said.text);
	tell(p, (struct parser_event){ .kind = PARSER_ENDED, .name = p->name.data,
				       .verdict = p->failed ? PROCTOR_FAIL : PROCTOR_PASS, .message = message,
				       .unsure = p->failed, .duration_us = p->duration_us });
	if (p->nlevels > 0)
		set_last(&p->levels[p->nlevels - 1], p->name.data);
	p->running = false;
	kept_clear(&p->said);
}

/* False: the line is not complete yet. */
static bool take_within(struct parser *p)
{
	size_t n = p->nline, nleaving = p->leaving.nbytes;

	if (n >= nleaving && memcmp(p->line, p->leaving.data, nleaving) == 0 &&
	    (n == nleaving || p->line[nleaving] == ';')) {
		p->duration_us = leaving_us(p->line + nleaving, n - nleaving);
		leave_case(p);
		return true;
	}
	/* The test's name has a line break, at which the line ends for now. */
	if (n < nleaving && p->leaving.data[n] == '\n' && memcmp(p->line, p->leaving.data, n) == 0)
		return false;
	if (line_is_error(p->line, n))
		p->failed = true;
	if (p->failed) {
		kept_add(&p->said, p->line, n);
		return true;
	}
	p->line[n] = '\n';
	tell(p, (struct parser_event){ .kind = PARSER_OUTPUT, .name = p->name.data, .output = p->line,
				       .noutput = n + 1 });
	return true;
}

static void take_line(struct parser *p)
{
	p->line[p->nline] = '\0';
	if (p->running ? take_within(p) : take_between(p))
		p->nline = 0;
	else
		p->line[p->nline++] = '\n';
}

/* One byte behind a line stays free. */
static void boost_feed(struct parser *p, const char *bytes, size_t nbytes)
{
	while (nbytes > 0) {
		const char *eol = memchr(bytes, '\n', nbytes);
		size_t n = eol ? (size_t)(eol - bytes) : nbytes, room = sizeof(p->line) - 2 - p->nline;

		memcpy(p->line + p->nline, bytes, n < room ? n : room);
		p->nline += n < room ? n : room;
		n += eol != NULL;
		if (eol)
			take_line(p);
		if (p->nline >= sizeof(p->line) - 2 && eol)
			p->nline = 0;
		p->nbytes += n;
		bytes += n;
		nbytes -= n;
	}
}

/* ---- the report ---- */

enum report_word { REPORT_PASSED, REPORT_FAILED, REPORT_SKIPPED };

static const struct report_result {
	const char *words;
	enum report_word word;
	const char *message;		/* where the log had no failure */
} report_results[] = {
	{ "\" has passed", REPORT_PASSED, NULL },
	{ "\" has failed", REPORT_FAILED, "its framework says that it has failed" },
	{ "\" was aborted", REPORT_FAILED, "its framework says that it was aborted" },
	{ "\" has timed out", REPORT_FAILED, "its framework says that it has timed out" },
	{ "\" was skipped", REPORT_SKIPPED, "its framework skipped it" },
};

/* The last of these words in the line, of a test with this name. */
static const struct report_result *report_result(const char *name, size_t n, const char **end)
{
	const struct report_result *best = NULL;

	for (size_t i = 0; i < sizeof(report_results) / sizeof(report_results[0]); i++)
		for (const char *at = name; (at = find(at, n - (size_t)(at - name), report_results[i].words)); at++)
			if (!best || at > *end) {
				best = &report_results[i];
				*end = at;
			}
	return best;
}

static bool name_is(const char *listed, const char *name, size_t n)
{
	struct bytes plain = { 0 };
	bool same;

	if (strlen(listed) == n)
		return memcmp(listed, name, n) == 0;
	boost_name_plain(&plain, listed, strlen(listed));
	same = plain.nbytes == n && memcmp(plain.data, name, n) == 0;
	bytes_fini(&plain);
	return same;
}

/* The test with failures that has this name. NULL: none has. */
static struct told *find_told(struct parser *p, const char *name, size_t n)
{
	struct told *t = p->at ? p->at : p->first, *begin = t;

	while (t) {
		if (t->nplain == n && t->name && !t->torn && name_is(t->name, name, n)) {
			p->at = t->next;
			return t;
		}
		t = t->next ? t->next : p->first;
		if (t == begin)
			break;
	}
	return NULL;
}

static void take_verdict(struct parser *p, const char *name, const struct report_result *result, const char *text)
{
	static const enum proctor_verdict verdicts[] = {
		[REPORT_PASSED] = PROCTOR_PASS, [REPORT_FAILED] = PROCTOR_FAIL, [REPORT_SKIPPED] = PROCTOR_SKIP,
	};

	tell(p, (struct parser_event){ .kind = PARSER_ENDED, .name = name, .verdict = verdicts[result->word],
				       .message = result->word == REPORT_PASSED ? NULL : text });
}

/* A test that never ran has passed, in a report: that is believed only of one that was seen to run, or where the
 * program has its log written to somewhere else. */
static void take_report_line(struct parser *p, const char *line, size_t n)
{
	const char *name = line + strlen("Test case \""), *end = name;
	const struct report_result *result = report_result(name, n - strlen("Test case \""), &end);
	struct bytes listed = { 0 };
	struct told *t;

	if (!result)
		return;
	t = find_told(p, name, (size_t)(end - name));
	if (t) {
		take_verdict(p, t->name, result, t->text ? t->text : result->message);
		return;
	}
	if (p->running && name_is(p->name.data, name, (size_t)(end - name))) {
		take_verdict(p, p->name.data, result, p->said.n > 0 ? p->said.text : result->message);
		return;
	}
	if (result->word != REPORT_FAILED && !p->believes)
		return;
	bytes_append(&listed, name, (size_t)(end - name));
	if (!listed.failed)
		take_verdict(p, bytes_string(&listed), result, result->message);
	bytes_fini(&listed);
}

/* Did all run that was to run? Not if something was aborted, and not if nothing could begin. */
static bool report_is_whole(const char *bytes, size_t nbytes)
{
	return find(bytes, nbytes, "Test module \"") && !find(bytes, nbytes, "\" was aborted") &&
	       !find(bytes, nbytes, "\nTest setup error: ");
}

static void boost_file(struct parser *p, const char *bytes, size_t nbytes)
{
	const char *at = bytes, *end = bytes + nbytes, *eol;

	p->believes = !p->heard && report_is_whole(bytes, nbytes);
	for (; at < end; at = eol + 1) {
		eol = memchr(at, '\n', (size_t)(end - at));
		if (!eol)
			eol = end;
		if (begins(at, (size_t)(eol - at), "Test setup error: "))
			bytes_append(&p->setup_error, at, (size_t)(end - at));
		while (at < eol && *at == ' ')
			at++;
		if (begins(at, (size_t)(eol - at), "Test case \""))
			take_report_line(p, at, (size_t)(eol - at));
	}
	if (p->believes)
		p->tell(&(struct parser_event){ .kind = PARSER_COMPLETE, .nbytes = p->nbytes }, p->data);
}

/* Why nothing ran at all. */
static void tell_setup_error(struct parser *p)
{
	struct bytes *why = &p->setup_error;

	while (why->nbytes > 0 && why->data[why->nbytes - 1] == '\n')
		why->data[--why->nbytes] = '\0';
	if (p->said.n > 0)
		bytes_printf(why, "\n%s", p->said.text);
	if (!why->failed)
		tell(p, (struct parser_event){ .kind = PARSER_ENDED, .name = "", .verdict = PROCTOR_ERROR,
					       .message = why->data, .of_suite = true });
}

static void boost_end(struct parser *p, int status)
{
	(void)status;
	if (p->nline > 0 && p->running)
		take_line(p);
	if (!p->heard && p->setup_error.nbytes > 0)
		tell_setup_error(p);
	for (const struct told *t = p->first; t; t = t->next)
		if (t->torn && t->name)
			tell(p, (struct parser_event){ .kind = PARSER_ENDED, .name = t->name, .verdict = PROCTOR_FAIL,
						       .message = t->text });
}

static struct parser *boost_open(void (*tell_it)(const struct parser_event *event, void *data), void *data)
{
	struct parser *p = calloc(1, sizeof(*p));

	if (p) {
		p->tell = tell_it;
		p->data = data;
		p->end = &p->first;
	}
	return p;
}

static void boost_close(struct parser *p)
{
	while (p->first) {
		struct told *t = p->first;

		p->first = t->next;
		free(t->name);
		free(t->text);
		free(t);
	}
	for (size_t i = 0; i < p->nlevels; i++) {
		free(p->levels[i].last);
		free(p->levels[i].said);
	}
	bytes_fini(&p->path);
	bytes_fini(&p->name);
	bytes_fini(&p->leaving);
	bytes_fini(&p->setup_error);
	free(p);
}

const struct parser_ops boost_parser = {
	.open = boost_open,
	.feed = boost_feed,
	.file = boost_file,
	.end = boost_end,
	.close = boost_close,
	.tells_complete = true,
};
