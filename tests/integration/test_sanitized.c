/* SPDX-License-Identifier: MIT */
/* Suites and programs built with sanitizers: what they find is told, tests without a mistake pass. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

struct row {
	const char *suite;
	const char *verdict;		/* of the mistake */
	const char *report;		/* in its stderr */
};

static const struct row rows[] = {
	{ "gcc_address", "fail|crash", "heap-buffer-overflow" },
	{ "gcc_thread", "fail|crash|pass", "data race" },
	{ "gcc_undefined", "fail|crash", "signed integer overflow" },
	{ "clang_address", "fail|crash", "heap-buffer-overflow" },
	{ "clang_undefined", "fail|crash", "signed integer overflow" },
};

static bool is_one_of(const char *word, const char *list)
{
	const char *at = strstr(list, word);

	return at && (at == list || at[-1] == '|') &&
	       (at[strlen(word)] == '\0' || at[strlen(word)] == '|');
}

static void a_mistake_is_found(void **state)
{
	const struct row *row = *state;
	char path[64];
	const json_t *end;
	struct run *run;

	if (strncmp(row->suite, "clang", 5) == 0)
		need_program("clang");
	snprintf(path, sizeof(path), "sanitized/lib%s.so", row->suite);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--on-crash=continue", suite_path(path),
			      suite_path("entry/libentry.so")),
	});
	end = run_end_of(run, row->suite, "tml_test_1");
	if (!is_one_of(event_text(end, "verdict"), row->verdict))
		fail_msg("is %s; message: %s; stderr: %.500s", event_text(end, "verdict"),
			 event_text(end, "message"), event_text(end, "stderr"));
	if (!strstr(event_text(end, "stderr"), row->report))
		fail_msg("no report: %.500s", event_text(end, "stderr"));
	assert_string_equal(event_text(run_end_of(run, row->suite, "tml_test_0"), "verdict"),
			    "pass");
	assert_string_equal(event_text(run_end_of(run, row->suite, "tml_test_0"), "stdout"),
			    "clean\n");
	assert_string_equal(event_text(run_end_of(run, row->suite, "tml_test_2"), "verdict"),
			    "pass");
	run_check_verdict(run, "entry::tml_test_entry", "pass");
	assert_int_equal(run->exit_code, 1);
}

/* Clang's default is a runtime that only a program can carry. */
static void a_library_without_its_runtime_is_told_how(void **state)
{
	struct run *run;

	(void)state;
	need_program("clang");
	run = run_proctor(&(struct run_setup){
		.args = WORDS(suite_path("unshared/libclang_address.so"),
			      suite_path("entry/libentry.so")),
	});
	run_check_verdict(run, "clang_address::(load)", "error");
	assert_non_null(strstr(event_text(run_end(run, "clang_address::(load)"), "message"),
			       "-shared-libsan"));
	run_check_verdict(run, "entry::tml_test_entry", "pass");
	assert_int_equal(run->exit_code, 1);
}

/* What the tests of tests/suites/googletest/mistakes.cc are, by the sanitizer that looks at them. The sanitizer's
 * handler keeps its meaning: it reports a crash, and exits. */
static const struct mistake {
	const char *sanitizer, *name, *verdict, *report;
	/* Found when the process ends. Of a process with many tests the last one is told of it then. */
	bool at_exit;
} mistakes[] = {
	{ "address", "Overflow", "fail", "heap-buffer-overflow" },
	{ "address", "Leak", "fail", "LeakSanitizer: detected memory leaks", true },
	{ "address", "Crash", "fail", "AddressSanitizer: SEGV" },
	{ "undefined", "Undefined", "fail", "signed integer overflow" },
	{ "undefined", "Crash", "fail", "mistakes.cc:" },
	{ "thread", "Race", "fail", "data race", true },
	{ "thread", "Crash", "fail", "ThreadSanitizer: SEGV" },
	{ NULL, "Abort", "crash", "" },
};

static const struct mistake *mistake_of(const char *sanitizer, const char *name)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		if (strcmp(mistakes[i].name, name) == 0 &&
		    (!mistakes[i].sanitizer || strcmp(mistakes[i].sanitizer, sanitizer) == 0))
			return &mistakes[i];
	return NULL;
}

static void check_mistake(const char *program, const char *isolation, const json_t *end)
{
	const char *name = event_text(end, "name") + strlen("Mistakes.");
	const struct mistake *m = mistake_of(strchr(program, '_') + 1, name);
	bool shared = strcmp(isolation, "--isolation=batch") == 0;

	if (shared && ((m && m->at_exit) ||
		       strstr(event_text(end, "message"), "its tests passed, and the process ended with exit status")))
		return;
	if (strcmp(event_text(end, "verdict"), m ? m->verdict : "pass") != 0)
		fail_msg("%s %s: %s is %s: %s; stderr: %.500s", program, isolation, name,
			 event_text(end, "verdict"), event_text(end, "message"), event_text(end, "stderr"));
	if (m && !strstr(event_text(end, "stderr"), m->report))
		fail_msg("%s %s: %s has no report: %.500s", program, isolation, name, event_text(end, "stderr"));
}

/* In a process that it shares with others, too: those behind it run in another one. */
static void a_mistake_of_a_program_is_found(void **state)
{
	static const char *const programs[] = {
		"gcc_address", "gcc_undefined", "gcc_thread", "clang_address", "clang_undefined", "clang_thread",
	};
	static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };

	(void)state;
	for (size_t i = 0; i < 18; i++) {
		const char *program = programs[i / 3], *isolation = isolations[i % 3];
		char path[64];
		struct run *run;
		const json_t *e;
		size_t k;

		snprintf(path, sizeof(path), "mistakes/%s", program);
		run = run_proctor(&(struct run_setup){
			.args = WORDS("-j2", "--on-crash=continue", isolation, suite_path(path)) });
		assert_int_equal(run->exit_code, 1);
		assert_int_equal(run_count(run, "test-end"), 13);
		json_array_foreach(run->events, k, e) {
			if (strcmp(event_text(e, "event"), "test-end") == 0)
				check_mistake(program, isolation, e);
		}
		run_free(run);
	}
}

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	struct CMUnitTest tests[NROWS + 2];
	size_t i;

	for (i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest)harness_row_test(rows[i].suite, a_mistake_is_found,
							       &rows[i]);
	tests[NROWS] = (struct CMUnitTest)harness_test(a_library_without_its_runtime_is_told_how);
	tests[NROWS + 1] = (struct CMUnitTest)harness_test(a_mistake_of_a_program_is_found);
	return cmocka_run_group_tests_name("sanitized", tests, NULL, NULL);
}
