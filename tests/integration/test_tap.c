/* SPDX-License-Identifier: MIT */
/* Programs that print TAP, run as such: a verdict for each, and its lines as the reason. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int dir_make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/proctor-tap-XXXXXX");
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int dir_remove(void **state)
{
	char command[128];
	int ret = harness_teardown(state);

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") < 0 || system(command) != 0 ? -1 : ret;
}

#define dir_test(function) { #function, (function), dir_make, dir_remove, NULL }

/* Its path, as an argument. */
static const char *script(const char *name, const char *text)
{
	static char paths[32][128];
	static unsigned n;
	char *path = paths[n++ % 32];
	FILE *f;

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

static void check(const struct run *run, const char *id, const char *verdict, const char *message)
{
	run_check_verdict(run, id, verdict);
	assert_string_equal(event_text(run_end(run, id), "message"), message);
}

static void its_lines_are_the_verdict(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){ .args = WORDS("--framework=tap",
		script("good.t", "#!/bin/sh\necho 1..2; echo ok 1; echo 'not ok 2 # TODO later'\n"),
		script("bad.t", "#!/bin/sh\necho 1..2; echo ok 1; echo 'not ok 2 - sums'\n"
		       "echo '  ---'; echo '  got: 5'; echo '  ...'; exit 1\n"),
		script("skips.t", "#!/bin/sh\necho '1..0 # SKIP no disk'\n"),
		script("short.t", "#!/bin/sh\necho 1..3; echo ok 1\n"),
		script("bails.t", "#!/bin/sh\necho 1..3; echo 'Bail out! no database'\n"),
		script("lies.t", "#!/bin/sh\necho 1..1; echo ok 1; exit 4\n"),
		script("silent.t", "#!/bin/sh\n")),
	});
	assert_int_equal(run->exit_code, 1);
	check(run, "good.t", "pass", "");
	check(run, "bad.t", "fail", "1 of 2 failed:\nnot ok 2 - sums\n  got: 5");
	check(run, "skips.t", "skip", "no disk");
	check(run, "short.t", "fail", "it planned 3 tests and ran 1");
	check(run, "bails.t", "fail", "it bailed out: no database");
	check(run, "lies.t", "fail", "all passed, but it ended with exit status 4");
	check(run, "silent.t", "fail", "it printed neither a plan (1..N) nor a test");
	assert_int_equal(event_number(run_end(run, "lies.t"), "exit_code"), 4);
	/* What it printed is kept beside that. */
	assert_string_equal(event_text(run_end(run, "short.t"), "stdout"), "1..3\nok 1\n");
}

static void a_death_comes_before_its_lines(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--framework=tap", "--timeout=300ms", "--on-crash=continue",
			script("crash.t", "#!/bin/sh\necho 1..1; echo ok 1; kill -SEGV $$\n"),
			script("hang.t", "#!/bin/sh\necho 1..1; echo ok 1; exec sleep 1000\n")),
	});
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "crash.t", "crash");
	run_check_verdict(run, "hang.t", "timeout");
}

/* Its output is what it is judged by: it is read to its end, however little of it is kept, and whoever
 * else would like to have it. */
static void all_of_its_output_is_read(void **state)
{
	const char *flood = script("flood.t", "#!/bin/sh\necho 1..1\ni=0\nwhile [ $i -lt 5000 ]; do\n"
				   "echo '# a line that is not kept'; i=$((i+1)); done\n"
				   "echo 'not ok 1'\n");
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--framework=tap", "--max-output=64", flood),
	});
	check(run, "flood.t", "fail", "1 of 1 failed:\nnot ok 1");
	run_free(run);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--framework=tap", "--nocapture", flood),
	});
	check(run, "flood.t", "fail", "1 of 1 failed:\nnot ok 1");
}

