/* SPDX-License-Identifier: MIT */
/*
 * Programs with tests of GoogleTest. They list themselves as JSON, with files and lines, and run what a filter
 * names; the lines that they print tell which test runs, and how each ended.
 *
 * What a test prints may look like such a line. In the midst of a test nothing is taken for a line of GoogleTest
 * but the end of that very test. A test that prints its own end, or the start and end of those after it, is found
 * out by the true lines, which come after that: all that were told of twice run again, each in a process of its own,
 * which leaves a result file (JSON) when it is through. That file is not written for many tests at once, as it
 * would take twice as long as trivial tests take.
 *
 * So what can be forged: a test that prints the end of itself and the start of the next, and crashes before it
 * returns, is taken for the next one; and one alone in its process that writes the result file itself, in the
 * directory that it finds on its command line, and then ends the process.
 */
#include "adapter/adapter.h"

#include "base/bytes.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define RESULT_FILE "result.json"
#define FLAG_FILE "flags"
/* A filter that is longer than that is handed over in a file: an argument may have 128 KiB. */
#define FILTER_BYTES 65536
#define LINE_BYTES 8192		/* of a line; of a longer one, its end */
#define TEXT_BYTES 4096		/* of what a test, or what is around it, says of a failure */

/* ---- the command ---- */

/* Whoever started proctor may have set them for something else, and a shard of a shard is no test run. */
static const char *const cleared[] = {
	"GTEST_ALSO_RUN_DISABLED_TESTS", "GTEST_BRIEF", "GTEST_COLOR", "GTEST_FAIL_FAST", "GTEST_FILTER",
	"GTEST_FLAGFILE", "GTEST_LIST_TESTS", "GTEST_OUTPUT", "GTEST_PRINT_TIME", "GTEST_PRINT_UTF8",
	"GTEST_RANDOM_SEED", "GTEST_RECREATE_ENVIRONMENTS_WHEN_REPEATING", "GTEST_REPEAT",
	"GTEST_SHUFFLE", "GTEST_STREAM_RESULT_TO", "GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX",
	"GTEST_SHARD_STATUS_FILE", "TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX", "TEST_SHARD_STATUS_FILE",
	"TEST_PREMATURE_EXIT_FILE", "TESTBRIDGE_TEST_ONLY", "XML_OUTPUT_FILE",
};

static void clear_variables(struct command_line *line)
{
	for (size_t i = 0; i < sizeof(cleared) / sizeof(*cleared); i++)
		texts_add(&line->vars, "%s", cleared[i]);
}

static int gtest_list_command(const struct program_request *request, struct command_line *line,
			      struct proctor_error *err)
{
	(void)err;
	clear_variables(line);
	texts_add(&line->words, "--gtest_list_tests");
	texts_add(&line->words, "--gtest_output=json:%s/" RESULT_FILE, request->dir);
	return 0;
}

/* Exactly these names. What a pattern gives a meaning cannot be in them since 2019; in older ones "?" stands
 * for it, and what else that fits is not asked for and not believed. */
static void filter_add(struct bytes *filter, const char *name)
{
	if (filter->nbytes > 0)
		bytes_text(filter, ":");
	for (; *name; name++) {
		char c = strchr(":*?-", *name) ? '?' : *name;

		bytes_append(filter, &c, 1);
	}
}

static int write_flag_file(const struct program_request *request, const struct bytes *filter,
			   struct command_line *line, struct proctor_error *err)
{
	char *path;
	FILE *file;
	int ret = 0;

	if (asprintf(&path, "%s/" FLAG_FILE, request->dir) < 0)
		return error_sys(err, ENOMEM, "cannot start %s", request->path);
	file = fopen(path, "we");
	if (!file || fprintf(file, "--gtest_filter=%s\n", filter->data) < 0)
		ret = error_sys(err, errno, "cannot write %s", path);
	if (file && fclose(file) != 0 && ret == 0)
		ret = error_sys(err, errno, "cannot write %s", path);
	texts_add(&line->words, "--gtest_flagfile=%s", path);
	free(path);
	return ret;
}

static int gtest_run_command(const struct program_request *request, struct command_line *line,
			     struct proctor_error *err)
{
	struct bytes filter = { 0 };
	int ret = 0;

