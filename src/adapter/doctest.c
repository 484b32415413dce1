/* SPDX-License-Identifier: MIT */
/*
 * doctest.
 *
 * Selection. Names go through one argument, as filters with regard to case; `\` and `,` are escaped, for
 * versions from 2.4.9 on. `*` and `?` in a name cannot be escaped and match anything, and suites can have tests
 * of the same name. So tests that were not asked for may run too; what is told of them is not believed, and
 * tests of the same name are told apart by file and line. If one of them ends the process, those behind it are
 * errors: they did not start. A test without a name is selected by the exclusion of all others, and beside
 * others by having all run.
 *
 * Output is what the process writes; doctest keeps nothing of it.
 *
 * What a test can forge: results are read from a pipe that only the reporter writes to. A test that opens or
 * writes to descriptor 3 on purpose can write any verdict there; nothing that it prints can.
 */
#include "adapter/adapter.h"

#include "adapter/catch_names.h"
#include "adapter/catch_xml.h"
#include "adapter/xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define ARGUMENT_BYTES (128u << 10)	/* so much execve(2) takes, with the NUL */

static enum sureness doctest_recognize(const struct file_view *file)
{
	return file_view_says(file, "doctest version is") ? SURE_OF_FILE : SURE_NOT;
}

/* ---- starting it ---- */

/* Where the program's own main sets other options, these have the last word. */
static void add_words(struct command_line *line)
{
	static const char *const words[] = {
		"--reporters=xml", "--order-by=file", "--case-sensitive=true", "--no-version=true",
		"--no-path-filenames=false", "--no-line-numbers=false",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		texts_add(&line->words, "%s", words[i]);
}

static void append_filter(struct bytes *filters, const char *name)
{
	if (filters->nbytes > 0)
		bytes_text(filters, ",");
	for (; *name; name++) {
		if (*name == '\\' || *name == ',')
			bytes_text(filters, "\\");
		bytes_append(filters, name, 1);
	}
}

static void append_name(struct bytes *filters, const char *name)
{
	struct bytes bare = { 0 };

	append_filter(filters, name);
	if (catch_name_unescape(&bare, name))
		append_filter(filters, bytes_string(&bare) ? bare.data : "");
	filters->failed |= bare.failed;
	bytes_fini(&bare);
}

/* As append_name() has it. */
static size_t doctest_name_bytes(const char *name)
{
	size_t n = 1;

	for (const char *at = name; *at; at++)
		n += *at == '\\' || *at == ',' ? 2 : 1;
	return strstr(name, "\\x") ? 2 * n : n;
}

static int add_filters(const struct program_request *request, struct command_line *line,
		       struct bytes *filters, struct proctor_error *err)
{
	bool nameless = false;

	for (size_t i = 0; i < request->ntests; i++) {
		nameless |= !request->names[i][0];
		append_name(filters, request->names[i]);
	}
	if (filters->failed)
		return error_sys(err, ENOMEM, "cannot name the tests to run");
	if (nameless)
		texts_add(&line->words, "--test-case=*");
	if (nameless && request->ntests == 1)
		texts_add(&line->words, "--test-case-exclude=?*");
	if (nameless)
		return 0;
	/* So it is only where a single name is that long. */
	if (filters->nbytes + strlen("--test-case=") >= ARGUMENT_BYTES)
		return error_set(err, -E2BIG, "the names of %zu tests are more than one argument can "
				 "hold, and doctest takes them in no other way", request->ntests);
	texts_add(&line->words, "--test-case=%s", filters->data);
	return 0;
}

static int doctest_run_command(const struct program_request *request, struct command_line *line,
			       struct proctor_error *err)
{
	struct bytes filters = { 0 };
	int ret = 0;

	add_words(line);
	texts_add(&line->words, "--out=" PARSER_CHANNEL_PATH);
	texts_add(&line->words, "--duration=true");
	/* Without filters it runs all but those that are to be skipped. */
	if (!request->whole) {
		texts_add(&line->words, "--no-skip=true");
		ret = add_filters(request, line, &filters, err);
		bytes_fini(&filters);
	}
	return ret;
}

/* ---- what tests it has ---- */

static int doctest_list_command(const struct program_request *request, struct command_line *line,
				struct proctor_error *err)
{
	(void)request, (void)err;
	add_words(line);
	texts_add(&line->words, "--list-test-cases");
	texts_add(&line->words, "--no-skip=true");
	return 0;
}

struct doctest_list {
	struct listing *list;
	bool complete, no_memory;
};

static const char *list_text(struct listing *list, const char *text)
{
	return text ? listing_text(list, text, strlen(text)) : "";
}

static void list_start(const char *element, const struct xml_attributes *attributes, void *data)
{
	struct doctest_list *l = data;
	const char *skipped = xml_attribute(attributes, "skipped");
	struct listed *t;

	if (strcmp(element, "TestCase") != 0)
		return;
	t = listing_add(l->list);
	if (!t) {
		l->no_memory = true;
		return;
	}
	t->name = list_text(l->list, xml_attribute(attributes, "name"));
	t->file = list_text(l->list, xml_attribute(attributes, "filename"));
	t->line = xml_number(attributes, "line");
	t->disabled = skipped && strcmp(skipped, "true") == 0 ? "skipped" : NULL;
	l->no_memory |= !t->name || !t->file;
}

static void list_text_ignored(const char *bytes, size_t nbytes, void *data)
{
	(void)bytes, (void)nbytes, (void)data;
}

static void list_end(const char *element, void *data)
{
	struct doctest_list *l = data;

	l->complete |= strcmp(element, "doctest") == 0;
}

static int list_read(struct doctest_list *l, const char *from, size_t nbytes, struct proctor_error *err)
{
	static const struct xml_ops ops = { list_start, list_text_ignored, list_end };
	struct xml *xml;
	int ret = xml_open(&xml, &ops, l, err);

	if (ret < 0)
		return ret;
	xml_feed(xml, from, nbytes);
	if (l->no_memory)
		ret = error_set(err, -ENOMEM, "no memory for its tests");
	else if (!l->complete)
		ret = error_set(err, -ENOEXEC, "was asked for its tests, and its list is damaged: %s",
				xml_fault(xml) ? xml_fault(xml) : "it has no end");
	xml_close(xml);
	return ret;
}

static int doctest_list_parse(const struct list_output *output, struct listing *list,
			      struct proctor_error *err)
{
	struct doctest_list l = { .list = list };
	/* What is written before doctest's turn may stand in front of it. */
	const char *from = strstr(output->out, "<?xml");

	if (from)
		return list_read(&l, from, output->nout - (size_t)(from - output->out), err);
	if (WIFEXITED(output->status))
		return error_set(err, -ENOEXEC, "was asked for its tests, and ended with exit status %d "
				 "and no list of them", WEXITSTATUS(output->status));
	return error_set(err, -ENOEXEC, "was asked for its tests, and wrote no list of them");
}

const struct adapter adapter_doctest = {
	.name = "doctest",
	.known_by = "a text of doctest",
	/* Its texts are not marked: where the tests have such a text, too, nothing is told. */
	.version = { .section = ".rodata" },
	.recognize = doctest_recognize,
	.run_command = doctest_run_command,
	.list_command = doctest_list_command,
	.list_parse = doctest_list_parse,
	.name_bytes = doctest_name_bytes,
	.names_max_bytes = ARGUMENT_BYTES - 64,
	.runs_others = true,
	.parser = &catch_xml_parser,
	.source = PARSER_CHANNEL,
};
