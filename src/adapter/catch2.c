/* SPDX-License-Identifier: MIT */
/*
 * Catch2, version 3 ("catch2") and version 2 from 2.9 on ("catch2-v2"), whose options differ.
 *
 * Selection. Test specs go through a file, quoted and with `\`, `"`, `,` and `@` escaped. Catch2 compares names
 * without regard to case and to the blanks around them, takes a `*` at either end for a wildcard even if it is
 * escaped, and gives tests of different fixtures the same name. So tests that were not asked for may run too;
 * what is told of them is not believed, and tests of the same name are told apart by file and line. If one of
 * them ends the process, those behind it are errors: they did not start. Version 2 before 2.13 knows no escapes.
 * Where fewer tests are not to run than are, and their names are plain, these are left out instead: each name is
 * compared with that of every test.
 *
 * Output. Both versions keep what a test writes to std::cout, std::cerr and std::clog, and write it into the XML
 * when the test ends; of a test that ends the process it is lost. What is written by other ways (printf, write)
 * is captured as any program's.
 *
 * What a test can forge: results are read from a pipe that only the reporter writes to. A test that opens or
 * writes to descriptor 3 on purpose can write any verdict there; nothing that it prints can.
 */
#include "adapter/adapter.h"

#include "adapter/catch_names.h"
#include "adapter/catch_xml.h"
#include "adapter/xml.h"
#include "base/container.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#define HIDDEN "hidden"
#define SPECS_FILE "specs"
/* Of names on the command line, which has room for some ten times as much. */
#define OTHERS_BYTES 200000
/* Every name is compared with the name of every test, which takes some 35 ns each. */
#define NAMES_MAX 500

static enum sureness catch2_recognize(const struct file_view *file)
{
	return file_view_says(file, "Catch2TestRun") || file_view_says(file, "libCatch2") ?
	       SURE_OF_FILE : SURE_NOT;
}

/* The second option came with 2.9, whose options for benchmarks are needed. */
static enum sureness catch2_v2_recognize(const struct file_view *file)
{
	return file_view_says(file, "list-test-names-only") &&
	       file_view_says(file, "benchmark-no-analysis") ? SURE_OF_FILE : SURE_NOT;
}

/* ---- starting it ---- */

