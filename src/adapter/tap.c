/* SPDX-License-Identifier: MIT */
/*
 * Programs that print TAP, the Test Anything Protocol (versions 12 to 14). The whole program is one test, and
 * its lines are the reasons of its verdict: which tests it has is known when it has run, not before.
 */
#include "adapter/adapter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#define LINE_BYTES 4096		/* what of a line is looked at */
#define REASON_BYTES 256
#define DETAIL_BYTES 3072	/* of lines that say what failed */
#define SUBTESTS_BYTES 512	/* of failed lines of the subtest that is being read */
#define NUMBER_MAX (1u << 24)	/* of a test; more are refused, as each costs a bit */
#define SUBTEST_INDENT 4

/* Lines, of which the first are kept: as many whole ones as there is room for. */
struct kept_lines {
	char *bytes;
	size_t n, room;
	bool full;
};

struct parser {
	void (*tell)(const struct parser_event *event, void *data);
	void *data;
	uint64_t nbytes;
	char line[LINE_BYTES];
	size_t nline;			/* of the line that is not complete */
	/* Of tests at the outermost level. */
	uint64_t planned, nran, nfailed;
	unsigned char *seen;		/* a bit for each number */
	size_t nseen_bytes;
	uint64_t highest;
	bool has_plan, plan_ended;	/* the plan came after tests: no more may follow */
	bool bailed, no_memory;
	char skip_reason[REASON_BYTES], bail_reason[REASON_BYTES];
	char fault[REASON_BYTES];	/* the first; "" is none */
	/* What comes next may belong to the test before it. */
	bool after_test, test_failed;
	bool in_yaml;
	size_t yaml_indent;
	struct kept_lines subtests, detail;
	char subtests_bytes[SUBTESTS_BYTES], detail_bytes[DETAIL_BYTES];
};

/* Bytes of a line; they may be anything. */
struct span {
	const char *at;
	size_t n;
};

/* Adds a line as a whole or not at all; once one did not fit, none after it. */
static void kept_lines_add(struct kept_lines *to, struct span line)
{
	if (to->full || line.n + 1 >= to->room - to->n) {
		to->full = true;
		return;
	}
	for (size_t i = 0; i < line.n; i++)
		to->bytes[to->n++] = line.at[i] ? line.at[i] : '?';
	to->bytes[to->n++] = '\n';
}

