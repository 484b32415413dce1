/* SPDX-License-Identifier: MIT */
/*
 * What Catch2 and doctest wrote of tests/suites/catch2/cases.cc and tests/suites/doctest/cases.cc (in
 * tests/recorded, with what it means in words in the .events and .names files there), whole, in pieces, cut
 * off and damaged; and how the frameworks are asked for tests.
 */
#include "adapter/adapter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/container.h"
#include "parser_seeds.h"

#define RECORDED "tests/recorded/"
#define EXITED(status) ((status) << 8)	/* as wait(2) gives it */

extern const struct adapter adapter_catch2, adapter_catch2_v2, adapter_doctest;

static const struct recording {
	const struct adapter *adapter;
	const char *name;
} recordings[] = {
	{ &adapter_catch2_v2, "catch2-2.13.10" },
	{ &adapter_catch2, "catch2-3.7.1" },
	{ &adapter_doctest, "doctest-2.4.9" },	/* 2.5.0 writes the same */
};

static struct bytes file_read(const char *name, const char *end)
{
	struct bytes b = { 0 };
	char path[256], buffer[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), RECORDED "%s%s", name, end);
	f = fopen(path, "re");
	if (!f)
		fail_msg("cannot open %s", path);
	while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0)
		bytes_append(&b, buffer, n);
	fclose(f);
	return b;
}

/* ---- runs ---- */

struct told {
	struct bytes words;
	unsigned nstarts, nends;
	const char *stream;		/* of the output that was told last */
};

static void on_event(const struct parser_event *event, void *data)
{
	struct told *told = data;
	const char *stream = event->is_stderr ? "stderr" : "stdout";

	switch (event->kind) {
	case PARSER_STARTED:
		assert_int_equal(told->nstarts++, told->nends);
		bytes_printf(&told->words, "start %s:%u %s\n", event->file, event->line, event->name);
		break;
	case PARSER_OUTPUT:
		assert_int_equal(told->nstarts, told->nends + 1);
		if (told->stream != stream)
			bytes_printf(&told->words, "%s:\n", stream);
		told->stream = stream;
		bytes_append(&told->words, event->output, event->noutput);
		return;
	case PARSER_SET_ASIDE:
	case PARSER_AMENDED:
		fail_msg("neither is told of %s", event->name);
		break;
	case PARSER_PASSED_OVER:
		fail_msg("tests were passed over");
		break;
	case PARSER_COMPLETE:
		assert_int_equal(told->nstarts, told->nends);
		bytes_text(&told->words, "complete\n");
		break;
	case PARSER_ENDED:
		assert_int_equal(told->nstarts, ++told->nends);
		bytes_printf(&told->words, "%s %s\n", proctor_verdict_name(event->verdict),
			     event->message ? event->message : "");
		break;
	}
	told->stream = NULL;
}

static struct told parse_pieces(const char *bytes, size_t nbytes, size_t piece, int status)
{
	const struct parser_ops *ops = adapter_catch2.parser;
	struct told told = { 0 };
	struct parser *p = ops->open(on_event, &told);

	assert_non_null(p);
	for (size_t at = 0; at < nbytes; at += piece)
		ops->feed(p, bytes + at, nbytes - at < piece ? nbytes - at : piece);
	ops->end(p, status);
	ops->close(p);
	bytes_text(&told.words, "");
	return told;
}

static void what_was_recorded_means_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		struct bytes xml = file_read(recordings[i].name, ".xml");
		struct bytes events = file_read(recordings[i].name, ".events");
		const struct seed seed = { .out = xml.data, .nout = xml.nbytes, .status = EXITED(1) };

		seed_write(&seed);
		for (size_t piece = 1; piece < 100000; piece = piece * 3 + 1) {
			struct told told = parse_pieces(xml.data, xml.nbytes, piece, EXITED(1));

			assert_string_equal(bytes_string(&told.words), events.data);
			bytes_fini(&told.words);
		}
		bytes_fini(&xml);
		bytes_fini(&events);
	}
}

/* Wherever it ends, what was told before is right, and nothing is made up. */
static void a_stream_cut_off_tells_no_more_than_it_had(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		struct bytes xml = file_read(recordings[i].name, ".xml");
		struct bytes events = file_read(recordings[i].name, ".events");

		for (size_t n = 0; n < xml.nbytes; n += n < 3000 ? 1 : 61) {
			/* By a signal, so that the parser has no last word. */
			struct told told = parse_pieces(xml.data, n, n + 1, 9);

			if (strncmp(bytes_string(&told.words), events.data, told.words.nbytes) != 0)
				fail_msg("%s cut off at %zu: %s", recordings[i].name, n,
					 told.words.data);
			bytes_fini(&told.words);
		}
		bytes_fini(&xml);
		bytes_fini(&events);
	}
}