/* Bazel's variables have version 3 run a part of the tests, or write its results somewhere else. */
static void clear_variables(struct command_line *line)
{
	static const char *const names[] = {
		"BAZEL_TEST", "XML_OUTPUT_FILE", "TESTBRIDGE_TEST_ONLY", "TEST_SHARD_INDEX",
		"TEST_TOTAL_SHARDS", "TEST_SHARD_STATUS_FILE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		texts_add(&line->vars, "%s", names[i]);
}

static void add_words(struct command_line *line, const char *const *words)
{
	for (; *words; words++)
		texts_add(&line->words, "%s", *words);
}

static void append_spec(struct bytes *specs, const char *name)
{
	bytes_text(specs, "\"");
	/* Would mean that it is not to run, even within quotes. */
	if (strncmp(name, "exclude:", strlen("exclude:")) == 0) {
		bytes_text(specs, "*");
		name++;
	}
	for (; *name; name++) {
		/* "[@x]" may be an alias. */
		if (strchr("\\\",@", *name))
			bytes_text(specs, "\\");
		bytes_append(specs, name, 1);
	}
	bytes_text(specs, "\"");
}

/* As words of the command line, where it has a line break, else as lines of a file. */
static int add_spec(struct command_line *line, struct bytes *lines, const char *name)
{
	struct bytes spec = { 0 };

	append_spec(&spec, name);
	if (spec.failed) {
		bytes_fini(&spec);
		return -ENOMEM;
	}
	if (strpbrk(name, "\r\n")) {
		texts_add(&line->words, "%s", spec.data);
		texts_add(&line->words, ",");
	} else {
		bytes_text(lines, spec.data);
		bytes_text(lines, "\n");
	}
	bytes_fini(&spec);
	return 0;
}

static int add_names(const struct program_request *request, struct command_line *line,
		     struct bytes *lines)
{
	struct bytes bare = { 0 };
	int ret = 0;

	for (size_t i = 0; i < request->ntests && ret == 0; i++) {
		ret = add_spec(line, lines, request->names[i]);
		bytes_clear(&bare);
		if (ret == 0 && catch_name_unescape(&bare, request->names[i]))
			ret = bare.failed ? -ENOMEM : add_spec(line, lines, bare.data);
	}
	bytes_fini(&bare);
	return ret;
}

static int write_specs(const char *dir, const struct bytes *lines, struct command_line *line,
		       struct proctor_error *err)
{
	char *path;
	FILE *file;
	bool written;

	if (asprintf(&path, "%s/" SPECS_FILE, dir) < 0)
		return error_sys(err, ENOMEM, "cannot name the tests to run");
	file = fopen(path, "we");
	if (!file) {
		int ret = error_sys(err, errno, "cannot write %s", path);

		free(path);
		return ret;
	}
	written = fwrite(lines->data, 1, lines->nbytes, file) == lines->nbytes;
	written &= fclose(file) == 0;
	if (written) {
		texts_add(&line->words, "--input-file");
		texts_add(&line->words, "%s", path);
	} else {
		error_sys(err, errno, "cannot write %s", path);
	}
	free(path);
	return written ? 0 : err->code;
}

/* Does it mean itself within quotes, and nothing else but for the case of its letters? */
static bool is_plain(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || !isalnum((unsigned char)name[0]) || !isalnum((unsigned char)name[n - 1]) ||
	    strncmp(name, "exclude:", strlen("exclude:")) == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr(" _-+.:/<>()", name[i]))
			return false;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Can the others be left out by their names, and nothing else with them? */
static bool others_stand_apart(const struct program_request *request)
{
	const char **sorted = calloc(request->nothers, sizeof(*sorted));
	size_t nbytes = 0;
	bool apart = sorted;

	for (size_t i = 0; apart && i < request->nothers; i++) {
		sorted[i] = request->others[i];
		nbytes += strlen(sorted[i]);
		apart = is_plain(sorted[i]) && nbytes <= OTHERS_BYTES;
	}
	if (apart)
		qsort(sorted, request->nothers, sizeof(*sorted), compare_names);
	for (size_t i = 0; apart && i < request->ntests; i++)
		apart = !bsearch(&request->names[i], sorted, request->nothers, sizeof(*sorted), compare_names);
	free(sorted);
	return apart;
}

/* All but the hidden ones and these: words without a comma between them have to hold together. */
static void leave_others_out(const struct program_request *request, struct command_line *line)
{
	texts_add(&line->words, "~[.]");
	for (size_t i = 0; i < request->nothers; i++)
		texts_add(&line->words, "~\"%s\"", request->others[i]);
}

static int select_tests(const struct program_request *request, struct command_line *line,
			struct proctor_error *err)
{
	struct bytes lines = { 0 };
	int ret;

	/* Without any spec it runs all but the hidden ones. */
	if (request->whole)
		return 0;
	if (request->nothers > 0 && others_stand_apart(request)) {
		leave_others_out(request, line);
		return 0;
	}
	ret = add_names(request, line, &lines);
	if (ret < 0 || lines.failed)
		ret = error_sys(err, ENOMEM, "cannot name the tests to run");
	else if (lines.nbytes > 0)
		ret = write_specs(request->dir, &lines, line, err);
	bytes_fini(&lines);
	return ret;
}

static const char *const run_words[] = {
	"--reporter", "xml", "--out", PARSER_CHANNEL_PATH, "--order", "decl", "--durations", "yes", NULL
};

static int catch2_run_command(const struct program_request *request, struct command_line *line,
			      struct proctor_error *err)
{
	add_words(line, run_words);
	texts_add(&line->words, "--skip-benchmarks");
	clear_variables(line);
	return select_tests(request, line, err);
}

/* This version cannot leave benchmarks out: each runs once. */
static int catch2_v2_run_command(const struct program_request *request, struct command_line *line,
				 struct proctor_error *err)
{
	static const char *const words[] = {
		"--benchmark-samples", "1", "--benchmark-warmup-time", "0",
		"--benchmark-no-analysis", NULL
	};

	add_words(line, run_words);
	add_words(line, words);
	clear_variables(line);
	return select_tests(request, line, err);
}

/* ---- what tests it has ---- */

/* "*" is all of them, hidden ones too. */
static int catch2_list_command(const struct program_request *request, struct command_line *line,
			       struct proctor_error *err)
{
	static const char *const words[] = {
		"--list-tests", "--reporter", "xml", "--order", "decl", "*", NULL
	};

	(void)request, (void)err;
	add_words(line, words);
	clear_variables(line);
	return 0;
}

/* The list of names has them exactly, and at this verbosity where they are; the other list has their tags. */
static int catch2_v2_list_command(const struct program_request *request, struct command_line *line,
				  struct proctor_error *err)
{
	static const char *const words[] = {
		"--list-tests", "--list-test-names-only", "--verbosity", "high", "--order", "decl",
		"*", NULL
	};

	(void)request, (void)err;
	add_words(line, words);
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Results have a name without the blanks around it. */
static const char *list_text(struct listing *list, const char *bytes, size_t nbytes, bool is_name)
{
	while (is_name && nbytes > 0 && is_blank(bytes[nbytes - 1]))
		nbytes--;
	while (is_name && nbytes > 0 && is_blank(bytes[0])) {
		bytes++;
		nbytes--;
	}
	return listing_text(list, bytes, nbytes);
}

static bool tags_hide(const char *tags)
{
	return strstr(tags, "[.") || strstr(tags, "[!hide]") || strstr(tags, "[!benchmark]");
}

/* ---- the list of version 3 ---- */

struct catch2_list {
	struct listing *list;
	struct bytes text;
	/* Of the test that is being read. */
	struct listed test;
	bool complete, no_memory;
};

static void list_start(const char *element, const struct xml_attributes *attributes, void *data)
{
	struct catch2_list *l = data;

	(void)attributes;
	if (strcmp(element, "TestCase") == 0)
		l->test = (struct listed){ .name = "", .file = "" };
	bytes_clear(&l->text);
}

static void list_take_text(const char *bytes, size_t nbytes, void *data)
{
	struct catch2_list *l = data;

	bytes_append(&l->text, bytes, nbytes);
}

static void list_add(struct catch2_list *l)
{
	struct listed *added = listing_add(l->list);

	if (added)
		*added = l->test;
	else
		l->no_memory = true;
}

static void list_end(const char *element, void *data)
{
	struct catch2_list *l = data;
	const char *text = bytes_string(&l->text);

	if (!text) {
		l->no_memory = true;
		return;
	}
	if (strcmp(element, "Name") == 0)
		l->test.name = list_text(l->list, text, l->text.nbytes, true);
	else if (strcmp(element, "File") == 0)
		l->test.file = list_text(l->list, text, l->text.nbytes, false);
	else if (strcmp(element, "Line") == 0)
		l->test.line = (unsigned)strtoul(text, NULL, 10);
	else if (strcmp(element, "Tags") == 0)
		l->test.disabled = tags_hide(text) ? HIDDEN : NULL;
	else if (strcmp(element, "TestCase") == 0)
		list_add(l);
	else if (strcmp(element, "MatchingTests") == 0)
		l->complete = true;
	l->no_memory |= !l->test.name || !l->test.file;
	bytes_clear(&l->text);
}

static int list_read(struct catch2_list *l, const char *from, const struct list_output *output,
		     struct proctor_error *err)
{
	static const struct xml_ops ops = { list_start, list_take_text, list_end };
	struct xml *xml;
	int ret = xml_open(&xml, &ops, l, err);

	if (ret < 0)
		return ret;
	xml_feed(xml, from, output->nout - (size_t)(from - output->out));
	if (l->no_memory)
		ret = error_set(err, -ENOMEM, "no memory for its tests");
	else if (!l->complete)
		ret = error_set(err, -ENOEXEC, "was asked for its tests, and its list is damaged: %s",
				xml_fault(xml) ? xml_fault(xml) : "it has no end");
	xml_close(xml);
	return ret;
}

static int refused(const struct list_output *output, struct proctor_error *err)
{
	if (WIFEXITED(output->status))
		return error_set(err, -ENOEXEC, "was asked for its tests, and ended with exit status %d "
				 "and no list of them", WEXITSTATUS(output->status));
	return error_set(err, -ENOEXEC, "was asked for its tests, and wrote no list of them");
}

static int catch2_list_parse(const struct list_output *output, struct listing *list,
			     struct proctor_error *err)
{
	struct catch2_list l = { .list = list, .test = { .name = "", .file = "" } };
	/* What is written before `main` may stand in front of it. */
	const char *from = strstr(output->out, "<?xml");
	int ret;

	if (!from)
		return refused(output, err);
	ret = list_read(&l, from, output, err);
	bytes_fini(&l.text);
	return ret;
}

/* ---- the lists of version 2 ---- */

#define NAMES_AFTER " matching test case"	/* or cases, and their number before it */

/* The end of the first list: behind "12 matching test cases" and an empty line. NULL: it has none. */
static const char *first_list_end(const char *list)
{
	const char *end = NULL;

	/* A test's name may look like that: the last one counts. */
	for (const char *at = list; (at = strstr(at, NAMES_AFTER)); at++) {
		const char *digit = at, *rest = at + strlen(NAMES_AFTER);

		while (digit > list && isdigit((unsigned char)digit[-1]))
			digit--;
		rest += *rest == 's';
		if (digit < at && digit[-1] == '\n' && rest[0] == '\n' && rest[1] == '\n')
			end = rest + 2;
	}
	return end;
}

/* A line of the second list, which the name's own line breaks may make several: NAME, a tab, "@FILE:LINE". */
static const char *take_line(struct listing *list, const char *at, struct proctor_error *err)
{
	const char *place = strstr(at, "\t@"), *end = place ? strchr(place, '\n') : NULL;
	const char *colon = end ? memrchr(place, ':', (size_t)(end - place)) : NULL;
	struct bytes name = { 0 };
	struct listed *t;

	if (!colon) {
		error_set(err, -ENOEXEC, "was asked for its tests, and its list is damaged");
		return NULL;
	}
	/* A name that would be a comment in a file of specs is quoted. */
	if (at[0] == '"' && at[1] == '#' && place[-1] == '"')
		catch_name_escape(&name, at + 1, (size_t)(place - at) - 2);
	else
		catch_name_escape(&name, at, (size_t)(place - at));
	t = name.failed ? NULL : listing_add(list);
	if (t) {
		t->name = list_text(list, bytes_string(&name), name.nbytes, true);
		t->file = listing_text(list, place + 2, (size_t)(colon - place) - 2);
		t->line = (unsigned)strtoul(colon + 1, NULL, 10);
	}
	bytes_fini(&name);
	if (t && t->name && t->file)
		return end + 1;
	error_set(err, -ENOMEM, "no memory for its tests");
	return NULL;
}

static const char *line_end(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end : at + strlen(at);
}

static size_t indent_of(const char *line)
{
	return strspn(line, " ");
}

/* Do the tags among these lines hide their test? They may be wrapped, between any two of their characters. */
static int lines_hide(const char *at, const char *end)
{
	struct bytes tags = { 0 };
	int hidden;

	for (; at < end; at = line_end(at) + 1)
		if (indent_of(at) >= 6)
			bytes_append(&tags, at + 6, (size_t)(line_end(at) - at) - 6);
	if (tags.failed)
		hidden = -ENOMEM;
	else
		hidden = tags.nbytes > 0 && tags_hide(tags.data);
	bytes_fini(&tags);
	return hidden;
}

/*
 * The first list has for each test its name, its place, a description and its tags, indented by 2, 4, 4 and 6
 * and wrapped at the width of a terminal. A name that begins with a blank is indented by 3; one that begins
 * with more cannot be told from the rest, and then the lists do not have equally many tests.
 */
static int take_hidden(const char *first, const char *end, struct listing *list, struct proctor_error *err)
{
	size_t n = 0;

	for (const char *at = first, *next; at < end; at = next) {
		int hidden;

		next = line_end(at) + 1;
		if (indent_of(at) != 2 && indent_of(at) != 3)
			continue;
		while (next < end && indent_of(next) > 3)
			next = line_end(next) + 1;
		hidden = lines_hide(line_end(at) + 1, next < end ? next : end);
		if (hidden < 0)
			return error_set(err, hidden, "no memory for its tests");
		if (n < list->ntests && hidden)
			list->tests[n].disabled = HIDDEN;
		n++;
	}
	if (n == list->ntests)
		return 0;
	return error_set(err, -ENOEXEC, "was asked for its tests, and listed %zu with their tags but %zu with "
			 "their names (does a name begin with blanks?)", n, list->ntests);
}

static int catch2_v2_list_parse(const struct list_output *output, struct listing *list,
				struct proctor_error *err)
{
	static const char header[] = "Matching test cases:\n";
	const char *first = strstr(output->out, header), *names = first ? first_list_end(first) : NULL;

	if (!names)
		return refused(output, err);
	for (const char *at = names; *at;) {
		at = take_line(list, at, err);
		if (!at)
			return err->code;
	}
	return take_hidden(first + strlen(header), names, list, err);
}

const struct adapter adapter_catch2 = {
	.name = "catch2",
	.known_by = "texts of Catch2 3, or libCatch2 needed",
	.version = { .section = ".dynstr", .behind = "libCatch2.so." },
	.recognize = catch2_recognize,
	.run_command = catch2_run_command,
	.list_command = catch2_list_command,
	.list_parse = catch2_list_parse,
	.names_max = NAMES_MAX,
	.needs_dir = true,
	.runs_others = true,
	.parser = &catch_xml_parser,
	.source = PARSER_CHANNEL,
};

const struct adapter adapter_catch2_v2 = {
	.name = "catch2-v2",
	.known_by = "texts of Catch2 2, as of 2.9",
	.recognize = catch2_v2_recognize,
	.run_command = catch2_v2_run_command,
	.list_command = catch2_v2_list_command,
	.list_parse = catch2_v2_list_parse,
	.names_max = NAMES_MAX,
	.needs_dir = true,
	.runs_others = true,
	.parser = &catch_xml_parser,
	.source = PARSER_CHANNEL,
};
