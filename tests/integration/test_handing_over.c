/* SPDX-License-Identifier: MIT */
/* A compiler hands its suites over: a manifest of lines through a pipe, the report as it prints its own. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_hundred_suites_come_through_a_pipe(void **state)
{
	char dir[] = "/tmp/proctor-built-XXXXXX", command[64];
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS(suite_path("bin/tml_compiler"), suite_path("entry/libentry.so"), dir, "100"),
		.args = WORDS("--manifest=-", "--style=tml"), .no_last_line = true,
	});
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 100);
	run_check_verdict(run, "core_tests_0::tml_test_0", "pass");
	run_check_verdict(run, "core_tests_99::tml_test_0", "pass");
	/* 25 files of 7 tests each. */
	for (int group = 0; group < 4; group++) {
		char line[64];

		snprintf(line, sizeof(line), "ok  core_%d  175 tests  ", group);
		assert_non_null(strstr(run->out, line));
	}
	assert_non_null(strstr(run->out, "\ntest result: ok. 100 passed; 0 failed; 100 files; finished in "));
}

static void nothing_handed_over_is_nothing_to_run(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.prefix = WORDS("sh", "-c", "exec \"$@\" </dev/null", "sh"),
		.args = WORDS("--manifest=-"), .no_events = true,
	});

	(void)state;
	assert_int_equal(run->exit_code, 2);
	assert_non_null(strstr(run->err, "standard input:1:0: "));
}

static void a_manifest_is_made_of_a_directory(void **state)
{
	char command[4096];

	(void)state;
	if (system("python3 -c pass 2>/dev/null") != 0)
		skip();
	snprintf(command, sizeof(command),
		 "set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT\n"
		 "cp %s $d/src_tests_101.so; cp %s $d/src_tests_7.so\n"
		 "printf 'test result: FAILED. 1 passed\\n\\nfailures:\\n  src_tests_101 (src/a b.test.tml)\\n' >$d/s\n"
		 "tools/tml-manifest $d $d/s >$d/m\n"
		 "[ $(wc -l <$d/m) = 2 ]\n"
		 "grep -q '\"name\": \"src_tests_101\", \"group\": \"src_tests\".*\"file\": \"src/a b.test.tml\"' $d/m\n"
		 "${PROCTOR:-build/proctor} list --manifest=- <$d/m >$d/l\n"
		 "grep -qx src_tests_101::tml_test_0 $d/l && grep -qx src_tests_7::tml_test_5 $d/l",
		 suite_path("entry/libentry.so"), suite_path("options/liboptions.so"));
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(a_hundred_suites_come_through_a_pipe),
		harness_test(nothing_handed_over_is_nothing_to_run),
		harness_test(a_manifest_is_made_of_a_directory),
	};

	return cmocka_run_group_tests_name("handing over", tests, NULL, NULL);
}