/* From the damage on nothing is told but that; the test that ran is an error. */
static void after_damage_no_test_passes(void **state)
{
	static const char good[] = "<Catch><TestCase name=\"a\"><OverallResult success=\"true\"/></TestCase>"
		"<TestCase name=\"b\">";
	static const char *const bad[] = {
		"</Nonsense>", "<>", "\x01", "\xff", "&unknown;", "<a b=\"<\">", "<!DOCTYPE a>",
	};
	static const char rest[] = "<OverallResult success=\"true\"/></TestCase>"
		"<TestCase name=\"c\"><OverallResult success=\"true\"/></TestCase></Catch>";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[512];
		struct told told;

		snprintf(text, sizeof(text), "%s%s%s", good, bad[i], rest);
		told = parse_pieces(text, strlen(text), 7, EXITED(0));
		assert_ptr_equal(strstr(told.words.data, "start :0 a\npass \nstart :0 b\nerror what its "
					"framework told is damaged: "), told.words.data);
		assert_int_equal(told.nends, 2);
		bytes_fini(&told.words);
	}
}

/* Each byte is replaced: whatever comes of it, each test ends once at most, in order (on_event). */
static void a_damaged_byte_does_no_harm(void **state)
{
	static const char bytes[] = { '<', '>', '"', '&', '\0', '\xff', 'x' };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		struct bytes xml = file_read(recordings[i].name, ".xml");

		for (size_t at = 0; at < xml.nbytes; at += 7) {
			char was = xml.data[at];
			struct told told;

			xml.data[at] = bytes[at / 7 % sizeof(bytes)];
			told = parse_pieces(xml.data, xml.nbytes, xml.nbytes, EXITED(0));
			xml.data[at] = was;
			bytes_fini(&told.words);
		}
		bytes_fini(&xml);
	}
}

static void depth_and_attributes_have_bounds(void **state)
{
	struct bytes deep = { 0 }, wide = { 0 };
	struct told told;

	(void)state;
	bytes_text(&deep, "<Catch><TestCase name=\"a\">");
	for (int i = 0; i < 1000; i++)
		bytes_text(&deep, "<Section name=\"s\">");
	told = parse_pieces(deep.data, deep.nbytes, 1000, EXITED(0));
	assert_string_equal(told.words.data, "start :0 a\nerror what its framework told is damaged: "
			    "it is too deep, or an element has too many attributes\n");
	bytes_fini(&told.words);
	bytes_fini(&deep);
	bytes_text(&wide, "<Catch><TestCase name=\"a\"><Section ");
	for (int i = 0; i < 100; i++)
		bytes_printf(&wide, "a%d=\"\" ", i);
	bytes_text(&wide, "/>");
	told = parse_pieces(wide.data, wide.nbytes, 1000, EXITED(0));
	assert_string_equal(told.words.data, "start :0 a\nerror what its framework told is damaged: "
			    "it is too deep, or an element has too many attributes\n");
	bytes_fini(&told.words);
	bytes_fini(&wide);
}

/* Both frameworks tell the end of a test that crashed, and then die by the signal. */
static void a_crash_is_no_end(void **state)
{
	static const char *const crashes[] = {
		"<Catch2TestRun><TestCase name=\"a\"><FatalErrorCondition filename=\"f\" line=\"3\">\n"
		"      SIGSEGV - Segmentation violation signal\n    </FatalErrorCondition>"
		"<OverallResult success=\"false\"/></TestCase></Catch2TestRun>",
		"<doctest><TestCase name=\"a\"><Exception crash=\"true\">SIGSEGV - Segmentation violation "
		"signal</Exception><OverallResultsAsserts test_case_success=\"false\"/></TestCase></doctest>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++) {
		struct told told = parse_pieces(crashes[i], strlen(crashes[i]), 9, 11);

		assert_string_equal(told.words.data, "start :0 a\n");
		bytes_fini(&told.words);
		/* It may have gone on, whatever for. */
		told = parse_pieces(crashes[i], strlen(crashes[i]), 9, EXITED(3));
		assert_non_null(strstr(told.words.data, "SIGSEGV - Segmentation violation signal\n"
				       "the process ended with exit status 3 before the test had"));
		bytes_fini(&told.words);
	}
}

static void what_failed_before_an_exit_is_not_lost(void **state)
{
	static const char xml[] = "<Catch><TestCase name=\"a\"><Expression success=\"false\" type=\"CHECK\" "
		"filename=\"f.cc\" line=\"7\"><Original>x == 1</Original><Expanded>2 == 1</Expanded></Expression>";
	struct told told = parse_pieces(xml, strlen(xml), 5, EXITED(4));

	(void)state;
	assert_string_equal(told.words.data, "start :0 a\nfail f.cc:7: CHECK(x == 1): 2 == 1\n"
			    "the process ended with exit status 4 before the test had\n");
	bytes_fini(&told.words);
}