	clear_variables(line);
	texts_add(&line->words, "--gtest_color=no");
	if (request->ntests == 1)
		texts_add(&line->words, "--gtest_output=json:%s/" RESULT_FILE, request->dir);
	if (!request->whole)
		for (size_t i = 0; i < request->ntests; i++)
			filter_add(&filter, request->names[i]);
	if (filter.failed)
		ret = error_sys(err, ENOMEM, "cannot start %s", request->path);
	else if (filter.nbytes > FILTER_BYTES)
		ret = write_flag_file(request, &filter, line, err);
	else if (filter.nbytes > 0)
		texts_add(&line->words, "--gtest_filter=%s", filter.data);
	bytes_fini(&filter);
	return ret;
}

/* ---- the list ---- */

/* As GoogleTest has it: the suite's name or the test's begins so, or goes on so behind a slash. */
static bool part_is_disabled(const char *part, size_t n)
{
	static const char word[] = "DISABLED_";

	for (size_t i = 0; i + sizeof(word) - 1 <= n; i++)
		if ((i == 0 || part[i - 1] == '/') && memcmp(part + i, word, sizeof(word) - 1) == 0)
			return true;
	return false;
}

/* `file`: "" if it is not known. */
static int list_add(struct listing *list, const char *suite, size_t nsuite, const char *name, size_t nname,
		    const char *file, unsigned line)
{
	const char *before = list->ntests > 0 ? list->tests[list->ntests - 1].file : "";
	struct listed *l = listing_add(list);
	char *full;

	if (!l || asprintf(&full, "%.*s.%.*s", (int)nsuite, suite, (int)nname, name) < 0)
		return -ENOMEM;
	l->name = listing_text(list, full, strlen(full));
	free(full);
	/* There may be thousands, mostly with the file of the one before. */
	l->file = strcmp(before, file) == 0 ? before : listing_text(list, file, strlen(file));
	l->line = line;
	if (part_is_disabled(suite, nsuite) || part_is_disabled(name, nname))
		l->disabled = "disabled";
	return l->name && l->file ? 0 : -ENOMEM;
}

