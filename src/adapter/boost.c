/* SPDX-License-Identifier: MIT */
/*
 * Boost.Test, as a library or compiled into the program.
 *
 * Selection. A filter names suites and tests level by level, and several are joined by colons. There are no escapes:
 * what has a meaning in a filter is left out of the name with a `*`, which stands for anything at the beginning or the
 * end. So tests that were not asked for may run too, as do those that a test depends on; what is told of
 * them is not believed.
 *
 * Verdicts. The log goes to the channel, line by line: it says which test runs, and why one failed. Whether its failures were
 * expected is in the report alone, which is written to a file when all has run. Of a process that did not live so
 * long, the tests of which the list says that failures are expected run again if they had any; the others have failed.
 *
 * Signals that kill are not for the framework to catch: a test that crashes is told of with its backtrace, and no other
 * test runs in what it left. Time limits of tests, and what tests do with signals themselves, stay as they are.
 *
 * What a test can forge: the log has messages and the texts of failures as they are, so BOOST_TEST_MESSAGE can write a line
 * that looks like the framework's. In the midst of a test none is believed but the end of that very test; where lines contradict
 * each other the tests concerned run again, alone; and the report has the last word. A test that writes its own end
 * and the start of the next one so, and crashes then, is taken for the next one. Nothing that it prints matters.
 */
#include "adapter/boost.h"

#include "base/container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define REPORT_FILE "report"
/* execve(2) takes 128 KiB for one argument, and 2 MiB for all of them and the variables, or less where the stack is
 * limited. */
#define ARGUMENT_BYTES 65536
#define NAMES_BYTES (512u << 10)

static enum sureness boost_recognize(const struct file_view *file)
{
	return file_view_says(file, "libboost_unit_test_framework") ||
	       file_view_says(file, "BOOST_TEST_RUN_FILTERS") ? SURE_OF_FILE : SURE_NOT;
}

/* ---- the command ---- */

/* Whoever started proctor may have set them for something else. Those that change what a test means stay. */
static const char *const cleared[] = {
	"BOOST_TEST_AUTO_START_DBG", "BOOST_TEST_BREAK_EXEC_PATH", "BOOST_TEST_BUILD_INFO",
	"BOOST_TEST_CATCH_SYSTEM_ERRORS", "BOOST_TEST_COLOR_OUTPUT", "BOOST_TEST_LIST_CONTENT",
	"BOOST_TEST_LIST_LABELS", "BOOST_TEST_LOG_FORMAT", "BOOST_TEST_LOG_LEVEL", "BOOST_TEST_LOG_SINK",
	"BOOST_TEST_LOGGER", "BOOST_TEST_OUTPUT_FORMAT", "BOOST_TEST_RANDOM", "BOOST_TEST_REPORT_FORMAT",
	"BOOST_TEST_REPORT_LEVEL", "BOOST_TEST_REPORT_MEMORY_LEAKS_TO", "BOOST_TEST_REPORT_SINK",
	"BOOST_TEST_RESULT_CODE", "BOOST_TEST_RUN_FILTERS", "BOOST_TEST_SHOW_PROGRESS",
	"BOOST_TEST_WAIT_FOR_DEBUGGER",
};

static void add_common(const struct program_request *request, struct command_line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(cleared); i++)
		texts_add(&line->vars, "%s", cleared[i]);
	texts_add(&line->words, "--color_output=no");
	texts_add(&line->words, "--report_sink=%s/" REPORT_FILE, request->dir);
}

static int boost_list_command(const struct program_request *request, struct command_line *line,
			      struct proctor_error *err)
{
	(void)err;
	add_common(request, line);
	texts_add(&line->words, "--list_content=DOT");
	return 0;
}

/* Does it mean something in a filter, or is it lost there? */
static bool is_special(const char *part, size_t n, size_t i)
{
	bool blank = part[i] == ' ' || part[i] == '\t' || part[i] == '\n';

	return strchr(":/,", part[i]) || (i == 0 && (blank || strchr("!+@", part[i]))) || (i + 1 == n && blank);
}

/* One level of a filter, that this part of a name fits and few others: it, its beginning or its end. Stars at both ends do
 * not mean what they seem to: with one the second would be looked for. */
static void level_add(struct bytes *filter, const char *part, size_t n)
{
	size_t lead = 0, trail = 0;

	while (lead < n && !is_special(part, n, lead))
		lead++;
	if (lead == n && n > 0) {
		bytes_append(filter, part, n);
		return;
	}
	while (trail < n && !is_special(part, n, n - trail - 1))
		trail++;
	if (lead > 0 && part[0] == '*')
		lead = 0;
	if (trail > 0 && part[n - 1] == '*')
		trail = 0;
	if (lead >= trail)
		bytes_append(filter, part, lead);
	bytes_text(filter, "*");
	if (lead < trail)
		bytes_append(filter, part + n - trail, trail);
}