static void kept_lines_clear(struct kept_lines *e)
{
	e->n = 0;
	e->full = false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Behind a word like "ok" or "SKIP": is it part of a longer word? */
static bool is_word(char c)
{
	return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct span span_from(struct span s, size_t at)
{
	return (struct span){ s.at + at, s.n - at };
}

static struct span span_trim(struct span s)
{
	while (s.n > 0 && is_blank(s.at[0]))
		s = span_from(s, 1);
	while (s.n > 0 && is_blank(s.at[s.n - 1]))
		s.n--;
	return s;
}

static bool span_begins(struct span s, const char *text)
{
	return s.n >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

static void span_copy(char to[static REASON_BYTES], struct span s)
{
	size_t n = s.n < REASON_BYTES ? s.n : REASON_BYTES - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = s.at[i] ? s.at[i] : '?';
	to[n] = '\0';
}

/* Takes a number from the front; false: there is none. One that does not fit is UINT64_MAX. */
static bool span_number(struct span *s, uint64_t *number)
{
	if (s->n == 0 || !is_digit(s->at[0]))
		return false;
	*number = 0;
	for (; s->n > 0 && is_digit(s->at[0]); *s = span_from(*s, 1))
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(s->at[0] - '0'), number))
			*number = UINT64_MAX;
	return true;
}

static void fault(struct parser *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void fault(struct parser *p, const char *fmt, ...)
{
	va_list args;

	if (p->fault[0])
		return;
	va_start(args, fmt);
	vsnprintf(p->fault, sizeof(p->fault), fmt, args);
	va_end(args);
}

static bool number_seen(const struct parser *p, uint64_t number)
{
	return number / 8 < p->nseen_bytes && p->seen[number / 8] & 1u << number % 8;
}

/* Notes that the test of this number has run. */
static void number_take(struct parser *p, uint64_t number)
{
	size_t want = (size_t)number / 8 + 1;

	if (number < 1 || number > NUMBER_MAX) {
		fault(p, "it has a test of number %" PRIu64, number);
		return;
	}
	if (want > p->nseen_bytes) {
		size_t nbytes = want < 32 ? 32 : want * 2;
		unsigned char *seen = realloc(p->seen, nbytes);

		if (!seen) {
			p->no_memory = true;
			return;
		}
		memset(seen + p->nseen_bytes, 0, nbytes - p->nseen_bytes);
		p->seen = seen;
		p->nseen_bytes = nbytes;
	}
	if (number_seen(p, number))
		fault(p, "its test %" PRIu64 " is there twice", number);
	p->seen[number / 8] |= (unsigned char)(1u << number % 8);
	if (number > p->highest)
		p->highest = number;
}

enum directive { DIRECTIVE_NONE, DIRECTIVE_SKIP, DIRECTIVE_TODO };

/* A directive stands behind the first "#" that has no backslash before it. */
static enum directive directive_of(struct span description)
{
	size_t i = 0;

	while (i < description.n && description.at[i] != '#')
		i += description.at[i] == '\\' ? 2 : 1;
	if (i >= description.n)
		return DIRECTIVE_NONE;
	description = span_trim(span_from(description, i + 1));
	if (description.n < 4 || (description.n > 4 && is_word(description.at[4])))
		return DIRECTIVE_NONE;
	if (strncasecmp(description.at, "skip", 4) == 0)
		return DIRECTIVE_SKIP;
	return strncasecmp(description.at, "todo", 4) == 0 ? DIRECTIVE_TODO : DIRECTIVE_NONE;
}

/* "ok" or "not ok" as a word of its own; `*rest` is what follows. */
static bool line_is_test(struct span line, bool *ok, struct span *rest)
{
	*ok = !span_begins(line, "not ");
	if (!*ok)
		line = span_from(line, 4);
	if (!span_begins(line, "ok") || (line.n > 2 && is_word(line.at[2])))
		return false;
	*rest = span_trim(span_from(line, 2));
	return true;
}

static void take_test(struct parser *p, struct span line, bool ok, struct span rest)
{
	uint64_t number;

	p->nran++;
	if (!span_number(&rest, &number))
		number = p->nran;
	number_take(p, number);
	if (p->plan_ended)
		fault(p, "its plan stands between its tests");
	p->after_test = true;
	p->test_failed = !ok && directive_of(rest) != DIRECTIVE_TODO;
	if (p->test_failed) {
		p->nfailed++;
		kept_lines_add(&p->detail, line);
		if (p->subtests.n > 0)
			kept_lines_add(&p->detail, (struct span){ p->subtests.bytes, p->subtests.n - 1 });
	}
	kept_lines_clear(&p->subtests);
}

/* "1..N", and perhaps a comment, which of a plan for no tests is the reason. */
static bool take_plan(struct parser *p, struct span line)
{
	struct span rest;
	uint64_t planned;

	if (!span_begins(line, "1.."))
		return false;
	rest = span_from(line, 3);
	if (!span_number(&rest, &planned))
		return false;
	rest = span_trim(rest);
	if (rest.n > 0 && rest.at[0] != '#')
		return false;
	if (p->has_plan) {
		fault(p, "it has two plans");
		return true;
	}
	p->has_plan = true;
	p->planned = planned;
	p->plan_ended = p->nran > 0;
	if (planned > 0 || rest.n == 0)
		return true;
	rest = span_trim(span_from(rest, 1));
	/* SKIP, SKIPPED and "skip:" are said, too. */
	if (rest.n >= 4 && strncasecmp(rest.at, "skip", 4) == 0)
		while (rest.n > 0 && !is_blank(rest.at[0]))
			rest = span_from(rest, 1);
	span_copy(p->skip_reason, span_trim(rest));
	return true;
}

static bool take_bail_out(struct parser *p, struct span line)
{
	static const char words[] = "bail out!";

	line = span_trim(line);
	if (line.n < strlen(words) || strncasecmp(line.at, words, strlen(words)) != 0)
		return false;
	p->bailed = true;
	span_copy(p->bail_reason, span_trim(span_from(line, strlen(words))));
	return true;
}

static size_t indent_of(struct span line)
{
	size_t n = 0;

	while (n < line.n && is_blank(line.at[n]))
		n++;
	return n;
}

/* A line within a block of YAML, which says more of the test before it. False: the block is over, and the
 * line is none of it. */
static bool take_yaml(struct parser *p, struct span line)
{
	size_t indent = indent_of(line);

	if (indent < p->yaml_indent && indent < line.n) {
		p->in_yaml = false;
		return false;
	}
	if (indent == p->yaml_indent && line.n == indent + 3 && span_begins(span_from(line, indent), "..."))
		p->in_yaml = false;
	else if (p->test_failed)
		kept_lines_add(&p->detail, line);
	return true;
}

static void take_indented(struct parser *p, struct span line, size_t indent)
{
	struct span inner = span_from(line, indent), rest;
	bool ok;

	if (p->after_test && span_begins(inner, "---")) {
		p->in_yaml = true;
		p->yaml_indent = indent;
	} else if (take_bail_out(p, inner)) {
		return;
	} else if (indent >= SUBTEST_INDENT && line_is_test(inner, &ok, &rest)) {
		/* Its parent, which comes later, has the verdict. */
		if (!ok && directive_of(rest) != DIRECTIVE_TODO)
			kept_lines_add(&p->subtests, line);
		p->after_test = false;
	}
}

static void take_line(struct parser *p, struct span line)
{
	size_t indent;
	struct span rest;
	bool ok;

	if (line.n > 0 && line.at[line.n - 1] == '\r')
		line.n--;
	if (p->bailed || (p->in_yaml && take_yaml(p, line)))
		return;
	indent = indent_of(line);
	/* Blank lines and comments may stand between a test and its YAML. */
	if (indent == line.n || line.at[indent] == '#')
		return;
	if (indent > 0) {
		take_indented(p, line, indent);
		return;
	}
	if (line_is_test(line, &ok, &rest)) {
		take_test(p, line, ok, rest);
		return;
	}
	p->after_test = false;
	if (!take_plan(p, line))
		take_bail_out(p, line);	/* or a version, a pragma, or anything else: no matter */
}

static void tap_feed(struct parser *p, const char *bytes, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++) {
		if (bytes[i] == '\n') {
			take_line(p, (struct span){ p->line, p->nline });
			p->nline = 0;
		} else if (p->nline < sizeof(p->line)) {
			p->line[p->nline++] = bytes[i];
		}
	}
	p->nbytes += nbytes;
}

/* All lines are known: was the plan kept? */
static void check_plan(struct parser *p)
{
	uint64_t missing = 1;

	if (p->bailed)
		return;
	if (!p->has_plan) {
		fault(p, p->nran > 0 ? "it has no plan (1..N): more tests may have been meant" :
				       "it printed neither a plan (1..N) nor a test");
	} else if (p->nran != p->planned) {
		fault(p, "it planned %" PRIu64 " test%s and ran %" PRIu64, p->planned,
		      p->planned == 1 ? "" : "s", p->nran);
	} else if (p->highest > p->planned) {
		while (number_seen(p, missing))
			missing++;
		fault(p, "its test %" PRIu64 " is outside of its plan 1..%" PRIu64
		      ", and test %" PRIu64 " is missing", p->highest, p->planned, missing);
	}
}

/* The sentence, and below it the lines of what failed. NULL: no memory. */
static char *tap_message(const struct parser *p, int exit_status)
{
	uint64_t of = p->planned > p->nran ? p->planned : p->nran;
	char failed[64] = "", exited[64] = "", *message;
	const char *bail = p->bailed ? p->bail_reason[0] ? "it bailed out: " : "it bailed out" : "";
	const char *semicolons[2] = { "", "" };

	if (p->nfailed > 0)
		snprintf(failed, sizeof(failed), "%" PRIu64 " of %" PRIu64 " failed", p->nfailed, of);
	else if (exit_status != 0 && !p->bailed)
		snprintf(exited, sizeof(exited), "%s with exit status %d",
			 p->fault[0] ? ", and it ended" : p->nran > 0 ? "all passed, but it ended" :
			 "it ended", exit_status);
	if (p->bailed && (p->nfailed > 0 || p->fault[0]))
		semicolons[0] = "; ";
	if (p->nfailed > 0 && p->fault[0])
		semicolons[1] = "; ";
	if (asprintf(&message, "%s%s%s%s%s%s%s%s%.*s%s", bail, p->bail_reason, semicolons[0], failed,
		     semicolons[1], p->fault, exited, p->detail.n > 0 ? ":\n" : "",
		     (int)p->detail.n, p->detail.bytes, p->detail.full ? "..." : "") < 0)
		return NULL;
	for (size_t n = strlen(message); n > 0 && message[n - 1] == '\n'; n--)
		message[n - 1] = '\0';
	return message;
}

static void tap_end(struct parser *p, int status)
{
	struct parser_event event = { .kind = PARSER_ENDED, .verdict = PROCTOR_FAIL };
	int exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	char *message = NULL;

	if (p->nline > 0)
		take_line(p, (struct span){ p->line, p->nline });
	p->nline = 0;
	check_plan(p);
	event.nbytes = p->nbytes;
	if (p->nfailed == 0 && !p->fault[0] && !p->bailed && exit_status == 0) {
		event.verdict = p->planned > 0 ? PROCTOR_PASS : PROCTOR_SKIP;
		if (event.verdict == PROCTOR_SKIP)
			event.message = p->skip_reason[0] ? p->skip_reason : NULL;
	} else {
		message = tap_message(p, exit_status);
		event.message = message;
	}
	if (p->no_memory || (event.verdict == PROCTOR_FAIL && !message)) {
		event.verdict = PROCTOR_ERROR;
		event.message = "no memory for what it printed";
	}
	p->tell(&event, p->data);
	free(message);
}

static struct parser *tap_open(void (*tell)(const struct parser_event *event, void *data), void *data)
{
	struct parser *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->tell = tell;
	p->data = data;
	p->detail = (struct kept_lines){ .bytes = p->detail_bytes, .room = sizeof(p->detail_bytes) };
	p->subtests = (struct kept_lines){ .bytes = p->subtests_bytes, .room = sizeof(p->subtests_bytes) };
	return p;
}

static void tap_close(struct parser *p)
{
	free(p->seen);
	free(p);
}

static const struct parser_ops tap_parser = {
	.open = tap_open,
	.feed = tap_feed,
	.end = tap_end,
	.close = tap_close,
};

/* By its name alone. */
static int tap_run_command(const struct program_request *request, struct command_line *line,
			   struct proctor_error *err)
{
	(void)request, (void)line, (void)err;
	return 0;
}

/* Nothing in a file shows that it will print TAP: --framework has to say so. */
const struct adapter adapter_tap = {
	.name = "tap",
	.known_by = "--framework=tap alone: the program is one test and prints TAP",
	.single = true,
	.run_command = tap_run_command,
	.parser = &tap_parser,
};