static void long_messages_have_an_end(void **state)
{
	struct bytes xml = { 0 };
	struct told told;

	(void)state;
	bytes_text(&xml, "<Catch><TestCase name=\"a\">");
	for (int i = 0; i < 5000; i++)
		bytes_text(&xml, "<Expression success=\"false\" type=\"CHECK\"><Original>x</Original></Expression>");
	bytes_text(&xml, "<OverallResult success=\"false\"/></TestCase></Catch>");
	told = parse_pieces(xml.data, xml.nbytes, 4096, EXITED(1));
	assert_true(told.words.nbytes < 6000);
	assert_non_null(strstr(told.words.data, "...\ncomplete\n"));
	bytes_fini(&told.words);
	bytes_fini(&xml);
}

/* ---- lists ---- */

static int list_parse(const struct adapter *adapter, const char *out, size_t nout, struct bytes *words,
		      struct proctor_error *err)
{
	const struct list_output output = { .out = out, .nout = nout, .err = "" };
	struct listing list = { 0 };
	int ret = adapter->list_parse(&output, &list, err);

	for (size_t i = 0; ret == 0 && i < list.ntests; i++) {
		const struct listed *t = &list.tests[i];

		bytes_printf(words, "%s:%u %s%s%s\n", t->file, t->line, t->disabled ? t->disabled : "",
			     t->disabled ? ": " : "", t->name);
	}
	listing_fini(&list);
	return ret;
}

static void recorded_lists_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		struct bytes out = file_read(recordings[i].name, ".list");
		struct bytes names = file_read(recordings[i].name, ".names"), words = { 0 };
		const struct seed seed = { .out = out.data, .nout = out.nbytes };
		struct proctor_error err = { 0 };

		seed_write(&seed);
		assert_int_equal(list_parse(recordings[i].adapter, out.data, out.nbytes, &words, &err), 0);
		assert_string_equal(words.data, names.data);
		bytes_fini(&words);
		bytes_fini(&names);
		bytes_fini(&out);
	}
}

/* A list of version 2 has no end that would show that it is complete. */
static void a_list_cut_off_is_no_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		struct bytes out = file_read(recordings[i].name, ".list");

		for (size_t n = 0; n + 2 < out.nbytes; n++) {
			struct bytes words = { 0 };
			struct proctor_error err = { 0 };
			char *cut = strndup(out.data, n);

			assert_int_equal(list_parse(recordings[i].adapter, cut, n, &words, &err), -ENOEXEC);
			assert_non_null(strstr(err.text, "was asked for its tests"));
			bytes_fini(&words);
			free(cut);
		}
		bytes_fini(&out);
	}
}

static void what_stands_before_a_list_does_not_matter(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		struct bytes list = file_read(recordings[i].name, ".list"), out = { 0 };
		struct bytes names = file_read(recordings[i].name, ".names"), words = { 0 };
		struct proctor_error err = { 0 };

		bytes_text(&out, "said by a constructor < > &\n");
		bytes_append(&out, list.data, list.nbytes);
		assert_int_equal(list_parse(recordings[i].adapter, out.data, out.nbytes, &words, &err), 0);
		assert_string_equal(words.data, names.data);
		bytes_fini(&words);
		bytes_fini(&names);
		bytes_fini(&out);
		bytes_fini(&list);
	}
}

/* ---- commands ---- */

static const char *last_word(const struct command_line *line)
{
	assert_true(line->words.n > 0 && !line->words.lost);
	return line->words.list[line->words.n - 1];
}

static bool has_word(const struct command_line *line, const char *word)
{
	for (size_t i = 0; i < line->words.n; i++)
		if (strcmp(line->words.list[i], word) == 0)
			return true;
	return false;
}

static void specs_are_quoted_and_escaped(void **state)
{
	static const char *const names[] = {
		"plain", "a, b", "say \"x\"", "back\\slash\\", "[@alias]", "exclude:x", "#hash", "bell \\x07",
		"two\nlines",
	};
	static const char expected[] = "\"plain\"\n\"a\\, b\"\n\"say \\\"x\\\"\"\n\"back\\\\slash\\\\\"\n"
		"\"[\\@alias]\"\n\"*xclude:x\"\n\"#hash\"\n\"bell \\\\x07\"\n\"bell \x07\"\n";
	char dir[] = "/tmp/test_catch_xml.XXXXXX", path[64], text[512] = "";
	struct program_request request = { .names = names, .ntests = ARRAY_SIZE(names) };
	struct command_line line = { 0 };
	struct proctor_error err;
	FILE *f;

	(void)state;
	request.dir = mkdtemp(dir);
	assert_non_null(request.dir);
	snprintf(path, sizeof(path), "%s/specs", dir);
	assert_int_equal(adapter_catch2.run_command(&request, &line, &err), 0);
	assert_string_equal(last_word(&line), path);
	assert_true(has_word(&line, "\"two\nlines\""));
	f = fopen(path, "re");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_string_equal(text, expected);
	unlink(path);
	rmdir(dir);
	command_line_fini(&line);
}

