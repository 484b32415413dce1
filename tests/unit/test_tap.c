/* SPDX-License-Identifier: MIT */
/* What a program that prints TAP is judged by. */
#include "adapter/adapter.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/container.h"
#include "parser_seeds.h"

#define EXITED(status) ((status) << 8)	/* as wait(2) gives it */

struct told {
	unsigned nevents;
	struct parser_event event;
	char message[4096];		/* "" where there is none */
};

static void on_event(const struct parser_event *event, void *data)
{
	struct told *told = data;

	told->nevents++;
	told->event = *event;
	snprintf(told->message, sizeof(told->message), "%s", event->message ? event->message : "");
}

/* Feeds it in pieces of `piece` bytes. */
static struct told parse_pieces(const char *bytes, size_t nbytes, size_t piece, int status)
{
	const struct parser_ops *ops = adapter_tap.parser;
	struct told told = { 0 };
	struct parser *p = ops->open(on_event, &told);

	assert_non_null(p);
	for (size_t at = 0; at < nbytes; at += piece)
		ops->feed(p, bytes + at, nbytes - at < piece ? nbytes - at : piece);
	assert_int_equal(told.nevents, 0);
	ops->end(p, status);
	ops->close(p);
	assert_int_equal(told.nevents, 1);
	assert_int_equal(told.event.kind, PARSER_ENDED);
	assert_null(told.event.name);
	assert_int_equal(told.event.nbytes, nbytes);
	return told;
}

struct document {
	const char *text;
	int exit_status;
	enum proctor_verdict verdict;
	const char *message;		/* all of it */
};

static void assert_judged(const struct document *documents, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct document *d = &documents[i];
		const struct seed seed = { .out = d->text, .nout = strlen(d->text),
					   .status = EXITED(d->exit_status) };

		seed_write(&seed);
		for (size_t piece = 1; piece < 40; piece = piece * 3) {
			struct told told = parse_pieces(d->text, strlen(d->text), piece,
							EXITED(d->exit_status));

			if (told.event.verdict != d->verdict ||
			    strcmp(told.message, d->message) != 0)
				fail_msg("%s\nis %s with \"%s\", expected %s with \"%s\"", d->text,
					 proctor_verdict_name(told.event.verdict), told.message,
					 proctor_verdict_name(d->verdict), d->message);
		}
	}
}

#define JUDGED(...) do { \
		static const struct document documents[] = { __VA_ARGS__ }; \
		assert_judged(documents, ARRAY_SIZE(documents)); \
	} while (0)

static void all_planned_tests_ok_is_a_pass(void **state)
{
	(void)state;
	JUDGED({ "1..2\nok 1\nok 2\n", 0, PROCTOR_PASS, "" },
	       { "ok 1 - a\nok 2 - b\n1..2\n", 0, PROCTOR_PASS, "" },
	       { "TAP version 13\n1..1\nok\n", 0, PROCTOR_PASS, "" },
	       { "TAP version 14\n1..1 # all of it\nok 1\n", 0, PROCTOR_PASS, "" },
	       { "1..2\r\nok 1\r\nok 2\r\n", 0, PROCTOR_PASS, "" },
	       { "1..1\nok 1", 0, PROCTOR_PASS, "" },
	       { "# hello\n\n1..1\nwhatever\npragma +strict\nok 1\n# bye\n", 0, PROCTOR_PASS, "" },
	       { "1..3\nok 2\nok 3\nok 1\n", 0, PROCTOR_PASS, "" },
	       { "1..3\nok\nok\nok\n", 0, PROCTOR_PASS, "" });
}

static void one_not_ok_is_a_failure(void **state)
{
	(void)state;
	JUDGED({ "1..2\nok 1\nnot ok 2 - sums\n", 1, PROCTOR_FAIL, "1 of 2 failed:\nnot ok 2 - sums" },
	       { "1..2\nnot ok\nnot ok\n", 2, PROCTOR_FAIL, "2 of 2 failed:\nnot ok\nnot ok" },
	       { "1..1\nnot ok 1 - a # SKIP no disk\n", 0, PROCTOR_FAIL,
		 "1 of 1 failed:\nnot ok 1 - a # SKIP no disk" });
}

static void a_todo_may_fail_and_a_skip_is_ok(void **state)
{
	(void)state;
	JUDGED({ "1..2\nok 1\nnot ok 2 - later # TODO not written\n", 0, PROCTOR_PASS, "" },
	       { "1..1\nnot ok # todo\n", 0, PROCTOR_PASS, "" },
	       { "1..1\nnot ok 1 #ToDo: soon\n", 0, PROCTOR_PASS, "" },
	       { "1..1\nok 1 - done already # TODO\n", 0, PROCTOR_PASS, "" },
	       { "1..2\nok 1 # SKIP no network\nok 2 # skip\n", 0, PROCTOR_PASS, "" },
	       /* A hash that is the description's, and words that are no directives. */
	       { "1..1\nnot ok 1 - a \\# TODO b\n", 0, PROCTOR_FAIL,
		 "1 of 1 failed:\nnot ok 1 - a \\# TODO b" },
	       { "1..1\nnot ok 1 - a # TODOLIST\n", 0, PROCTOR_FAIL,
		 "1 of 1 failed:\nnot ok 1 - a # TODOLIST" },
	       { "1..1\nnot ok 1 - a # 1 # TODO\n", 0, PROCTOR_FAIL,
		 "1 of 1 failed:\nnot ok 1 - a # 1 # TODO" });
}

