/* SPDX-License-Identifier: MIT */
/*
 * Files that the run meets: suites that are changed while it goes on, and what it writes itself.
 */
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TESTS 13	/* of tests/suites/gated.c */

static char dir[64];

/* A directory with a gate in it, entered. */
static int dir_make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/proctor-files-XXXXXX");
	return mkdtemp(dir) && chdir(dir) == 0 && mkfifo("gate", 0600) == 0 ? 0 : -1;
}

static int dir_remove(void **state)
{
	char command[128];
	int ret = harness_teardown(state);

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") < 0 || system(command) != 0 ? -1 : ret;
}

#define dir_test(function) { #function, (function), dir_make, dir_remove, NULL }
#define dir_row_test(title, function, row) \
	{ (title), (function), dir_make, dir_remove, (void *)(row) }

static void shell(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* Copies a fixture into the directory. */
static void fetch(const char *name, const char *as)
{
	char command[4200];

	snprintf(command, sizeof(command), "cp %s %s", suite_path(name), as);
	shell(command);
}

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* ---- suites that change ---- */

/* Lets the test that waits at the gate go on. Opened for both ways so as not to wait for it. */
static void gate_open(void)
{
	int fd = open("gate", O_RDWR | O_CLOEXEC);

	assert_int_equal(write(fd, "\n\n", 2), 2);
	/* Kept open: closing it would drop what nobody has read yet. */
}

struct change {
	const char *title, *isolation, *command;
	const char *cause;
	unsigned npassed;		/* before it was seen */
};

static const struct change changes[] = {
	{ "a suite replaced", "--isolation=batch", "mv other.so libgated.so",
	  "was replaced by another file", 10 },
	{ "a suite replaced, a process for each test", "--isolation=test",
	  "mv other.so libgated.so", "was replaced by another file", 1 },
	{ "a suite replaced, a fork for each test", "--isolation=fork", "mv other.so libgated.so",
	  "was replaced by another file", 1 },
	{ "a suite removed", "--isolation=batch", "rm libgated.so", "was removed", 10 },
	{ "a suite written over", "--isolation=batch", "cp other.so libgated.so",
	  "was written to", 0 },
	{ "a suite cut off", "--isolation=batch", "truncate -s 100 libgated.so",
	  "was written to", 0 },
};

/* The code of the new file fails; under the old names it must not be heard of. */
static void a_suite_that_changes_is_noticed(void **state)
{
	const struct change *change = *state;
	char gate[96], id[64];
	struct run *run;

	fetch("gated/1/libgated.so", "libgated.so");
	fetch("gated/2/libgated.so", "other.so");
	snprintf(gate, sizeof(gate), "GATE=%s/gate", dir);
	run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--on-crash=continue", change->isolation,
			      in_dir("libgated.so")),
		.env = WORDS(gate),
	});
	run_await(run, "test-start", "gated::tml_test_0");
	shell(change->command);
	gate_open();
	run_finish(run);
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), TESTS);
	for (unsigned i = 0; i < TESTS; i++) {
		snprintf(id, sizeof(id), "gated::tml_test_%u", i);
		run_check_verdict(run, id, i < change->npassed ? "pass" : "error");
		if (i >= change->npassed &&
		    (!strstr(event_text(run_end(run, id), "message"), change->cause) ||
		     !strstr(event_text(run_end(run, id), "message"), "libgated.so")))
			fail_msg("%s: %s", id, event_text(run_end(run, id), "message"));
	}
}

static void a_suite_that_changes_while_it_is_opened_is_noticed(void **state)
{
	struct run *run;

	(void)state;
	fetch("gated/1/libgated.so", "libgated.so");
	run = run_proctor(&(struct run_setup){
		.args = WORDS(in_dir("libgated.so")), .env = WORDS("TOUCH_SELF=1"),
	});
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), TESTS);
	run_check_verdict(run, "gated::tml_test_0", "error");
	run_check_verdict(run, "gated::tml_test_12", "error");
	assert_non_null(strstr(event_text(run_end(run, "gated::tml_test_0"), "message"),
			       "was written to"));
}