static void filters_are_escaped(void **state)
{
	static const char *const names[] = { "a, b", "back\\slash\\", "bell \\x07" };
	static const char *const nameless[] = { "" };
	struct program_request request = { .names = names, .ntests = ARRAY_SIZE(names) };
	struct command_line line = { 0 };
	struct proctor_error err;

	(void)state;
	assert_int_equal(adapter_doctest.run_command(&request, &line, &err), 0);
	assert_string_equal(last_word(&line), "--test-case=a\\, b,back\\\\slash\\\\,bell \\\\x07,bell \x07");
	assert_true(has_word(&line, "--no-skip=true"));
	command_line_fini(&line);
	request = (struct program_request){ .names = nameless, .ntests = 1 };
	line = (struct command_line){ 0 };
	assert_int_equal(adapter_doctest.run_command(&request, &line, &err), 0);
	assert_string_equal(last_word(&line), "--test-case-exclude=?*");
	command_line_fini(&line);
}

static void all_of_a_program_needs_no_names(void **state)
{
	static const char *const names[] = { "a" };
	const struct program_request request = { .names = names, .ntests = 1, .whole = true, .dir = "/none" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		struct command_line line = { 0 };
		struct proctor_error err;

		assert_int_equal(recordings[i].adapter->run_command(&request, &line, &err), 0);
		assert_false(has_word(&line, "--no-skip=true"));
		assert_false(has_word(&line, "--input-file"));
		command_line_fini(&line);
	}
}

/* Of many tests of a program the few that are not to run, if that leaves out nothing else. */
static void the_others_are_left_out(void **state)
{
	static const char *const names[] = { "a", "b, c", "D" }, *const others[] = { "x y", "Type<int> - 1" };
	static const char *const not_plain[] = { "x", "*y" }, *const same[] = { "x", "d" };
	static const struct {
		const struct adapter *adapter;
		const char *const *others;
		bool left_out;
	} cases[] = {
		{ &adapter_catch2, others, true },
		{ &adapter_catch2_v2, others, true },
		{ &adapter_catch2, not_plain, false },
		/* Names are compared without regard to case. */
		{ &adapter_catch2_v2, same, false },
	};
	char dir[] = "/tmp/test_catch_xml.XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/specs", dir);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct program_request request = { .names = names, .ntests = 3, .others = cases[i].others,
							 .nothers = 2, .dir = dir };
		struct command_line line = { 0 };
		struct proctor_error err;

		assert_int_equal(cases[i].adapter->run_command(&request, &line, &err), 0);
		assert_int_equal(has_word(&line, "~[.]"), cases[i].left_out);
		assert_int_equal(has_word(&line, "~\"x y\""), cases[i].left_out);
		assert_int_equal(has_word(&line, "~\"Type<int> - 1\""), cases[i].left_out);
		assert_int_equal(has_word(&line, "--input-file"), !cases[i].left_out);
		command_line_fini(&line);
		unlink(path);
	}
	rmdir(dir);
}

static void names_that_no_argument_holds_are_refused(void **state)
{
	char *name = malloc(70001);
	const char *names[2] = { name, name };
	struct program_request request = { .names = names, .ntests = 2 };
	struct command_line line = { 0 };
	struct proctor_error err;

	(void)state;
	assert_non_null(name);
	memset(name, 'x', 70000);
	name[70000] = '\0';
	assert_int_equal(adapter_doctest.run_command(&request, &line, &err), -E2BIG);
	command_line_fini(&line);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_recorded_means_what_it_says),
		cmocka_unit_test(a_stream_cut_off_tells_no_more_than_it_had),
		cmocka_unit_test(after_damage_no_test_passes),
		cmocka_unit_test(a_damaged_byte_does_no_harm),
		cmocka_unit_test(depth_and_attributes_have_bounds),
		cmocka_unit_test(a_crash_is_no_end),
		cmocka_unit_test(what_failed_before_an_exit_is_not_lost),
		cmocka_unit_test(long_messages_have_an_end),
		cmocka_unit_test(recorded_lists_are_read),
		cmocka_unit_test(a_list_cut_off_is_no_list),
		cmocka_unit_test(what_stands_before_a_list_does_not_matter),
		cmocka_unit_test(specs_are_quoted_and_escaped),
		cmocka_unit_test(filters_are_escaped),
		cmocka_unit_test(all_of_a_program_needs_no_names),
		cmocka_unit_test(the_others_are_left_out),
		cmocka_unit_test(names_that_no_argument_holds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