static void a_plan_for_no_tests_is_a_skip(void **state)
{
	(void)state;
	JUDGED({ "1..0 # SKIP no database\n", 0, PROCTOR_SKIP, "no database" },
	       { "1..0 # Skipped: no database\n", 0, PROCTOR_SKIP, "no database" },
	       { "1..0 # WWW::Mechanize not installed\n", 0, PROCTOR_SKIP,
		 "WWW::Mechanize not installed" },
	       { "1..0\n", 0, PROCTOR_SKIP, "" },
	       { "1..0 # SKIP no database\n", 3, PROCTOR_FAIL, "it ended with exit status 3" },
	       { "1..0 # SKIP\nok 1\n", 0, PROCTOR_FAIL, "it planned 0 tests and ran 1" });
}

static void a_plan_that_was_not_kept_is_a_failure(void **state)
{
	(void)state;
	JUDGED({ "1..3\nok 1\nok 2\n", 0, PROCTOR_FAIL, "it planned 3 tests and ran 2" },
	       { "1..1\nok 1\nok 2\n", 0, PROCTOR_FAIL, "it planned 1 test and ran 2" },
	       { "ok 1\nok 2\n", 0, PROCTOR_FAIL,
		 "it has no plan (1..N): more tests may have been meant" },
	       { "", 0, PROCTOR_FAIL, "it printed neither a plan (1..N) nor a test" },
	       { "hello\n", 0, PROCTOR_FAIL, "it printed neither a plan (1..N) nor a test" },
	       { "1..2\nok 1\nok 1\n", 0, PROCTOR_FAIL, "its test 1 is there twice" },
	       { "1..3\nok 2\nok 4\nok 1\n", 0, PROCTOR_FAIL,
		 "its test 4 is outside of its plan 1..3, and test 3 is missing" },
	       { "1..1\nok 0\n", 0, PROCTOR_FAIL, "it has a test of number 0" },
	       { "1..2\nok 99999999999999999999999\nok\n", 0, PROCTOR_FAIL,
		 "it has a test of number 18446744073709551615" },
	       { "1..1\n1..1\nok 1\n", 0, PROCTOR_FAIL, "it has two plans" },
	       { "ok 1\n1..2\nok 2\n", 0, PROCTOR_FAIL, "its plan stands between its tests" },
	       { "1..4\nok 1\nnot ok 2\n", 0, PROCTOR_FAIL,
		 "1 of 4 failed; it planned 4 tests and ran 2:\nnot ok 2" });
}

static void an_exit_status_counts_beside_the_lines(void **state)
{
	(void)state;
	JUDGED({ "1..1\nok 1\n", 9, PROCTOR_FAIL, "all passed, but it ended with exit status 9" },
	       { "", 2, PROCTOR_FAIL, "it printed neither a plan (1..N) nor a test, and it ended with "
		 "exit status 2" },
	       { "1..2\nok 1\n", 255, PROCTOR_FAIL,
		 "it planned 2 tests and ran 1, and it ended with exit status 255" });
}

static void a_bail_out_is_a_failure_with_its_reason(void **state)
{
	(void)state;
	JUDGED({ "1..5\nok 1\nBail out! MySQL is not running.\nnot ok 2\n", 1, PROCTOR_FAIL,
		 "it bailed out: MySQL is not running." },
	       { "BAIL OUT!\n", 0, PROCTOR_FAIL, "it bailed out" },
	       { "1..2\nnot ok 1\nBail out! enough\n", 0, PROCTOR_FAIL,
		 "it bailed out: enough; 1 of 2 failed:\nnot ok 1" },
	       { "1..1\n# Subtest: x\n    Bail out!  inside\n", 0, PROCTOR_FAIL,
		 "it bailed out: inside" });
}

static void what_yaml_says_of_a_failure_is_shown(void **state)
{
	(void)state;
	JUDGED({ "TAP version 13\n1..3\nok 1\n  ---\n  message: fine\n  ...\nnot ok 2 - line\n"
		 "  ---\n  message: 'First line invalid'\n  data:\n    got: 1\n\n  ...\n"
		 "ok 3\n", 1, PROCTOR_FAIL,
		 "1 of 3 failed:\nnot ok 2 - line\n  message: 'First line invalid'\n  data:\n"
		 "    got: 1" },
	       /* What looks like a test in there is none, and a block that does not end ends with its
		* indentation. */
	       { "1..2\nok 1\n  ---\n  not ok 7\n  ok\nok 2\n", 0, PROCTOR_PASS, "" },
	       { "1..1\nok 1\n  ---\n  1..9\n  Bail out!\n  ...\n", 0, PROCTOR_PASS, "" });
}