static const struct change program_changes[] = {
	{ "a script replaced", "", "mv other.sh gated.sh", "was replaced by another file", 1 },
	{ "a script written over", "", "cp other.sh gated.sh", "was written to", 0 },
	{ "a script removed", "", "rm gated.sh", "was removed", 1 },
};

static void a_program_that_changes_is_noticed(void **state)
{
	const struct change *change = *state;
	char gate[96];
	const json_t *event;
	unsigned n = 0;
	struct run *run;
	size_t i;

	shell("printf '#!/bin/sh\\nread -r line <\"$GATE\"\\nexit 0\\n' >gated.sh &&"
	      " printf '#!/bin/sh\\necho new\\nexit 0\\n' >other.sh && chmod +x gated.sh other.sh");
	snprintf(gate, sizeof(gate), "GATE=%s/gate", dir);
	run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--repeat=2", in_dir("gated.sh")),
		.env = WORDS(gate),
	});
	run_await(run, "test-start", NULL);
	shell(change->command);
	gate_open();
	run_finish(run);
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(run_count(run, "test-end"), 2);
	json_array_foreach(run->events, i, event) {
		if (strcmp(event_text(event, "event"), "test-end") != 0)
			continue;
		if (n++ < change->npassed) {
			assert_string_equal(event_text(event, "verdict"), "pass");
			continue;
		}
		assert_string_equal(event_text(event, "verdict"), "error");
		assert_non_null(strstr(event_text(event, "message"), change->cause));
	}
}

/* ---- what is written ---- */

/* Each line of the events is one, whatever is printed meanwhile. */
static void closed_descriptors_are_nothing_to_write_to(void **state)
{
	static const char *const ways[] = {
		"exec \"$@\" <&- >&-", "exec \"$@\" <&- >&- 2>&-", "exec \"$@\" 2>&-",
	};
	struct run *run;
	size_t i;

	(void)state;
	fetch("gated/1/libgated.so", "libgated.so");
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		run = run_proctor(&(struct run_setup){
			.prefix = WORDS("sh", "-c", ways[i], "sh"),
			.args = WORDS("-v", "--nocapture", in_dir("libgated.so"), "/nowhere/x"),
			.cut_short = true,	/* as the last line of stdout is not there */
		});
		assert_int_equal(run->exit_code, 1);
		assert_int_equal(run_count(run, "test-end"), TESTS + 1);
		assert_int_equal(run_count(run, "run-end"), 1);
		assert_int_equal(run_count(run, "test-start"), TESTS + 1);
		run_free(run);
	}
}

/* While the run goes on, and at its end, when another thread writes. */
static void a_limit_of_file_sizes_is_told(void **state)
{
	static const char *const rows[][2] = {
		{ "--junit=report", "exe_options/floods" }, { "--events=report", "exe_options/floods" },
		{ "--junit=report", "exe_options/shows" },
	};
	const char *limited = "ulimit -f 2; cd \"$0\" && exec \"$@\"";
	struct stat st;
	struct run *run;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run = run_proctor(&(struct run_setup){
			.prefix = WORDS("sh", "-c", limited, dir),
			.args = WORDS(rows[i][0], suite_path(rows[i][1]),
				      suite_path("exe_options/fails"),
				      suite_path("exe_options/skips"),
				      suite_path("exe_options/passes")),
			.no_events = true,
		});
		assert_int_equal(run->exit_code, 3);
		if (!strstr(run->err, "report: File too large"))
			fail_msg("not told: %s", run->err);
		assert_non_null(strstr(run->out, "Tests: "));
		run_free(run);
	}
	assert_int_equal(stat("report.proctor-new", &st), -1);
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("sh", "-c", "ulimit -f 2; cd \"$0\" && exec \"$@\" >list", dir),
		.command = "list", .no_loop = true, .no_events = true,
		.args = WORDS("--json", suite_path("smoke")), .cut_short = true,
	});
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "File too large"));
}