/* As a program that can be forked, too, and as ones that nothing can be put into. */
static void in_each_isolation_the_lines_are_the_verdict(void **state)
{
	static const struct {
		const char *name, *verdict, *message;
	} rows[] = {
		{ "passes", "pass", NULL }, { "fails", "fail", "1 of 2 failed:\nnot ok 2 - sums\n  got: 5" },
		{ "crashes", "crash", NULL }, { "exits", "fail", "it planned 2 tests and ran 1" },
		{ "floods", "pass", NULL }, { "closes", "pass", NULL }, { "hangs", "timeout", NULL },
		{ "static_passes", "pass", NULL }, { "static_crashes", "crash", NULL },
	};
	static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };
	static const char *const threads[] = { "-j1", "-j2", "-j4", "-j8" };

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS("--framework=tap", "--on-crash=continue", "--timeout=2s", isolations[i % 3],
				      threads[i / 3], "--exe=*", suite_path("tap")) });

		assert_int_equal(run_count(run, "test-end"), sizeof(rows) / sizeof(rows[0]));
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
			run_check_verdict(run, rows[k].name, rows[k].verdict);
			if (rows[k].message)
				check(run, rows[k].name, rows[k].verdict, rows[k].message);
		}
		assert_non_null(strstr(event_text(run_end(run, "crashes"), "backtrace"), "tap.c:"));
		run_free(run);
	}
}

static void a_failure_is_tried_again(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--framework=tap", "--retries=2",
			script("flaky.t", "#!/bin/sh\necho 1..1\n[ -e seen ] && echo ok 1 || "
			       "{ touch seen; echo not ok 1; }\n")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 2);
	run_check_verdict(run, "flaky.t", "pass");
}

static void in_directories_a_glob_finds_them(void **state)
{
	struct run *run;

	(void)state;
	script("a.t", "#!/bin/sh\necho 1..1; echo not ok 1\n");
	script("b.sh", "#!/bin/sh\nexit 1\n");
	run = run_proctor(&(struct run_setup){ .args = WORDS("--framework=tap", "--exe=*.t", dir) });
	assert_int_equal(run_count(run, "test-end"), 1);
	check(run, "a.t", "fail", "1 of 1 failed:\nnot ok 1");
}

/* What the i-th of many programs does: each prints its number, so that nobody's words are another's. */
static const struct {
	const char *body, *verdict, *message;	/* %1$u is the number */
} batch[] = {
	{ "echo 1..2; echo ok 1; echo 'ok 2 - %1$u'", "pass", "" },
	{ "echo 1..2; echo ok 1; echo 'not ok 2 - %1$u'; exit 1", "fail",
	  "1 of 2 failed:\nnot ok 2 - %1$u" },
	{ "echo '1..0 # SKIP no %1$u'", "skip", "no %1$u" },
	{ "echo 1..2; echo 'ok 1 - %1$u'; kill -SEGV $$", "crash", "SIGSEGV (no core was left)" },
	{ "echo 1..2; echo 'ok 1 - %1$u'", "fail", "it planned 2 tests and ran 1" },
	{ "echo 1..1; i=0; while [ $i -lt 400 ]; do echo '# %1$u'; i=$((i+1)); done; echo ok 1",
	  "pass", "" },
	{ "echo 1..9; echo 'Bail out! %1$u'", "fail", "it bailed out: %1$u" },
	{ "echo 1..1; printf 'ok 1 - %1$u'; exit 3", "fail",
	  "all passed, but it ended with exit status 3" },
};

#define NBATCH 240

/* Many streams at a time, of programs that crash among others: each is told by its own lines. */
static void many_at_a_time_are_told_apart(void **state)
{
	const size_t nkinds = sizeof(batch) / sizeof(batch[0]);
	char name[32], text[512], number[16], message[128];
	struct run *run;

	(void)state;
	for (unsigned i = 0; i < NBATCH; i++) {
		size_t n = (size_t)snprintf(text, sizeof(text), "#!/bin/sh\nulimit -c 0; ");

		snprintf(name, sizeof(name), "p%03u.t", i);
		snprintf(text + n, sizeof(text) - n, batch[i % nkinds].body, i);
		script(name, text);
	}
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--framework=tap", "--on-crash=continue", "--test-threads=16",
			      "--exe=*.t", dir),
	});
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), NBATCH);
	for (unsigned i = 0; i < NBATCH; i++) {
		snprintf(name, sizeof(name), "p%03u.t", i);
		snprintf(number, sizeof(number), "%u", i);
		snprintf(message, sizeof(message), batch[i % nkinds].message, i);
		check(run, name, batch[i % nkinds].verdict, message);
		assert_non_null(strstr(event_text(run_end(run, name), "stdout"), number));
	}
}