/* The same of a part that is written as names are listed. */
static void part_add(struct bytes *filter, const char *part, size_t n)
{
	struct bytes plain = { 0 };

	boost_name_plain(&plain, part, n);
	level_add(filter, plain.nbytes ? plain.data : "", plain.nbytes);
	filter->failed |= plain.failed;
	bytes_fini(&plain);
}

/* A sign of it may be left out, and one stand for it. */
static size_t boost_name_bytes(const char *name)
{
	return strlen(name) + 2;
}

static size_t suite_length(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? (size_t)(slash - name) : 0;
}

/* The test's suites, each with a slash behind. */
static void suite_add(struct bytes *filter, const char *name, size_t nsuite)
{
	for (size_t at = 0; at < nsuite;) {
		const char *slash = memchr(name + at, '/', nsuite - at);
		size_t n = slash ? (size_t)(slash - name) - at : nsuite - at;

		part_add(filter, name + at, n);
		bytes_text(filter, "/");
		at += n + 1;
	}
}

static void add_filter_word(struct command_line *line, const struct bytes *filter)
{
	if (filter->nbytes > 0)
		texts_add(&line->words, "--run_test=%s", filter->data);
}

/* Tests of the same suite that stand together share its name, and the words are as few as they can be. */
static int add_filters(const struct program_request *request, struct command_line *line,
		       struct proctor_error *err)
{
	struct bytes filter = { 0 };
	const char *before = NULL;
	size_t nbefore = 0;
	bool failed;

	for (size_t i = 0; i < request->ntests; i++) {
		const char *name = request->names[i];
		size_t nsuite = suite_length(name);

		if (filter.nbytes > ARGUMENT_BYTES) {
			add_filter_word(line, &filter);
			bytes_clear(&filter);
			before = NULL;
		}
		if (before && nbefore == nsuite && memcmp(before, name, nsuite) == 0) {
			bytes_text(&filter, ",");
		} else {
			bytes_text(&filter, before ? ":" : "");
			suite_add(&filter, name, nsuite);
		}
		name += nsuite + (name[nsuite] == '/');
		part_add(&filter, name, strlen(name));
		before = request->names[i];
		nbefore = nsuite;
	}
	failed = filter.failed;
	if (!failed)
		add_filter_word(line, &filter);
	bytes_fini(&filter);
	return failed ? error_sys(err, ENOMEM, "cannot name the tests to run") : 0;
}

static int boost_run_command(const struct program_request *request, struct command_line *line,
			     struct proctor_error *err)
{
	static const char *const words[] = {
		"--log_format=HRF", "--log_level=test_suite", "--report_format=HRF", "--report_level=detailed",
		"--catch_system_errors=no", "--result_code=yes",
	};

	add_common(request, line);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		texts_add(&line->words, "%s", words[i]);
	texts_add(&line->words, "--log_sink=" PARSER_CHANNEL_PATH);
	return request->whole ? 0 : add_filters(request, line, err);
}

/* ---- the list ---- */

static int boost_list_parse(const struct list_output *output, struct listing *list, struct proctor_error *err)
{
	const char *from = output->file ? strstr(output->file, "digraph G {") : NULL;
	const char *end = output->file ? output->file + output->nfile : NULL;

	/* Older versions write it to their standard error, wherever reports go. */
	if (!from) {
		from = strstr(output->err, "digraph G {");
		end = output->err + output->nerr;
	}
	if (from)
		return boost_list_read(from, (size_t)(end - from), list, err);
	if (WIFEXITED(output->status) && output->file && output->nfile > 0)
		return error_set(err, -ENOEXEC, "was asked for its tests, and ended with exit status %d: %.*s",
				 WEXITSTATUS(output->status), (int)strcspn(output->file, "\n"), output->file);
	if (WIFEXITED(output->status))
		return error_set(err, -ENOEXEC, "was asked for its tests, and ended with exit status %d "
				 "and no list of them", WEXITSTATUS(output->status));
	return error_set(err, -ENOEXEC, "was asked for its tests, and wrote no list of them");
}

const struct adapter adapter_boost = {
	.name = "boost",
	.known_by = "libboost_unit_test_framework.so needed, or a variable of Boost.Test",
	.version = { .section = ".dynstr", .behind = "libboost_unit_test_framework.so." },
	.recognize = boost_recognize,
	.run_command = boost_run_command,
	.list_command = boost_list_command,
	.list_parse = boost_list_parse,
	.name_bytes = boost_name_bytes,
	.names_max_bytes = NAMES_BYTES,
	/* What stands behind "--" is the program's own. */
	.words_first = true,
	.needs_dir = true,
	.runs_others = true,
	.result_file = REPORT_FILE,
	.parser = &boost_parser,
	.source = PARSER_CHANNEL,
};
