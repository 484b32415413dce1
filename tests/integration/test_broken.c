/* SPDX-License-Identifier: MIT */
/*
 * Files that are no suite or cannot be run: one clear sentence that names file and cause, the
 * verdict `error` where other tests can still run, and never a crash of proctor.
 */
#include "harness.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct row {
	const char *title;
	const char *file;		/* below the fixtures, unless it begins with '/' */
	const char *cause;		/* in the sentence; '|' between two that are both right */
};

static const struct row rows[] = {
	{ "truncated", "broken/libtruncated.so", "truncated|cut" },
	{ "wrong architecture", "broken/libwrong_arch.so", "machine|architecture" },
	{ "empty", "broken/libempty.so", "empty" },
	{ "text", "broken/libtext.so", "" },
	{ "a FIFO", "broken/libfifo.so", "" },
	{ "no tests", "broken/libno_tests.so", "test" },
	{ "missing", "broken/libnot_there.so", "No such file" },
	{ "a name too long", "/libnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	  "nnnnnnnnnnnnnnnnnnnnnn.so", "too long" },
};

static const char *row_path(const struct row *row)
{
	return row->file[0] == '/' ? row->file : suite_path(row->file);
}

static bool has_cause(const char *text, const char *cause)
{
	char first[64];
	const char *bar = strchr(cause, '|');

	if (!bar)
		return strcasestr(text, cause) != NULL;
	snprintf(first, sizeof(first), "%.*s", (int)(bar - cause), cause);
	return strcasestr(text, first) || strcasestr(text, bar + 1);
}

/* Alone it is wrong input or a test that could not run; either way it is told and no success. */
static void a_broken_file_is_told_alone(void **state)
{
	const struct row *row = *state;
	const char *base = strrchr(row->file, '/') + 1;
	struct run *run = run_proctor(&(struct run_setup){ .args = WORDS(row_path(row)) });
	const char *where;

	assert_true(run->exit_code == 1 || run->exit_code == 2);
	where = run->exit_code == 1 ? run->out : run->err;
	if (!strstr(where, base) || !has_cause(where, row->cause))
		fail_msg("not told: %s", where);
}

/* Among others it costs its own verdict only. */
static void a_broken_file_among_others(void **state)
{
	const struct row *row = *state;
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS(suite_path("entry/libentry.so"), row_path(row),
			      suite_path("smoke/libsmoke_0.so")),
	});

	if (run->exit_code == 2)
		return;		/* refused before anything ran: told by the test above */
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "entry::tml_test_entry", "pass");
	run_check_verdict(run, "smoke_0::tml_test_7", "pass");
	assert_int_equal(run_count(run, "test-end"), 1 + 8 + 1);
}

/* What only the loader finds out. */
static void missing_symbols_are_errors(void **state)
{
	const json_t *end;
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", suite_path("entry/libentry.so"),
			      suite_path("broken/libmissing.so"), suite_path("broken/libneeds.so"),
			      suite_path("smoke/libsmoke_0.so")),
	});
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "missing::tml_test_0", "error");
	end = run_end(run, "missing::tml_test_0");
	assert_non_null(strstr(event_text(end, "message"), "nowhere_to_be_found"));
	assert_non_null(strstr(event_text(end, "message"), "libmissing.so"));
	run_check_verdict(run, "needs::tml_test_0", "error");
	run_check_verdict(run, "needs::tml_test_1", "error");
	end = run_end(run, "needs::tml_test_0");
	assert_non_null(strstr(event_text(end, "message"), "libdep.so"));
	run_check_verdict(run, "entry::tml_test_entry", "pass");
	run_check_verdict(run, "smoke_0::tml_test_0", "pass");
}

static void a_constructor_that_dies_is_an_error(void **state)
{
	static const char *const names[] = { "open_crashes", "open_hangs", "open_exits" };
	struct run *run;
	size_t i;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--on-crash=continue", "--timeout=500ms",
			      "--grace=200ms", suite_path("smoke/libsmoke_0.so"),
			      suite_path("openings/libopen_crashes.so"),
			      suite_path("openings/libopen_hangs.so"),
			      suite_path("openings/libopen_exits.so"),
			      suite_path("smoke/libsmoke_1.so")),
	});
	assert_int_equal(run->exit_code, 1);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		run_check_verdict(run, names[i] == names[0] ? "open_crashes::tml_test_0" :
				  names[i] == names[1] ? "open_hangs::tml_test_0" :
				  "open_exits::tml_test_0", "error");
		assert_non_null(strstr(event_text(run_end_of(run, names[i], "tml_test_1"),
						  "message"), names[i]));
	}
	assert_non_null(strstr(event_text(run_end(run, "open_crashes::tml_test_0"), "message"),
			       "SIGABRT"));
	for (i = 0; i < 8; i++) {
		char name[32];

		snprintf(name, sizeof(name), "tml_test_%zu", i);
		assert_string_equal(event_text(run_end_of(run, "smoke_0", name), "verdict"), "pass");
		assert_string_equal(event_text(run_end_of(run, "smoke_1", name), "verdict"), "pass");
	}
}

