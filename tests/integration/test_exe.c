/* SPDX-License-Identifier: MIT */
/* Executables: one test each; what a child finds when it starts. */
#include "harness.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void exit_status_is_the_verdict(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS(suite_path("exe_options/passes"), suite_path("exe_options/skips"),
			      suite_path("exe_options/fails")),
	});
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "passes", "pass");
	run_check_verdict(run, "skips", "skip");
	run_check_verdict(run, "fails", "fail");
	assert_int_equal(event_number(run_end(run, "fails"), "exit_code"), 1);
	assert_string_equal(event_text(run_end(run, "fails"), "stderr"), "fails\n");
}

static void an_exit_status_has_the_meaning_that_it_has_elsewhere(void **state)
{
	static const struct {
		const char *script, *verdict, *message;
	} rows[] = {
		{ "-c 'exit 77'", "skip", "exit status 77" },
		{ "-c 'exit 99'", "error", "exit status 99: it could not be tested" },
		{ "-c 'exit 139'", "fail", "exit status 139, as after SIGSEGV" },
		{ "-c 'exit 128'", "fail", "exit status 128" },
		{ "-c 'exit 255'", "fail", "exit status 255" },
	};
	static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(rows) / sizeof(rows[0]); i++) {
		char arguments[64];
		struct run *run;

		snprintf(arguments, sizeof(arguments), "--exe-args=%s", rows[i / 3].script);
		run = run_proctor(&(struct run_setup){ .args = WORDS(isolations[i % 3], arguments, "/bin/sh") });
		run_check_verdict(run, "sh", rows[i / 3].verdict);
		assert_string_equal(event_text(run_end(run, "sh"), "message"), rows[i / 3].message);
		run_free(run);
	}
}

static void a_directory_gives_executables_only_by_glob(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){ .args = WORDS(suite_path("exe_options")) });
	assert_int_equal(run->exit_code, 4);
	run_free(run);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--exe=p*", suite_path("exe_options")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 1);
	run_check_verdict(run, "passes", "pass");
}

/* The value of NAME in the lines NAME=VALUE that the test printed. */
static const char *shown(const json_t *end, const char *name)
{
	static char value[4096];
	const char *line = event_text(end, "stdout");
	size_t n = strlen(name);

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, n) == 0 && line[n] == '=') {
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + n + 1, "\n"),
				 line + n + 1);
			return value;
		}
	}
	fail_msg("no line %s=", name);
	return NULL;
}

static unsigned shown_times(const json_t *end, const char *name)
{
	const char *at = event_text(end, "stdout");
	unsigned n = 0;

	for (; (at = strstr(at, name)); at++)
		n++;
	return n;
}

static void check_start(const json_t *end)
{
	char cwd[4096];
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_string_equal(event_text(end, "verdict"), "pass");
	assert_string_equal(shown(end, "PROCTOR"), "1");
	assert_true(strlen(shown(end, "PROCTOR_RUN_ID")) >= 8);
	assert_int_equal(atoi(shown(end, "PROCTOR_WORKER")), event_number(end, "worker"));
	assert_int_equal(atoi(shown(end, "cpus")), CPU_COUNT(&cpus));
	assert_string_equal(shown(end, "blocked"), "0");
	assert_string_equal(shown(end, "leader"), "1");
	assert_string_equal(shown(end, "stdin"), "/dev/null");
	assert_string_equal(shown(end, "cwd"), cwd);
}

static void a_program_starts_in_clean_surroundings(void **state)
{
	const json_t *end;
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){ .args = WORDS(suite_path("exe_options/shows")) });
	assert_int_equal(run->exit_code, 0);
	end = run_end(run, "shows");
	check_start(end);
	assert_string_equal(shown(end, "PROCTOR_TEST"), "shows");
	assert_int_equal(shown_times(end, "fd="), 3);
	/* SIGPIPE, which the harness ignores and proctor has to hand on as it was. */
	assert_string_equal(shown(end, "ignored"), "1");
}

static void a_library_runs_in_clean_surroundings(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("shows", "options::tml_test_5", suite_path("options/liboptions.so")),
	});
	assert_int_equal(run->exit_code, 0);
	check_start(run_end(run, "options::tml_test_5"));
}

/* A linker that is just finishing holds the program open for writing for a moment more. */
static bool written_program_is_waited_for(void)
{
	struct timespec moment = { .tv_nsec = 100000000 };
	char path[128], copy[256];
	struct run *run;
	bool in_time;
	int fd;

	snprintf(path, sizeof(path), "/tmp/proctor-written-%d", (int)getpid());
	snprintf(copy, sizeof(copy), "cp /bin/true %s", path);
	assert_int_equal(system(copy), 0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	run = run_start(&(struct run_setup){ .args = WORDS(path) });
	run_await(run, "run-start", NULL);
	nanosleep(&moment, NULL);
	close(fd);
	run_finish(run);
	unlink(path);
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 1);
	/* The wait was proctor's and not the test's. */
	assert_string_equal(event_text(run_event(run, "test-end"), "verdict"), "pass");
	in_time = event_number(run_event(run, "test-end"), "duration_us") < 90000;
	run_free(run);
	return in_time;
}

static void a_program_that_is_still_written_is_waited_for(void **state)
{
	(void)state;
	test_in_time(written_program_is_waited_for);
}

static void a_library_for_one_file_runs(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){ .args = WORDS(suite_path("entry/libentry.so")) });
	assert_int_equal(run->exit_code, 0);
	run_check_verdict(run, "entry::tml_test_entry", "pass");
	assert_string_equal(event_text(run_end(run, "entry::tml_test_entry"), "stdout"),
			    "the only one\n");
}

static void what_a_program_is_started_with_can_be_said(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--wrap=env WRAPPED='by env'", "--exe-args=-c 'echo \"$WRAPPED, $1\"'",
			      "--exe-args=a \"b c\"", "/bin/sh"),
	});
	assert_int_equal(run->exit_code, 0);
	assert_string_equal(event_text(run_end(run, "sh"), "stdout"), "by env, b c\n");
}

/* timeout(1) moves itself to a group of its own; a library's host is wrapped as a program is. */
static void every_test_process_is_wrapped(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--wrap=timeout 20 env WAY_ENV=wrapped", suite_path("exe_options/shows"),
			      "shows", "options::tml_test_5", suite_path("options/liboptions.so")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_string_equal(shown(run_end(run, "shows"), "WAY_ENV"), "wrapped");
	assert_string_equal(shown(run_end(run, "options::tml_test_5"), "WAY_ENV"), "wrapped");
}

static void what_cannot_wrap_is_wrong_usage(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){ .args = WORDS("--wrap=no-such-program -q", "/bin/sh") });
	assert_int_equal(run->exit_code, 2);
	assert_non_null(strstr(run->err, "there is no program no-such-program to start the tests with"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(exit_status_is_the_verdict),
		harness_test(an_exit_status_has_the_meaning_that_it_has_elsewhere),
		harness_test(a_directory_gives_executables_only_by_glob),
		harness_test(a_program_starts_in_clean_surroundings),
		harness_test(a_library_runs_in_clean_surroundings),
		harness_test(a_library_for_one_file_runs),
		harness_test(what_a_program_is_started_with_can_be_said),
		harness_test(every_test_process_is_wrapped),
		harness_test(what_cannot_wrap_is_wrong_usage),
		harness_test(a_program_that_is_still_written_is_waited_for),
	};

	return cmocka_run_group_tests_name("exe", tests, NULL, NULL);
}