static const char *member_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int list_suite(const json_t *suite, struct listing *list)
{
	const json_t *tests = json_object_get(suite, "testsuite");
	const char *suite_name = member_text(suite, "name");
	const json_t *test;
	size_t i;

	if (!suite_name)
		return -ENOEXEC;
	json_array_foreach(tests, i, test) {
		const char *name = member_text(test, "name"), *file = member_text(test, "file");
		json_int_t line = json_integer_value(json_object_get(test, "line"));
		int ret;

		if (!name)
			return -ENOEXEC;
		ret = list_add(list, suite_name, strlen(suite_name), name, strlen(name), file ? file : "",
			       line > 0 && line < 100000000 ? (unsigned)line : 0);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int list_json(const struct list_output *output, struct listing *list, struct proctor_error *err)
{
	json_error_t wrong;
	json_t *root = json_loadb(output->file, output->nfile, 0, &wrong);
	const json_t *suites = json_object_get(root, "testsuites"), *suite;
	int ret = json_is_array(suites) ? 0 : -ENOEXEC;
	size_t i;

	if (!root && json_error_code(&wrong) == json_error_out_of_memory)
		ret = -ENOMEM;
	json_array_foreach(suites, i, suite)
		if (ret == 0)
			ret = list_suite(suite, list);
	json_decref(root);
	if (ret == -ENOEXEC)
		error_set(err, ret, "was asked for its tests and wrote a file that is no list of GoogleTest's");
	return ret;
}

/* "Suite." and "Suite.  # TypeParam = int" at the beginning of a line, "  Test" and "  Test  # GetParam() = 1"
 * under it. What else is there was printed by the program before its tests are listed. */
static int list_text(const struct list_output *output, struct listing *list, struct proctor_error *err)
{
	const char *at = output->out, *end = at + output->nout, *suite = NULL;
	size_t nsuite = 0;

	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((eol ? eol : end) - at);
		const char *note = memmem(at, n, "  # ", 4);
		size_t nname = note && note > at ? (size_t)(note - at) : n;
		bool indented = n > 2 && at[0] == ' ' && at[1] == ' ' && at[2] != ' ';

		if (memchr(at, '\0', n))
			return error_set(err, -ENOEXEC, "was asked for its tests and wrote what is no text");
		if (nname > 1 && at[0] != ' ' && at[nname - 1] == '.') {
			suite = at;
			nsuite = nname - 1;
		} else if (indented && suite &&
			   list_add(list, suite, nsuite, at + 2, nname - 2, "", 0) < 0) {
			return -ENOMEM;
		}
		at += n + 1;
	}
	if (list->ntests == 0)
		return error_set(err, -ENOEXEC, "was asked for its tests and listed none; if it does not hand its "
				 "arguments to GoogleTest, --framework=exe runs it as one test");
	return 0;
}

static int gtest_list_parse(const struct list_output *output, struct listing *list,
			    struct proctor_error *err)
{
	if (WIFEXITED(output->status) && WEXITSTATUS(output->status) != 0)
		return error_set(err, -ENOEXEC, "was asked for its tests and ended with exit status %d",
				 WEXITSTATUS(output->status));
	/* Versions before 1.8.1 print it alone. */
	return output->file ? list_json(output, list, err) : list_text(output, list, err);
}

/* ---- the parser ---- */

/* Lines of which no more is kept than there is room for. */
struct kept {
	char text[TEXT_BYTES];
	size_t n;
	bool is_skip;			/* it says why something is skipped, and not why it failed */
};

/* A test after which something failed that had to be torn down. */
struct torn {
	struct torn *next;
	char *name, *text;
};

struct parser {
	void (*tell)(const struct parser_event *event, void *data);
	void *data;
	uint64_t nbytes;		/* that came before the line that is being read */
	char line[LINE_BYTES];
	size_t nline;
	bool cut;			/* its beginning is missing */
	char *running;			/* the test that runs; NULL: none does */
	char *last;			/* that ended last; NULL: none has */
	/* What the running test, or what runs between the tests, says of its failure, or of why it is skipped. */
	struct kept said;
	bool saying;
	bool in_suite;			/* between the first test of a suite and its end */
	/* What was set up before the tests, of all or of one suite, failed or is skipped. */
	struct kept environment_said, suite_said;
	/* Some line was not GoogleTest's: what was read between the tests may be what one of them wrote. */
	bool contradicted;
	struct torn *torn;
};

static bool begins(const char *line, size_t n, const char *text)
{
	return n >= strlen(text) && memcmp(line, text, strlen(text)) == 0;
}

static bool ends(const char *line, size_t n, const char *text)
{
	size_t ntext = strlen(text);

	return n >= ntext && memcmp(line + n - ntext, text, ntext) == 0;
}

static void kept_clear(struct kept *k)
{
	k->n = 0;
	k->text[0] = '\0';
	k->is_skip = false;
}

/* A line as a whole or not at all. */
static void kept_add(struct kept *k, const char *line, size_t n)
{
	if (n + 2 > sizeof(k->text) - k->n)
		return;
	if (k->n > 0)
		k->text[k->n++] = '\n';
	for (size_t i = 0; i < n; i++)
		k->text[k->n++] = line[i] ? line[i] : '?';
	k->text[k->n] = '\0';
}

/* Without the empty lines at its end, which newer versions write; NULL: nothing was said. */
static const char *kept_text(struct kept *k)
{
	while (k->n > 0 && k->text[k->n - 1] == '\n')
		k->text[--k->n] = '\0';
	return k->n > 0 ? k->text : NULL;
}

static void tell(struct parser *p, enum parser_event_kind kind, const char *name, enum proctor_verdict verdict,
		 const char *message, uint64_t nbytes)
{
	const struct parser_event event = { .kind = kind, .name = name, .nbytes = nbytes,
					    .verdict = verdict, .message = message };

	p->tell(&event, p->data);
}

static const struct end_line {
	const char *mark;
	enum proctor_verdict verdict;
} end_lines[] = {
	{ "[       OK ] ", PROCTOR_PASS },
	{ "[  FAILED  ] ", PROCTOR_FAIL },
	{ "[  SKIPPED ] ", PROCTOR_SKIP },
};
#define MARK_BYTES 13

/* Is this what follows a test's name there? " (0 ms)", or ", where GetParam() = 1 (0 ms)". */
static bool is_behind_name(const char *rest, size_t n)
{
	if (n == 0)
		return true;
	return begins(rest, n, ", where ") || (begins(rest, n, " (") && ends(rest, n, " ms)"));
}

/* Does the line end with the end of the running test? Other output may stand before it, without a newline. */
static const struct end_line *line_ends_test(const struct parser *p, const char *line, size_t n)
{
	size_t nname = strlen(p->running);

	for (const char *at = line; (at = memchr(at, '[', n - (size_t)(at - line))); at++) {
		size_t left = n - (size_t)(at - line);

		for (size_t i = 0; i < 3; i++)
			if (begins(at, left, end_lines[i].mark) && left >= MARK_BYTES + nname &&
			    memcmp(at + MARK_BYTES, p->running, nname) == 0 &&
			    is_behind_name(at + MARK_BYTES + nname, left - MARK_BYTES - nname))
				return &end_lines[i];
	}
	return NULL;
}

/* A line that tells of a test: its name is copied; NULL: it is none, or there is no memory. */
static char *line_name(const char *line, size_t n)
{
	size_t end = MARK_BYTES;

	while (end < n && line[end] != ' ' && line[end] != ',' && line[end] != '\r')
		end++;
	return n > MARK_BYTES && end > MARK_BYTES ? strndup(line + MARK_BYTES, end - MARK_BYTES) : NULL;
}

static bool line_begins_text(const char *line, size_t n)
{
	return ends(line, n, ": Failure") || ends(line, n, ": Skipped");
}

/* The line is one of a failure's text, or begins one. */
static void take_text(struct parser *p, const char *line, size_t n)
{
	if (!p->saying && line_begins_text(line, n)) {
		p->saying = true;
		p->said.is_skip = ends(line, n, ": Skipped");
		/* Of a skip the place says little, and what follows why. */
		if (p->said.is_skip)
			return;
	}
	/* Why an environment is skipped is said twice. */
	if (p->said.is_skip && p->said.n >= n && memcmp(p->said.text, line, n) == 0)
		return;
	if (p->saying && (n > 0 || p->said.n > 0))
		kept_add(&p->said, line, n);
}

static void text_clear(struct parser *p)
{
	kept_clear(&p->said);
	p->saying = false;
}

static void take_start(struct parser *p, char *name)
{
	if (p->said.n > 0 && p->saying)
		p->suite_said = p->said;
	text_clear(p);
	p->running = name;
	tell(p, PARSER_STARTED, name, PROCTOR_PASS, NULL, p->nbytes);
}

/* Where something that all tests of a suite need failed, GoogleTest skips them, and fails as a whole. */
static void take_end(struct parser *p, enum proctor_verdict verdict, uint64_t nbytes)
{
	struct kept *setup = p->suite_said.n > 0 ? &p->suite_said : &p->environment_said;
	const char *message = verdict == PROCTOR_PASS ? NULL : kept_text(&p->said);
	bool by_setup = verdict == PROCTOR_SKIP && setup->n > 0;

	if (by_setup) {
		verdict = setup->is_skip ? PROCTOR_SKIP : PROCTOR_FAIL;
		message = kept_text(setup);
	}
	tell(p, PARSER_ENDED, p->running, verdict, message, nbytes);
	/* What is told twice is doubted. */
	if (by_setup && p->contradicted)
		tell(p, PARSER_ENDED, p->running, verdict, message, nbytes);
	free(p->last);
	p->last = p->running;
	p->running = NULL;
	p->in_suite = true;
	text_clear(p);
}

/* The last test's end has been told, and is told again: now, and behind the result file, when the process is over. */
static void tear_last(struct parser *p)
{
	struct torn *t = p->last && p->said.n > 0 && !p->said.is_skip ? calloc(1, sizeof(*t)) : NULL;

	if (!t)
		return;
	tell(p, PARSER_AMENDED, p->last, PROCTOR_FAIL, kept_text(&p->said), p->nbytes);
	t->name = strdup(p->last);
	t->text = strdup(kept_text(&p->said) ? p->said.text : "");
	t->next = p->torn;
	p->torn = t;
}

/* A line that tells of a suite or of all. What failed before it was in the tearing down of the suite whose tests
 * are through, in that of all, or in the setting up of all. */
static void take_banner(struct parser *p, const char *line, size_t n, uint64_t nbytes)
{
	bool through = begins(line, n, "[==========] ") && (ends(line, n, " ran.") || memmem(line, n, " ran. (", 7));

	if (p->in_suite || through)
		tear_last(p);
	else if (p->said.n > 0)
		p->environment_said = p->said;
	text_clear(p);
	kept_clear(&p->suite_said);
	p->in_suite = false;
	if (!through)
		return;
	/* Where setting up the environment is skipped, no test starts, and GoogleTest says that all passed. */
	if (!p->last && p->environment_said.n > 0)
		tell(p, PARSER_PASSED_OVER, NULL, p->environment_said.is_skip ? PROCTOR_SKIP : PROCTOR_FAIL,
		     kept_text(&p->environment_said), nbytes);
	tell(p, PARSER_COMPLETE, NULL, PROCTOR_PASS, NULL, nbytes);
}

/* Between the tests. */
static void take_between(struct parser *p, const char *line, size_t n, uint64_t nbytes)
{
	char *name;

	if (begins(line, n, "[ RUN      ] ")) {
		name = line_name(line, n);
		if (name)
			take_start(p, name);
	} else if (begins(line, n, "[----------] ") || begins(line, n, "[==========] ")) {
		take_banner(p, line, n, nbytes);
	} else if (begins(line, n, "[       OK ] ") || begins(line, n, "[  SKIPPED ] ") ||
		   begins(line, n, "[  FAILED  ] ")) {
		/* At the end all that failed are named once more; before that it is a second end. */
		name = line_name(line, n);
		if (name && ends(line, n, " ms)")) {
			tell(p, PARSER_ENDED, name, PROCTOR_FAIL, NULL, nbytes);
			p->contradicted = true;
			text_clear(p);
		}
		free(name);
	} else {
		take_text(p, line, n);
	}
}

static void take_line(struct parser *p, uint64_t nbytes)
{
	const struct end_line *end = NULL;
	size_t n = p->nline;

	if (n > 0 && p->line[n - 1] == '\r')
		n--;
	if (p->running) {
		end = line_ends_test(p, p->line, n);
		p->contradicted |= begins(p->line, n, "[ RUN      ] ");
	}
	if (end)
		take_end(p, end->verdict, nbytes);
	else if (p->running)
		take_text(p, p->line, n);
	else if (!p->cut)
		take_between(p, p->line, n, nbytes);
	p->nline = 0;
	p->cut = false;
}

/* Of a long line the end is what may tell something. */
static void line_add(struct parser *p, const char *bytes, size_t n)
{
	if (n > sizeof(p->line) / 2) {
		bytes += n - sizeof(p->line) / 2;
		n = sizeof(p->line) / 2;
		p->cut = true;
		p->nline = 0;
	}
	if (p->nline + n > sizeof(p->line)) {
		size_t keep = sizeof(p->line) / 2;

		memmove(p->line, p->line + p->nline - keep, keep);
		p->nline = keep;
		p->cut = true;
	}
	memcpy(p->line + p->nline, bytes, n);
	p->nline += n;
}

static void gtest_feed(struct parser *p, const char *bytes, size_t nbytes)
{
	while (nbytes > 0) {
		const char *eol = memchr(bytes, '\n', nbytes);
		size_t n = eol ? (size_t)(eol - bytes) : nbytes;

		line_add(p, bytes, n);
		n += eol != NULL;
		/* Where the line begins is of no use to anybody: what stands there is of the test before it. */
		if (eol)
			take_line(p, p->nbytes + n);
		p->nbytes += n;
		bytes += n;
		nbytes -= n;
	}
}

/* The text of all its failures, or of why it is skipped; NULL: none, or no memory. */
static char *result_message(const json_t *test)
{
	const json_t *failures = json_object_get(test, "failures"), *failure;
	struct bytes text = { 0 };
	size_t i;

	json_array_foreach(failures, i, failure) {
		const char *said = member_text(failure, "failure");

		bytes_printf(&text, "%s%s", text.nbytes > 0 ? "\n" : "", said ? said : "");
	}
	if (text.nbytes > 0 && !text.failed)
		return text.data;
	bytes_fini(&text);
	return NULL;
}

/* A test that was not begun is "RUN" and "COMPLETED" as those are that passed, but it began in 1970. Versions before
 * 1.11 do not say when. */
static bool has_begun(const json_t *test)
{
	const char *status = member_text(test, "status"), *when = member_text(test, "timestamp");

	return status && strcmp(status, "RUN") == 0 && !(when && strncmp(when, "1970-01-01T00:00:00", 19) == 0);
}

/* What the file says of the only test of the process, whose name may have been told by the output. */
static void take_result(struct parser *p, const char *suite, const json_t *test)
{
	const char *name = member_text(test, "name"), *result = member_text(test, "result");
	char *full, *message = result_message(test);
	enum proctor_verdict verdict = PROCTOR_PASS;

	if (message)
		verdict = PROCTOR_FAIL;
	else if (result && strcmp(result, "SKIPPED") == 0)
		verdict = PROCTOR_SKIP;
	/* Of a skip it says no reason: that the output has told. */
	if (name && suite && has_begun(test) && verdict != PROCTOR_SKIP &&
	    asprintf(&full, "%s.%s", suite, name) >= 0) {
		tell(p, PARSER_ENDED, full, verdict, message, p->nbytes);
		free(full);
	}
	free(message);
}

static void gtest_file(struct parser *p, const char *bytes, size_t nbytes)
{
	json_t *root = json_loadb(bytes, nbytes, 0, NULL);
	const json_t *suites = json_object_get(root, "testsuites"), *suite, *test;
	size_t i, k;

	json_array_foreach(suites, i, suite) {
		const json_t *tests = json_object_get(suite, "testsuite");

		json_array_foreach(tests, k, test) {
			take_result(p, member_text(suite, "name"), test);
		}
	}
	json_decref(root);
}

static void gtest_end(struct parser *p, int status)
{
	(void)status;
	/* A line that was not ended starts no test: its name may not be whole. */
	if (p->nline > 0 && p->running)
		take_line(p, p->nbytes);
	for (const struct torn *t = p->torn; t; t = t->next)
		if (t->name)
			tell(p, PARSER_ENDED, t->name, PROCTOR_FAIL, t->text, p->nbytes);
}

static struct parser *gtest_open(void (*tell_it)(const struct parser_event *event, void *data), void *data)
{
	struct parser *p = calloc(1, sizeof(*p));

	if (p) {
		p->tell = tell_it;
		p->data = data;
	}
	return p;
}

static void gtest_close(struct parser *p)
{
	while (p->torn) {
		struct torn *t = p->torn;

		p->torn = t->next;
		free(t->name);
		free(t->text);
		free(t);
	}
	free(p->running);
	free(p->last);
	free(p);
}

static const struct parser_ops gtest_parser = {
	.open = gtest_open,
	.feed = gtest_feed,
	.file = gtest_file,
	.end = gtest_end,
	.close = gtest_close,
	.tells_complete = true,
};

/* It takes them from a library, or has the help text of a program that was linked with all of it. */
static enum sureness gtest_recognize(const struct file_view *file)
{
	if (file_view_says(file, "This program contains tests written using Google Test") ||
	    file_view_says(file, "libgtest.so") || file_view_says(file, "libgmock.so"))
		return SURE_OF_FILE;
	return SURE_NOT;
}

const struct adapter adapter_googletest = {
	.name = "googletest",
	.known_by = "GoogleTest's help text, or libgtest.so or libgmock.so needed",
	.version = { .section = ".dynstr", .behind = "libgtest.so." },
	.recognize = gtest_recognize,
	.run_command = gtest_run_command,
	.list_command = gtest_list_command,
	.list_parse = gtest_list_parse,
	.needs_dir = true,
	.result_file = RESULT_FILE,
	.parser = &gtest_parser,
};