/* Of whichever suite. */
static const json_t *end_of_exit(const struct run *run)
{
	json_t *event;
	size_t i;

	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), "test-end") == 0 &&
		    strcmp(event_text(event, "name"), "(exit)") == 0)
			return event;
	fail_msg("no end of an exit");
	return NULL;
}

/* It is no test's, but one knows where to look. */
static void what_a_constructor_left_is_named_with_its_suite(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", suite_path("openings/libopen_forks.so")),
	});

	(void)state;
	assert_int_equal(run->exit_code, 0);
	if (!strstr(run->out, "killed what the host of open_forks had left behind: process ") ||
	    !strstr(run->out, "forked by the suite's code"))
		fail_msg("not named: %s%s", run->out, run->err);
	run_free(run);
}

/* By then every test has its verdict; it must be heard of, and the run must end. */
static void a_destructor_that_dies_costs_no_verdict(void **state)
{
	static const char *const paths[] = {
		"openings/libend_crashes.so", "openings/libend_hangs.so",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS("--test-threads=1", "--on-crash=continue", "--timeout=500ms",
				      "--grace=200ms", suite_path("smoke/libsmoke_0.so"),
				      suite_path(paths[i]), suite_path("smoke/libsmoke_1.so")),
		});
		const char *suite = i == 0 ? "end_crashes" : "end_hangs";
		char open_in_it[80];

		assert_string_equal(event_text(run_end_of(run, suite, "tml_test_0"), "verdict"),
				    "pass");
		assert_string_equal(event_text(run_end_of(run, suite, "tml_test_1"), "verdict"),
				    "pass");
		assert_string_equal(event_text(run_end(run, "smoke_1::tml_test_7"), "verdict"),
				    "pass");
		if (!strstr(run->out, suite) && !strstr(run->err, suite))
			fail_msg("%s is not heard of: %s%s", suite, run->out, run->err);
		/* No test, so not one that is slow; that it is waited for is noted. */
		assert_null(json_object_get(end_of_exit(run), "marks"));
		assert_int_equal(strstr(run->out, "the exit of the host of smoke_0, end_hangs and "
						  "smoke_1 has run for ") != NULL, i == 1);
		snprintf(open_in_it, sizeof(open_in_it), "; open in it were smoke_0, %s, smoke_1", suite);
		if (!strstr(event_text(end_of_exit(run), "message"), open_in_it))
			fail_msg("not all are named: %s", event_text(end_of_exit(run), "message"));
		run_free(run);
	}
}

/* Functions of atexit are called suite by suite. Where one of them fails, it is known whose it was. */
static void whose_function_failed_at_exit_is_known(void **state)
{
	static const struct {
		const char *suite, *verdict, *option;
	} failing[] = {
		{ "exit_aborts", "crash", "--repeat=1" },
		{ "exit_aborts", "crash", "--nocapture" },
		{ "exit_status", "fail", "--repeat=1" },
		{ "exit_hangs", "timeout", "--repeat=1" },
		/* Stopped, it gets through: then it is another one's turn. */
		{ "exit_yields", "timeout", "--repeat=1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		char file[64], note[64], id[64];
		struct run *run;

		snprintf(file, sizeof(file), "openings/lib%s.so", failing[i].suite);
		snprintf(note, sizeof(note), "%s::(exit) has run for ", failing[i].suite);
		snprintf(id, sizeof(id), "%s::(exit)", failing[i].suite);
		run = run_proctor(&(struct run_setup){
			.args = WORDS("--test-threads=1", "--on-crash=continue", "--timeout=500ms",
				      "--grace=10s", failing[i].option, suite_path("smoke/libsmoke_0.so"),
				      suite_path(file), suite_path("smoke/libsmoke_1.so")),
		});
		assert_int_equal(run->exit_code, 1);
		assert_string_equal(event_text(end_of_exit(run), "id"), id);
		run_check_verdict(run, id, failing[i].verdict);
		assert_null(strstr(event_text(end_of_exit(run), "message"), "open in it were"));
		assert_int_equal(strstr(run->out, note) != NULL,
				 strcmp(failing[i].verdict, "timeout") == 0);
		run_free(run);
	}
}

/* The same suite's in several hosts: results of their own. */
static void ends_of_several_hosts_are_told_apart(void **state)
{
	json_int_t repetition = 0;
	json_t *event;
	struct run *run;
	char junit[64], text[16384];
	size_t i, n;
	FILE *f;

	(void)state;
	snprintf(junit, sizeof(junit), "--junit=/tmp/proctor-exits-%d.xml", (int)getpid());
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--on-crash=continue", "--isolation=test", junit,
			      suite_path("openings/libexit_aborts.so")),
	});
	assert_int_equal(run->exit_code, 1);
	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), "test-end") == 0 &&
		    strcmp(event_text(event, "name"), "(exit)") == 0)
			assert_int_equal(event_number(event, "repetition"), ++repetition);
	assert_int_equal(repetition, 2);
	f = fopen(junit + strlen("--junit="), "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	unlink(junit + strlen("--junit="));
	text[n] = '\0';
	assert_non_null(strstr(text, "<property name=\"repetition\" value=\"2\"/>"));
	assert_null(strstr(text, "<property name=\"repetition\" value=\"1\"/>"));
}