static void assert_refused(const struct run *run, const char *why)
{
	assert_int_equal(run->exit_code, 2);
	assert_string_equal(run->out, "");
	if (!strstr(run->err, why) || strchr(run->err, '\n') != strrchr(run->err, '\n'))
		fail_msg("not one sentence of \"%s\": %s", why, run->err);
}

static void two_runs_do_not_write_one_file(void **state)
{
	const char *busy = "is being written by another proctor";
	char gate[96], junit[96], events[128];
	struct run *first, *second;

	(void)state;
	fetch("gated/1/libgated.so", "libgated.so");
	snprintf(gate, sizeof(gate), "GATE=%s/gate", dir);
	snprintf(junit, sizeof(junit), "--junit=%s/report", dir);
	first = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=1", junit, in_dir("libgated.so")), .env = WORDS(gate),
	});
	run_await(first, "test-start", NULL);
	second = run_proctor(&(struct run_setup){
		.args = WORDS(junit, suite_path("exe_options/passes")), .no_events = true,
	});
	assert_refused(second, busy);
	snprintf(events, sizeof(events), "--events=%s.events", first->dir);
	second = run_proctor(&(struct run_setup){
		.args = WORDS(events, suite_path("exe_options/passes")), .no_events = true,
	});
	assert_refused(second, busy);
	gate_open();
	run_finish(first);
	assert_int_equal(first->exit_code, 0);
	assert_int_equal(run_count(first, "test-end"), TESTS);
	shell("grep -q '<testsuites tests=\"13\"' report && test ! -e report.proctor-new");
	/* Nothing of it is left. */
	second = run_proctor(&(struct run_setup){
		.args = WORDS(junit, suite_path("exe_options/passes")),
	});
	assert_int_equal(second->exit_code, 0);
	shell("grep -q '<testsuites tests=\"1\"' report");
}

static void events_and_junit_are_two_files(void **state)
{
	static const char *const names[][2] = {
		{ "absent", "./absent" }, { "kept", "link" }, { "link", "hard" },
	};
	char events[64], junit[64];
	size_t i;

	(void)state;
	shell("echo kept >kept && ln -s kept link && ln kept hard");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(events, sizeof(events), "--events=%s", names[i][0]);
		snprintf(junit, sizeof(junit), "--junit=%s", names[i][1]);
		assert_refused(run_proctor(&(struct run_setup){
			.args = WORDS(events, junit, suite_path("exe_options/passes")),
			.no_events = true, .cwd = dir,
		}), "name the same file");
	}
	shell("test ! -e absent && test \"$(cat kept)\" = kept");
}

static void devices_and_stdout_are_written_to(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--events=/dev/null", "--junit=/dev/null",
			      suite_path("exe_options/passes")), .no_events = true,
	});
	assert_int_equal(run->exit_code, 0);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--junit=/dev/stdout", suite_path("exe_options/passes")),
		.cut_short = true,	/* as the report comes after the last line */
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "</testsuites>"));
	/* A file behind stdout has one place for both. */
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("sh", "-c", "exec \"$@\" >log", "sh"), .cwd = dir,
		.args = WORDS("--events=/dev/stdout", suite_path("exe_options/passes")),
		.no_events = true, .cut_short = true,
	});
	assert_int_equal(run->exit_code, 0);
	shell("grep -q 'Tests: 1 passed' log && grep -q '^{\"event\":\"run-start\"' log &&"
	      " grep -q '^{\"event\":\"run-end\"' log");
}

/* ---- names ---- */

static void assert_harmless(const struct run *run, int exit_code)
{
	assert_int_equal(run->exit_code, exit_code);
	if (strchr(run->out, '\033') || strchr(run->err, '\033') || strchr(run->err, '\b'))
		fail_msg("sent to the terminal as it is: %s%s", run->out, run->err);
	if (!strstr(run->out, "\\x1b[31m") && !strstr(run->err, "\\x1b[31m"))
		fail_msg("not told: %s%s", run->out, run->err);
}