/* Documents where prove and the specification agree; the program's exit status follows them. */
static void prove_judges_the_same(void **state)
{
	static const char *const bodies[] = {
		"print qq(1..2\\nok 1\\nok 2\\n);",
		"print qq(ok\\nok\\n1..2\\n);",
		"print qq(1..2\\nok 1\\nnot ok 2\\n); exit 1;",
		"print qq(1..2\\nok 1\\nnot ok 2 # TODO x\\n);",
		"print qq(1..1\\nok 1 # SKIP x\\n);",
		"print qq(1..0 # SKIP all\\n);",
		"print qq(1..3\\nok 1\\n);",
		"print qq(1..1\\nok 1\\nok 2\\n);",
		"print qq(ok 1\\nok 2\\n);",
		"print qq(1..2\\nok 1\\nok 1\\n);",
		"print qq(TAP version 13\\n1..1\\nnot ok 1\\n  ---\\n  a: 1\\n  ...\\n);",
		"print qq(1..1\\nok 1\\nBail out! now\\n);",
		"print qq(1..1\\nok 1\\n); exit 3;",
		"print qq(1..1\\n1..1\\nok 1\\n);",
		"print qq(ok 1\\n1..2\\nok 2\\n);",
		"print qq(1..1\\nok 1\\n); kill KILL => $$;",
		"die;",
		"use Test::More tests => 2; ok 1; is 1, 1, 'same';",
		"use Test::More tests => 2; ok 1; is 1, 2, 'same';",
		"use Test::More tests => 3; ok 1; ok 1;",
		"use Test::More; plan skip_all => 'not here';",
		"use Test::More; ok 1; done_testing;",
		"use Test::More; subtest a => sub { ok 1; ok 1 }; done_testing;",
		"use Test::More; subtest a => sub { ok 1; ok 0, 'in' }; done_testing;",
		"use Test::More; TODO: { local $TODO = 'x'; ok 0; } done_testing;",
		"use Test::More; SKIP: { skip 'x', 2; } ok 1; done_testing;",
		"use Test::More tests => 1; BAIL_OUT('gone');",
		"use Test::More; ok 1; die 'before the end';",
	};
	const char *args[sizeof(bodies) / sizeof(bodies[0]) + 3] = { "--framework=tap",
								    "--on-crash=continue" };
	char name[32], text[512];
	struct run *run;
	size_t n = sizeof(bodies) / sizeof(bodies[0]);

	(void)state;
	need_program("prove");
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%02zu.t", i);
		snprintf(text, sizeof(text), "#!/usr/bin/perl\n$| = 1; %s\n", bodies[i]);
		args[i + 2] = script(name, text);
	}
	run = run_proctor(&(struct run_setup){ .args = args });
	for (size_t i = 0; i < n; i++) {
		const char *verdict;
		bool good, proved;

		snprintf(name, sizeof(name), "%02zu.t", i);
		snprintf(text, sizeof(text), "prove -Q %s >/dev/null 2>&1", name);
		proved = system(text) == 0;
		verdict = event_text(run_end(run, name), "verdict");
		good = strcmp(verdict, "pass") == 0 || strcmp(verdict, "skip") == 0;
		if (proved != good)
			fail_msg("%s\nis %s here (%s), and prove says %s", bodies[i], verdict,
				 event_text(run_end(run, name), "message"),
				 proved ? "pass" : "fail");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(its_lines_are_the_verdict),
		dir_test(a_death_comes_before_its_lines),
		dir_test(all_of_its_output_is_read),
		harness_test(in_each_isolation_the_lines_are_the_verdict),
		dir_test(a_failure_is_tried_again),
		dir_test(in_directories_a_glob_finds_them),
		dir_test(many_at_a_time_are_told_apart),
		dir_test(prove_judges_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