static void output_of_a_destructor_is_no_tests(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS(suite_path("openings/libend_prints.so")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_string_equal(event_text(run_end(run, "end_prints::tml_test_1"), "stdout"),
			    "neighbour 1\n");
	/* One suite alone was open: there is no doubt whose destructor it was. */
	assert_non_null(strstr(run->out, "note: end_prints wrote 19 bytes at exit: printed at the end\n"));
}

/* What the suite wrote when the host exited, as the only note of the run has it; NULL: nothing. */
static const json_t *exit_output(const struct run *run, const char *suite)
{
	const json_t *note = NULL, *event, *output;
	size_t i;

	json_array_foreach(run->events, i, event)
		if (json_object_get(event, "exit_output")) {
			assert_null(note);
			note = event;
		}
	assert_non_null(note);
	json_array_foreach(json_object_get(note, "exit_output"), i, output)
		if (strcmp(event_text(output, "suite"), suite) == 0)
			return output;
	return NULL;
}

/* Three suites in one host, two with a report, one of them with functions registered later, too. */
static void reports_at_exit_are_one_short_note(void **state)
{
	const json_t *output;
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", suite_path("openings/libexit_prints_1.so"),
			      suite_path("openings/libexit_prints_2.so"),
			      suite_path("smoke/libsmoke_0.so")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "note: exit_prints_1 and exit_prints_2 wrote 144 bytes at exit: "
					 "report of exit_prints_1:\n"));
	assert_null(strstr(run->out, "of several lines"));
	assert_null(strstr(run->out, "\\x0a"));
	output = exit_output(run, "exit_prints_1");
	assert_string_equal(event_text(output, "stdout"), "last words of exit_prints_1");
	assert_string_equal(event_text(output, "stderr"),
			    "\nreport of exit_prints_1:\n  of several lines\n");
	output = exit_output(run, "exit_prints_2");
	assert_string_equal(event_text(output, "stdout"), "last words of exit_prints_2");
	assert_string_equal(event_text(output, "stderr"),
			    "\nreport of exit_prints_2:\n  of several lines\n");
	assert_null(exit_output(run, "smoke_0"));
	assert_null(exit_output(run, ""));
}

/* The C library calls all destructors at the end, one after the other. */
static void whose_destructor_it_was_is_not_known(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", suite_path("openings/libend_prints.so"),
			      suite_path("openings/libexit_prints_3.so")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_string_equal(event_text(exit_output(run, ""), "stdout"), "printed at the end\n");
	assert_string_equal(event_text(exit_output(run, "exit_prints_3"), "stdout"),
			    "last words of exit_prints_3");
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", suite_path("openings/libend_prints.so"),
			      suite_path("smoke/libsmoke_0.so")),
	});
	assert_non_null(strstr(run->out, "note: the host of end_prints and smoke_0 wrote 19 bytes at "
					 "exit: printed at the end\n"));
}

