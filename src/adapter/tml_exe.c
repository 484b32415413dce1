/* SPDX-License-Identifier: MIT */
/*
 * Programs that `tml test` builds where it makes a program of each suite. A program cannot say what tests it has: its
 * symbols do, tml_test_0 … tml_test_N, or who hands it in. It runs one test, --test-index=N, which is told by its
 * exit status; or all, in the order of their indices, and writes a line when one has ended:
 *
 *	TML_RESULT:3:FAIL:1
 *
 * or tells more, as JSON, a line each. The first panic, crash or exit() ends the process: what has not run then runs one by
 * one.
 *
 * What a test can forge: these lines are on its standard output. One that writes its own result, or those after it too, is
 * contradicted by the true lines, and all that were told of twice run again, each alone, where the exit status has
 * the last word. One that writes its own result and crashes then is taken for the next one. Alone, a test that calls
 * exit(0) passes.
 */
#include "adapter/tml.h"

#include "adapter/adapter.h"
#include "base/elf_sections.h"
#include "base/quantity.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LINE_BYTES 16384	/* of a line; of a longer one, its end */
#define RESULT "TML_RESULT:"

/* Of the program itself, where it was called without an argument, or with an index that it does not have. */
enum { STATUS_NO_ARGUMENT = 98, STATUS_NO_INDEX = 99 };

static enum sureness tml_exe_recognize(const struct file_view *file)
{
	return file_view_says(file, RESULT) && file_view_says(file, "--test-index") ? SURE_OF_FILE : SURE_NOT;
}

static int tml_exe_run_command(const struct program_request *request, struct command_line *line,
			       struct proctor_error *err)
{
	if (request->ntests == 1)
		texts_add(&line->words, "--test-index=%u", request->indices[0]);
	else if (request->whole)
		texts_add(&line->words, "--run-all");
	else
		return error_set(err, -ENOTSUP, "%s runs one test or all", request->path);
	return 0;
}

/* ---- the list ---- */

static int take_symbols(Elf_Scn *scn, const GElf_Shdr *shdr, Elf *elf, struct listing *list)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = shdr->sh_entsize > 0 ? shdr->sh_size / shdr->sh_entsize : 0;
	GElf_Sym symbol;

	for (size_t i = 0; data && i < n && i < INT_MAX && gelf_getsym(data, (int)i, &symbol); i++) {
		const char *name = elf_strptr(elf, shdr->sh_link, symbol.st_name);
		struct listed *l;
		unsigned index;

		if (!name || GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
		    !tml_index(name, &index))
			continue;
		l = listing_add(list);
		if (!l)
			return -ENOMEM;
		l->index = index;
		l->name = l->symbol = listing_text(list, name, strlen(name));
		l->file = "";
		if (!l->name)
			return -ENOMEM;
	}
	return 0;
}

