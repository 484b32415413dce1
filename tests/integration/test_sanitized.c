/* SPDX-License-Identifier: MIT */
/* Suites built with sanitizers: what they find is told, tests without a mistake pass. */
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

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	struct CMUnitTest tests[NROWS + 1];
	size_t i;

	for (i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest)harness_row_test(rows[i].suite, a_mistake_is_found,
							       &rows[i]);
	tests[NROWS] = (struct CMUnitTest)harness_test(a_library_without_its_runtime_is_told_how);
	return cmocka_run_group_tests_name("sanitized", tests, NULL, NULL);
}