/* Wrong manifests: a sentence with the file's name and, in it, what is wrong. */
static void a_wrong_manifest_is_refused(void **state)
{
	static const struct {
		const char *text, *cause;
	} manifests[] = {
		{ "{", "" },
		{ "[]", "object" },
		{ "{\"suites\": []}", "version" },
		{ "{\"version\": 99, \"suites\": []}", "99" },
		{ "{\"version\": 1, \"suites\": 3}", "suites" },
		{ "{\"version\": 1, \"suites\": [{\"name\": 3}]}", "name" },
		{ "{\"version\": 1, \"suites\": [{\"name\": \"a\"}]}", "path" },
		{ "{\"version\": 1, \"suites\": [{\"name\": \"a\", \"path\": \"a.so\", \"tests\": "
		  "[{\"index\": -1}]}]}", "index" },
		{ "{\"version\": 1, \"suites\": [{\"name\": \"a\", \"path\": \"a.so\", \"tests\": "
		  "[{\"index\": 0, \"timeout_ms\": \"soon\"}]}]}", "timeout_ms" },
		{ "{\"version\": 1, \"suites\": [{\"name\": \"a\", \"path\": \"a.so\", \"nonsense\": 1}]}",
		  "nonsense" },
	};
	char path[] = "/tmp/proctor-manifest-XXXXXX.json";
	int fd = mkstemps(path, 5);
	size_t i;

	(void)state;
	assert_true(fd >= 0);
	for (i = 0; i < sizeof(manifests) / sizeof(manifests[0]); i++) {
		struct run *run;

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_true(pwrite(fd, manifests[i].text, strlen(manifests[i].text), 0) > 0);
		run = run_proctor(&(struct run_setup){ .args = WORDS(path) });
		assert_int_equal(run->exit_code, 2);
		if (!strstr(run->err, path) || !strstr(run->err, manifests[i].cause))
			fail_msg("%s: %s", manifests[i].text, run->err);
		run_free(run);
	}
	close(fd);
	unlink(path);
}

#define NROWS (sizeof(rows) / sizeof(rows[0]))

static char *bytes_read(const char *path, size_t *nbytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = NULL;
	struct stat st = { 0 };

	if (fd < 0 || fstat(fd, &st) < 0 || !(bytes = malloc((size_t)st.st_size)) ||
	    read(fd, bytes, (size_t)st.st_size) != st.st_size)
		fail_msg("cannot read %s: %s", path, strerror(errno));
	close(fd);
	*nbytes = (size_t)st.st_size;
	return bytes;
}

static void program_write(const char *path, const char *bytes, size_t nbytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, bytes, nbytes) != (ssize_t)nbytes || close(fd) < 0)
		fail_msg("cannot write %s: %s", path, strerror(errno));
}

/* The kernel's word for it is that of a missing file, or of a format. */
static void a_program_that_cannot_be_executed_says_why(void **state)
{
	static const char script[] = "#! /no/such/sh -e\nexit 0\n";
	char dir[] = "/tmp/proctor-cannot-XXXXXX", path[2][64];
	char *program;
	size_t nbytes;
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path[0], sizeof(path[0]), "%s/script", dir);
	snprintf(path[1], sizeof(path[1]), "%s/foreign", dir);
	program = bytes_read(suite_path("exe_options/passes"), &nbytes);
	((Elf64_Ehdr *)program)->e_machine = EM_AARCH64;
	program_write(path[0], script, strlen(script));
	program_write(path[1], program, nbytes);
	free(program);
	run = run_proctor(&(struct run_setup){ .args = WORDS(path[0], path[1]) });
	if (unlink(path[0]) < 0 || unlink(path[1]) < 0 || rmdir(dir) < 0)
		fail_msg("cannot remove %s: %s", dir, strerror(errno));
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "script", "error");
	assert_non_null(strstr(event_text(run_end(run, "script"), "message"),
			       "script: its interpreter /no/such/sh: No such file"));
	run_check_verdict(run, "foreign", "error");
#ifdef __x86_64__
	assert_non_null(strstr(event_text(run_end(run, "foreign"), "message"),
			       "foreign: it is built for aarch64: Exec format error"));
#endif
}

int main(void)
{
	const struct CMUnitTest single[] = {
		harness_test(missing_symbols_are_errors),
		harness_test(a_program_that_cannot_be_executed_says_why),
		harness_test(a_constructor_that_dies_is_an_error),
		harness_test(what_a_constructor_left_is_named_with_its_suite),
		harness_test(a_destructor_that_dies_costs_no_verdict),
		harness_test(whose_function_failed_at_exit_is_known),
		harness_test(ends_of_several_hosts_are_told_apart),
		harness_test(output_of_a_destructor_is_no_tests),
		harness_test(reports_at_exit_are_one_short_note),
		harness_test(whose_destructor_it_was_is_not_known),
		harness_test(a_wrong_manifest_is_refused),
	};
	struct CMUnitTest alone[NROWS], among[NROWS];
	size_t i;
	int nfailed;

	for (i = 0; i < NROWS; i++) {
		alone[i] = (struct CMUnitTest)harness_row_test(rows[i].title,
							       a_broken_file_is_told_alone,
							       &rows[i]);
		among[i] = (struct CMUnitTest)harness_row_test(rows[i].title,
							       a_broken_file_among_others,
							       &rows[i]);
	}
	nfailed = cmocka_run_group_tests_name("broken, alone", alone, NULL, NULL);
	nfailed += cmocka_run_group_tests_name("broken, among others", among, NULL, NULL);
	nfailed += cmocka_run_group_tests_name("broken", single, NULL, NULL);
	return nfailed;
}