static int index_compare(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

/* A test may stand in both tables of symbols. */
static void list_sort(struct listing *list)
{
	size_t n = 0;

	if (list->ntests > 1)
		qsort(list->tests, list->ntests, sizeof(*list->tests), index_compare);
	for (size_t i = 0; i < list->ntests; i++)
		if (n == 0 || list->tests[n - 1].index != list->tests[i].index)
			list->tests[n++] = list->tests[i];
	list->ntests = n;
}

static int tml_exe_list_file(const char *path, struct listing *list, struct proctor_error *err)
{
	struct elf_sections e;
	GElf_Shdr shdr;
	const char *name;
	int ret = 0;

	(void)err;
	if (!elf_sections_open(&e, path))
		return 0;
	for (Elf_Scn *scn = NULL; ret == 0 && (scn = elf_sections_next(&e, scn, &shdr, &name));)
		if (shdr.sh_type == SHT_SYMTAB || shdr.sh_type == SHT_DYNSYM)
			ret = take_symbols(scn, &shdr, e.elf, list);
	elf_sections_close(&e);
	list_sort(list);
	return ret;
}

/* ---- the parser ---- */

struct parser {
	void (*tell)(const struct parser_event *event, void *data);
	void *data;
	uint64_t nbytes;		/* that came before the line that is being read */
	char line[LINE_BYTES];
	size_t nline;
};

static void tell_end(struct parser *p, unsigned index, enum proctor_verdict verdict, const char *message,
		     uint64_t duration_us, uint64_t nbytes)
{
	char name[TML_SYMBOL_BYTES];

	tml_symbol(index, name);
	p->tell(&(struct parser_event){ .kind = PARSER_ENDED, .name = name, .by_index = true, .index = index,
					.verdict = verdict, .message = message, .duration_us = duration_us,
					.nbytes = nbytes }, p->data);
}

/* "3:FAIL:1", to the end of the line. False: it is something else. */
static bool take_result(struct parser *p, const char *text, uint64_t nbytes)
{
	char *end, message[64];
	unsigned long index;
	long value;
	bool passed;

	if (text[0] < '0' || text[0] > '9')
		return false;
	index = strtoul(text, &end, 10);
	passed = strncmp(end, ":PASS:", 6) == 0;
	if (index >= UINT_MAX || (!passed && strncmp(end, ":FAIL:", 6) != 0) || !end[6])
		return false;
	value = strtol(end + 6, &end, 10);
	if (*end)
		return false;
	snprintf(message, sizeof(message), "returned %ld", value);
	tell_end(p, (unsigned)index, passed ? PROCTOR_PASS : PROCTOR_FAIL, passed ? NULL : message, 0, nbytes);
	return true;
}

static const struct {
	const char *event;
	enum proctor_verdict verdict;
} ends[] = {
	{ "test_pass", PROCTOR_PASS },
	{ "test_fail", PROCTOR_FAIL },
	{ "test_crash", PROCTOR_CRASH },
	{ "test_timeout", PROCTOR_TIMEOUT },
};

/* Why it is no pass: an error, a signal and the stack, or a time that was too short. */
static const char *json_message(const json_t *line, char text[static LINE_BYTES])
{
	const char *error = json_string_value(json_object_get(line, "error"));
	const json_t *signal = json_object_get(line, "signal"), *timeout = json_object_get(line, "timeout_ms");
	const char *backtrace = json_string_value(json_object_get(line, "backtrace"));
	const char *name = json_string_value(signal);

	if (error)
		return error;
	if (json_is_integer(timeout))
		snprintf(text, LINE_BYTES, "timed out after %lld ms", (long long)json_integer_value(timeout));
	else if (name)
		snprintf(text, LINE_BYTES, "%s%s%s", name, backtrace ? "\n" : "", backtrace ? backtrace : "");
	else if (json_is_integer(signal))
		snprintf(text, LINE_BYTES, "signal %lld%s%s", (long long)json_integer_value(signal),
			 backtrace ? "\n" : "", backtrace ? backtrace : "");
	else
		return NULL;
	return text;
}

static void take_json(struct parser *p, const char *text_line, uint64_t nbytes)
{
	json_t *line = json_loads(text_line, 0, NULL);
	const char *event = json_string_value(json_object_get(line, "event"));
	json_int_t index = json_integer_value(json_object_get(line, "index"));
	json_int_t us = json_integer_value(json_object_get(line, "duration_us"));
	char text[LINE_BYTES];

	if (!event)
		event = json_string_value(json_object_get(line, "type"));
	for (size_t i = 0; event && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(event, ends[i].event) == 0 && json_is_integer(json_object_get(line, "index")) &&
		    index >= 0 && index < UINT_MAX)
			tell_end(p, (unsigned)index, ends[i].verdict,
				 ends[i].verdict == PROCTOR_PASS ? NULL : json_message(line, text),
				 us > 0 ? (uint64_t)us : 0, nbytes);
	json_decref(line);
}

/* What a test wrote without a line's end may stand before it. */
static void take_line(struct parser *p, uint64_t nbytes)
{
	const char *at = p->line, *last = NULL, *json = p->line;

	p->line[p->nline] = '\0';
	if (strlen(p->line) < p->nline)
		return;
	while ((at = strstr(at, RESULT)))
		last = at++;
	if (last && take_result(p, last + strlen(RESULT), nbytes))
		return;
	while ((json = strstr(json, "{\"")))
		last = json++;
	if (last && *last == '{')
		take_json(p, last, nbytes);
}

static void line_add(struct parser *p, const char *bytes, size_t n)
{
	size_t room = sizeof(p->line) - 1, drop;

	if (n > room) {
		bytes += n - room;
		n = room;
	}
	drop = p->nline + n > room ? p->nline + n - room : 0;
	memmove(p->line, p->line + drop, p->nline - drop);
	p->nline -= drop;
	memcpy(p->line + p->nline, bytes, n);
	p->nline += n;
}

static void tml_exe_feed(struct parser *p, const char *bytes, size_t nbytes)
{
	while (nbytes > 0) {
		const char *eol = memchr(bytes, '\n', nbytes);
		size_t n = eol ? (size_t)(eol - bytes) : nbytes;

		line_add(p, bytes, n);
		n += eol != NULL;
		if (eol) {
			take_line(p, p->nbytes + n);
			p->nline = 0;
		}
		p->nbytes += n;
		bytes += n;
		nbytes -= n;
	}
}

/* Of a test that was alone; where all ran it means none of them. */
static void tml_exe_end(struct parser *p, int status)
{
	char message[128];
	int value = WEXITSTATUS(status);
	struct parser_event event = { .kind = PARSER_ENDED, .nbytes = p->nbytes, .message = message };

	if (!WIFEXITED(status))
		return;
	if (value == STATUS_NO_INDEX || value == STATUS_NO_ARGUMENT) {
		event.verdict = PROCTOR_ERROR;
		snprintf(message, sizeof(message), "ended with exit status %d: it has no such test", value);
	} else {
		event.verdict = value == 0 ? PROCTOR_PASS : PROCTOR_FAIL;
		snprintf(message, sizeof(message), "exit status %d", value);
	}
	if (event.verdict == PROCTOR_PASS)
		event.message = NULL;
	p->tell(&event, p->data);
}

static struct parser *tml_exe_open(void (*tell)(const struct parser_event *event, void *data), void *data)
{
	struct parser *p = calloc(1, sizeof(*p));

	if (p) {
		p->tell = tell;
		p->data = data;
	}
	return p;
}

static void tml_exe_close(struct parser *p)
{
	free(p);
}

static const struct parser_ops tml_exe_parser = {
	.open = tml_exe_open,
	.feed = tml_exe_feed,
	.end = tml_exe_end,
	.close = tml_exe_close,
	.tells_complete = true,
};

const struct adapter adapter_tml_exe = {
	.name = "tml-exe",
	.known_by = "the texts TML_RESULT: and --test-index in a program",
	.hides_symbols = true,
	.crash_stops = true,
	.recognize = tml_exe_recognize,
	.run_command = tml_exe_run_command,
	.list_file = tml_exe_list_file,
	.all_or_one = true,
	/* Where fewer were handed in than it has. */
	.runs_others = true,
	.parser = &tml_exe_parser,
};