/* A name must not be able to send commands to the terminal. */
static void names_from_outside_are_shown_harmless(void **state)
{
	static const struct {
		const char *command, *words[4];
		int exit_code;
	} rows[] = {
		{ "run", { "no/\033[31msuch" }, 2 },
		{ "run", { "--\033[31m" }, 2 },
		{ "run", { "--timeout=\033[31m", "x" }, 2 },
		{ "run", { "--exe=t_*", ".", "\033[31mfilter" }, 4 },
		{ "run", { "--exe=u_*", "." }, 2 },
		{ "run", { "--junit=no/\033[31mwhere", "t_x" }, 3 },
		{ "run", { "--suite=\033[31mgroup", "t_x" }, 4 },
		{ "list", { "--exe=v_*", "." }, 0 },
		{ "list", { "--exe=v_*", "--list-suites", "." }, 0 },
		{ "coverage", { "\033[31mdirectory" }, 2 },
		{ "\033[31m\b", { NULL }, 2 },
		{ "help", { "\033[31m" }, 2 },
	};
	size_t i;

	(void)state;
	shell("printf '#!/bin/sh\n' >t_x && chmod +x t_x && cp t_x \"$(printf 'v_\\033[31m')\" &&"
	      " : >\"$(printf 'u_\\033[31m')\"");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.command = rows[i].command, .args = rows[i].words, .cwd = dir,
			.no_events = true, .no_loop = true, .cut_short = true,
		});

		assert_harmless(run, rows[i].exit_code);
		run_free(run);
	}
}

static void assert_listed(const json_t *test, const char *field, const char *text, const char *base64)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_base64", field);
	assert_string_equal(event_text(test, field), text);
	assert_string_equal(event_text(test, key), base64);
}

/* What a machine reads is exact: no \xNN that could be meant so. */
static void a_list_for_machines_is_exact(void **state)
{
	char path[160];
	json_t *list;
	struct run *run;

	(void)state;
	shell("printf '#!/bin/sh\n' >x && chmod +x x && mv x \"$(printf 'a\\033\\\\x1b\\303\\251')\" &&"
	      " cp a* \"$(printf 'b\\377c')\"");
	run = run_proctor(&(struct run_setup){
		.command = "list", .args = WORDS("--json", "--exe=[ab]*", dir),
		.no_events = true, .no_loop = true, .cut_short = true,
	});
	assert_int_equal(run->exit_code, 0);
	list = json_loads(run->out, 0, NULL);
	assert_int_equal(json_array_size(list), 2);
	assert_listed(json_array_get(list, 0), "suite", "a\033\\x1bé", "");
	snprintf(path, sizeof(path), "%s/a\033\\x1bé", dir);
	assert_listed(json_array_get(list, 0), "path", path, "");
	assert_listed(json_array_get(list, 1), "suite", "b\xef\xbf\xbd" "c", "Yv9j");
	assert_listed(json_array_get(list, 1), "group", "", "");
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_row_test(changes[0].title, a_suite_that_changes_is_noticed, &changes[0]),
		dir_row_test(changes[1].title, a_suite_that_changes_is_noticed, &changes[1]),
		dir_row_test(changes[2].title, a_suite_that_changes_is_noticed, &changes[2]),
		dir_row_test(changes[3].title, a_suite_that_changes_is_noticed, &changes[3]),
		dir_row_test(changes[4].title, a_suite_that_changes_is_noticed, &changes[4]),
		dir_row_test(changes[5].title, a_suite_that_changes_is_noticed, &changes[5]),
		dir_test(a_suite_that_changes_while_it_is_opened_is_noticed),
		dir_row_test(program_changes[0].title, a_program_that_changes_is_noticed,
			     &program_changes[0]),
		dir_row_test(program_changes[1].title, a_program_that_changes_is_noticed,
			     &program_changes[1]),
		dir_row_test(program_changes[2].title, a_program_that_changes_is_noticed,
			     &program_changes[2]),
		dir_test(closed_descriptors_are_nothing_to_write_to),
		dir_test(a_limit_of_file_sizes_is_told),
		dir_test(two_runs_do_not_write_one_file),
		dir_test(events_and_junit_are_two_files),
		dir_test(devices_and_stdout_are_written_to),
		dir_test(names_from_outside_are_shown_harmless),
		dir_test(a_list_for_machines_is_exact),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