static void a_subtest_counts_by_its_parent(void **state)
{
	(void)state;
	JUDGED({ "1..2\n# Subtest: a\n    1..2\n    ok 1\n    not ok 2 - deep\n"
		 "      ---\n      at: x\n      ...\nnot ok 1 - a\nok 2\n", 1, PROCTOR_FAIL,
		 "1 of 2 failed:\nnot ok 1 - a\n    not ok 2 - deep" },
	       { "1..1\n    # Subtest: a\n    not ok 1 - deep # TODO\n    1..1\nok 1 - a\n", 0,
		 PROCTOR_PASS, "" },
	       { "1..2\n    not ok 1 - deep\nok 1 - a\nnot ok 2\n", 1, PROCTOR_FAIL,
		 "1 of 2 failed:\nnot ok 2" });
}

static void a_word_that_begins_with_ok_is_no_test(void **state)
{
	(void)state;
	JUDGED({ "1..1\nokay\nok_ \nnot okay\nok 1\n", 0, PROCTOR_PASS, "" },
	       { "1..1\nok\t1\n", 0, PROCTOR_PASS, "" },
	       { "1..1\nok - 7 samurai\n", 0, PROCTOR_PASS, "" },
	       { "1..1x\nok\n", 0, PROCTOR_FAIL,
		 "it has no plan (1..N): more tests may have been meant" });
}

/* However much there is, a message stays short and says that it was cut. */
static void many_failures_are_cut(void **state)
{
	char text[100000], *at = text;
	struct told told;

	(void)state;
	at += sprintf(at, "1..2000\n");
	for (unsigned i = 1; i <= 2000; i++)
		at += sprintf(at, "not ok %u - a name of some length\n", i);
	told = parse_pieces(text, (size_t)(at - text), 1000, EXITED(1));
	assert_int_equal(told.event.verdict, PROCTOR_FAIL);
	assert_int_equal(strncmp(told.message, "2000 of 2000 failed:\nnot ok 1 - ", 31), 0);
	assert_string_equal(told.message + strlen(told.message) - 4, "\n...");
	assert_true(strlen(told.message) < 3500);
}

static void a_long_line_and_strange_bytes_do_no_harm(void **state)
{
	static char text[70000];
	struct told told;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "1..1\nok 1 ", 10);
	text[sizeof(text) - 1] = '\n';
	told = parse_pieces(text, sizeof(text), 4096, EXITED(0));
	assert_int_equal(told.event.verdict, PROCTOR_PASS);
	told = parse_pieces("1..1\nnot ok 1 \0\xff\n", 17, 5, EXITED(1));
	assert_string_equal(told.message, "1 of 1 failed:\nnot ok 1 ?\xff");
}

/* Mutations of good documents: no crash, and the same is told in whatever pieces it comes. */
static void any_bytes_are_told_the_same_in_any_pieces(void **state)
{
	static const char good[] =
		"TAP version 14\n1..6\nok 1 - a\nnot ok 2 - b # TODO x\nok 3 # SKIP y\n"
		"    1..1\n    not ok 1 - in\n      ---\n      a: 1\n      ...\nnot ok 4\n"
		"  ---\n  message: m\n  ...\nok 5 \\# z\n1..0 # SKIP r\nBail out! q\nok 6\n";
	static const char pieces[] = "ok not #\n1..0123456789-\\ \r---...SKIPTODO!\0\xff\t";
	unsigned n = getenv("PROCTOR_SOAK") ? 2000000 : 20000;
	char text[sizeof(good)];

	(void)state;
	srand(1);
	for (unsigned i = 0; i < n; i++) {
		size_t nbytes = sizeof(good) - 1 - (size_t)rand() % 40;
		int status = rand() % 4 ? EXITED(rand() % 2) : SIGSEGV;
		struct told one, other;

		memcpy(text, good, sizeof(good));
		for (int k = rand() % 12; k >= 0; k--)
			text[(size_t)rand() % nbytes] = pieces[(size_t)rand() % (sizeof(pieces) - 1)];
		one = parse_pieces(text, nbytes, nbytes, status);
		other = parse_pieces(text, nbytes, 1 + (size_t)rand() % 9, status);
		assert_int_equal(one.event.verdict, other.event.verdict);
		assert_string_equal(one.message, other.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_planned_tests_ok_is_a_pass),
		cmocka_unit_test(one_not_ok_is_a_failure),
		cmocka_unit_test(a_todo_may_fail_and_a_skip_is_ok),
		cmocka_unit_test(a_plan_for_no_tests_is_a_skip),
		cmocka_unit_test(a_plan_that_was_not_kept_is_a_failure),
		cmocka_unit_test(an_exit_status_counts_beside_the_lines),
		cmocka_unit_test(a_bail_out_is_a_failure_with_its_reason),
		cmocka_unit_test(what_yaml_says_of_a_failure_is_shown),
		cmocka_unit_test(a_subtest_counts_by_its_parent),
		cmocka_unit_test(a_word_that_begins_with_ok_is_no_test),
		cmocka_unit_test(many_failures_are_cut),
		cmocka_unit_test(a_long_line_and_strange_bytes_do_no_harm),
		cmocka_unit_test(any_bytes_are_told_the_same_in_any_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
