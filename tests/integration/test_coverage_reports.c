/* SPDX-License-Identifier: MIT */
/* Coverage: the reports, their directory, and the tools that make them. */
#include "coverage_runs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void the_minimum_decides(void **state)
{
	const char *lost = need_suite("coverage/liblost.so%s", "");
	struct run *run;

	(void)state;
	run = cover(false, WORDS("--coverage-fail-under=90", lost));
	assert_int_equal(run->exit_code, 1);
	assert_non_null(strstr(run->out, "below the minimum of 90 %"));
	run = cover(false, WORDS("--coverage-fail-under=1.5", lost));
	assert_int_equal(run->exit_code, 0);
	run = cover(false, WORDS("--coverage-fail-under=100",
				 need_suite("coverage/libneeds_%s.so", "19")));
	assert_int_equal(run->exit_code, 0);
}

static void reports_are_narrowed_to_what_was_asked_for(void **state)
{
	struct run *run;
	char *lcov, *html;

	(void)state;
	run = cover(false, WORDS("--coverage-include=*/cov_dep.c", "--coverage-output=page.html",
				 need_suite("coverage/libneeds_%s.so", "19"),
				 need_suite("coverage/exe%s-pass", "19")));
	check_complete(run, 0);
	lcov = coverage_text(run, "coverage/coverage.lcov");
	html = coverage_text(run, "page.html");
	assert_non_null(strstr(lcov, "cov_dep.c"));
	assert_null(strstr(lcov, "cov_exe.c"));
	assert_non_null(strstr(html, "cov_dep.c"));
	assert_null(strstr(html, "cov_exe.c"));
	assert_int_equal(count_of(run, "dep_twice"), 3);
	assert_int_equal(count_of(run, ":work"), -1);
	free(lcov);
	free(html);
	run = cover(false, WORDS("--coverage-exclude=cov_dep.c",
				 need_suite("coverage/libneeds_%s.so", "19"),
				 need_suite("coverage/exe%s-pass", "19")));
	check_complete(run, 0);
	assert_int_equal(count_of(run, "dep_twice"), -1);
	assert_int_equal(count_of(run, ":work"), 1);
}

/* The second run's counts are its own; the directory holds one run's. */
static void a_directory_is_used_again(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char dir[128];
	struct run *run = cover(false, WORDS(needs));

	(void)state;
	snprintf(dir, sizeof(dir), "--coverage-dir=%s/" WORK "/coverage", run->dir);
	run_proctor(&(struct run_setup){ .args = WORDS("--coverage", dir, needs) });
	check_complete(run, 0);
	assert_int_equal(count_of(run, "dep_twice"), 3);
}

/* What a run would remove must be what a run has left. */
static void a_directory_of_others_is_refused(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char dir[64] = "/tmp/proctor-others-XXXXXX", option[96], text[320];
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof(text), "mkdir %s/raw && echo mine > %s/raw/photo", dir, dir);
	assert_int_equal(system(text), 0);
	snprintf(option, sizeof(option), "--coverage-dir=%s", dir);
	for (int i = 0; i < 2; i++) {
		run = run_start(&(struct run_setup){
			.args = WORDS("--coverage", option, needs), .cut_short = true, .no_events = true,
		});
		run_finish(run);
		assert_int_equal(run->exit_code, 3);
		assert_non_null(strstr(run->err, "/raw is there and no run with --coverage has left it"));
	}
	/* And asking for a report does not make it a run's. */
	run = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(dir), .no_events = true, .no_loop = true,
		.cut_short = true,
	});
	run_finish(run);
	assert_int_equal(run->exit_code, 2);
	snprintf(text, sizeof(text), "grep -qx mine %s/raw/photo && test \"$(ls -A %s)\" = raw && rm -r %s",
		 dir, dir, dir);
	assert_int_equal(system(text), 0);
}

/* Names say nothing, not even that of the mark: nothing in there is touched. */
static void a_directory_is_known_by_its_mark(void **state)
{
	static const char *const made[] = { "touch lock", "touch .proctor-coverage",
					    "echo mine >.proctor-coverage" };
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char dir[64] = "/tmp/proctor-site-XXXXXX", option[96], text[512];
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(option, sizeof(option), "--coverage-dir=%s", dir);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		snprintf(text, sizeof(text), "cd %s && rm -rf * .p* && %s && mkdir raw merged &&"
			 " echo mine | tee raw/photo merged/notes index.html >/dev/null &&"
			 " ls -lAR >%s.before", dir, made[i], dir);
		assert_int_equal(system(text), 0);
		run = run_start(&(struct run_setup){
			.args = WORDS("--coverage", option, needs), .cut_short = true,
			.no_events = true,
		});
		run_finish(run);
		assert_int_equal(run->exit_code, 3);
		assert_non_null(strstr(run->err, "no run with --coverage has left it"));
		snprintf(text, sizeof(text), "cd %s && ls -lAR | cmp - %s.before &&"
			 " cat raw/photo merged/notes index.html | sort -u | grep -qx mine", dir, dir);
		assert_int_equal(system(text), 0);
		run_free(run);
	}
	/* A link to a directory of others is not emptied either. */
	snprintf(text, sizeof(text), "cd %s && rm -rf * .p*", dir);
	assert_int_equal(system(text), 0);
	run_free(run_proctor(&(struct run_setup){ .args = WORDS("--coverage", option, needs) }));
	snprintf(text, sizeof(text), "cd %s && rm -rf raw && mkdir mine && echo mine >mine/photo &&"
		 " ln -s mine raw", dir);
	assert_int_equal(system(text), 0);
	run = run_start(&(struct run_setup){
		.args = WORDS("--coverage", option, needs), .cut_short = true, .no_events = true,
	});
	run_finish(run);
	assert_int_equal(run->exit_code, 3);
	snprintf(text, sizeof(text), "grep -qx mine %s/mine/photo && rm -r %s %s.before",
		 dir, dir, dir);
	assert_int_equal(system(text), 0);
}

static void what_cannot_be_written_is_told_before_the_tests(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	struct run *run;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--coverage", "--coverage-output=nowhere/page.html", needs),
		.prefix = IN_ITS_DIRECTORY, .cut_short = true, .no_events = true,
	});
	run_finish(run);
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "nowhere/page.html: No such file"));
	assert_null(strstr(run->out, "passed"));
}

static void what_was_emptied_is_damaged(void **state)
{
	struct run *run = cover(false, WORDS(need_suite("coverage/libneeds_%s.so", "19"))), *again;
	char dir[128], path[160];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/" WORK "/coverage", run->dir);
	snprintf(path, sizeof(path), "%s/merged/0.profraw", dir);
	assert_int_equal(truncate(path, 0), 0);
	again = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(dir), .no_events = true, .no_loop = true,
		.cut_short = true,
	});
	run_finish(again);
	assert_int_equal(again->exit_code, 3);
	assert_non_null(strstr(again->err, "0.profraw is damaged: it is empty"));
	assert_int_equal(unlink(path), 0);
	again = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(dir), .no_events = true, .no_loop = true,
		.cut_short = true,
	});
	run_finish(again);
	assert_int_equal(again->exit_code, 3);
}

/* What was not selected is not said to be uninstrumented. */
static void a_filtered_run_has_no_false_note(void **state)
{
	struct run *run = cover(false, WORDS("--filter=needs", need_suite("coverage/libneeds_%s.so", "19"),
					     need_suite("coverage/exe%s-pass", "19")));

	(void)state;
	check_complete(run, 0);
	assert_null(strstr(run->out, "note:"));
}

/* A minimum that nobody looks at would be worse than none. */
static void coverage_options_want_coverage(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--coverage-fail-under=90", suite_path("coverage/libplain.so")),
		.no_events = true, .cut_short = true,
	});

	(void)state;
	run_finish(run);
	assert_int_equal(run->exit_code, 2);
	assert_non_null(strstr(run->err, "--coverage-fail-under is of no use without --coverage"));
}

static void a_directory_in_use_is_refused(void **state)
{
	const char *hang = need_suite("coverage/exe%s-hang", "19");
	struct run *first, *second;
	char dir[128];

	(void)state;
	first = run_start(&(struct run_setup){
		.args = WORDS("--coverage", "--timeout=60s", "--grace=100ms", hang),
		.env = WORDS("COVERAGE_BAD=1"),
		.cut_short = true,
		.prefix = IN_ITS_DIRECTORY,
	});
	run_await(first, "test-start", NULL);
	snprintf(dir, sizeof(dir), "--coverage-dir=%s/" WORK "/coverage", first->dir);
	second = run_start(&(struct run_setup){
		.args = WORDS("--coverage", dir, hang), .cut_short = true, .no_events = true,
	});
	run_finish(second);
	assert_int_equal(second->exit_code, 3);
	assert_non_null(strstr(second->err, "in use by another run"));
	kill(first->pid, SIGINT);
	run_finish(first);
}

/* A directory with executable scripts under the names of LLVM's tools. */
static void tools_write(const char *dir, const char *profdata, const char *cov)
{
	const char *const names[] = { "llvm-profdata-19", "llvm-cov-19" };
	const char *const bodies[] = { profdata, cov };
	char path[256];

	assert_int_equal(mkdir(dir, 0777), 0);
	for (size_t i = 0; i < 2; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "#!/bin/sh\ncase \"$*\" in *--version*) echo 'LLVM version 19.1.7'; exit;; "
			"esac\n%s\n", bodies[i]);
		fclose(f);
		assert_int_equal(chmod(path, 0755), 0);
	}
}

/* With the right tools the reports come from what the run left. */
static void report_again(const struct run *run)
{
	char coverage[128];
	struct run *again;

	snprintf(coverage, sizeof(coverage), "%s/" WORK "/coverage", run->dir);
	again = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(coverage), .no_events = true, .no_loop = true,
		.cut_short = true,
	});
	run_finish(again);
	assert_int_equal(again->exit_code, 0);
}

struct tool_row {
	const char *title, *profdata, *cov, *says;
	bool hangs;		/* the others have the time that a busy machine takes */
};

static const struct tool_row tool_rows[] = {
	{ "it fails", "echo out of order >&2; exit 1", "exit 1",
	  "failed with status 1: out of order" },
	{ "it crashes", "kill -SEGV $$", "exit 1", "crashed with SIGSEGV" },
	{ "it hangs", "/bin/sleep 1000 & wait", "exit 1", "did not end within 3 s",
	  .hangs = true },
	{ "it writes nothing", "exit 0", "exit 0", "wrote nothing" },
	{ "llvm-cov fails", "while [ \"$1\" != -o ]; do shift; done; echo x > \"$2\"",
	  "echo no such thing >&2; exit 2", "llvm-cov-19, which was to export" },
	{ "llvm-cov talks nonsense", "while [ \"$1\" != -o ]; do shift; done; echo x > \"$2\"",
	  "echo nonsense", "the export of llvm-cov, line 1" },
};

static void a_tool_that_fails_is_an_error(void **state)
{
	const struct tool_row *row = *state;
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char dir[64] = "/tmp/proctor-tools-XXXXXX", tools[80], path[128];
	struct run *run;

	assert_non_null(mkdtemp(dir));
	snprintf(tools, sizeof(tools), "%s/bin", dir);
	tools_write(tools, row->profdata, row->cov);
	/* Nothing of the machine's own tools; the scripts need a few programs. */
	snprintf(path, sizeof(path), "PATH=%s:/bin/nonexistent", tools);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--coverage", row->hangs ? "--coverage-tool-timeout=3s"
						       : "--coverage-tool-timeout=60s", needs),
		.prefix = IN_ITS_DIRECTORY,
		.env = WORDS(path),
	});
	assert_int_equal(run->exit_code, 3);
	if (!strstr(run->err, row->says))
		fail_msg("stderr does not say \"%s\": %s", row->says, run->err);
	assert_non_null(strstr(run->out, "Coverage: there is no report"));
	assert_false(coverage_exists(run, "coverage/coverage.json"));
	assert_false(coverage_exists(run, "coverage/coverage.profdata.new"));
	report_again(run);
	assert_int_equal(count_of(run, "dep_twice"), 3);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

/* A run of the library whose llvm-profdata hangs, as far as that. */
static struct run *start_and_hang(const char *tools, const char *library)
{
	char path[256];
	struct run *run;

	tools_write(tools, "exec /bin/sleep 1000", "exit 1");
	snprintf(path, sizeof(path), "PATH=%s:/bin/nonexistent", tools);
	run = run_start(&(struct run_setup){
		.args = WORDS("--coverage", library),
		.prefix = IN_ITS_DIRECTORY,
		.env = WORDS(path),
		.cut_short = true,
	});
	run_await_processes(run, "sleep", 1);
	return run;
}

/* An interrupt ends the report, not only the tests; what they left is reported on later. */
static void a_report_is_interrupted(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char tools[64] = "/tmp/proctor-tools-XXXXXX", text[128];
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(tools));
	assert_int_equal(rmdir(tools), 0);
	run = start_and_hang(tools, needs);
	kill(run->pid, SIGINT);
	run_finish(run);
	assert_int_equal(run->exit_code, 128 + SIGINT);
	run_check(run);
	assert_non_null(strstr(run->err, "was stopped with the run"));
	assert_false(coverage_exists(run, "coverage/coverage.json"));
	report_again(run);
	assert_int_equal(count_of(run, "dep_twice"), 3);
	snprintf(text, sizeof(text), "rm -r %s", tools);
	assert_int_equal(system(text), 0);
}

/* The tool dies with proctor, and the directory is free again. */
static void a_report_is_killed(void **state)
{
	const char *needs = need_suite("coverage/libneeds_%s.so", "19");
	char tools[64] = "/tmp/proctor-tools-XXXXXX", text[128];
	struct run *run, *again;

	(void)state;
	assert_non_null(mkdtemp(tools));
	assert_int_equal(rmdir(tools), 0);
	run = start_and_hang(tools, needs);
	kill(run->pid, SIGKILL);
	run_finish(run);
	assert_int_equal(run->exit_code, 128 + SIGKILL);
	run_await_processes(run, "sleep", 0);
	run_await_guard(run);
	snprintf(text, sizeof(text), "--coverage-dir=%s/" WORK "/coverage", run->dir);
	again = run_proctor(&(struct run_setup){ .args = WORDS("--coverage", text, needs) });
	assert_int_equal(again->exit_code, 0);
	assert_int_equal(count_of(run, "dep_twice"), 3);
	snprintf(text, sizeof(text), "rm -r %s", tools);
	assert_int_equal(system(text), 0);
}

static void without_tools_the_package_is_named(void **state)
{
	const char *old = need_suite("coverage/libneeds_%s.so", "14");
	struct run *run, *again;
	char coverage[128];

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--coverage", old), .prefix = IN_ITS_DIRECTORY,
		.env = WORDS("PATH=/nonexistent"),
	});
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "raw profiles of version 8"));
	assert_non_null(strstr(run->err, "package llvm-14"));
	snprintf(coverage, sizeof(coverage), "--coverage-dir=%s/" WORK "/coverage", run->dir);
	again = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS(coverage, "--coverage-fail-under=100"),
		.no_events = true, .no_loop = true, .cut_short = true,
	});
	run_finish(again);
	assert_int_equal(again->exit_code, 0);
	assert_int_equal(count_of(run, "dep_twice"), 3);
}

static void nothing_left_is_wrong_input(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.command = "coverage", .args = WORDS("nothing"), .no_events = true, .no_loop = true,
		.cut_short = true,
	});

	(void)state;
	run_finish(run);
	assert_int_equal(run->exit_code, 2);
	assert_non_null(strstr(run->err, "no run with --coverage has left anything"));
}

/* A file system of some pages: profiles, or what is made of them, do not fit. */
static void a_full_disk_is_told(void **state)
{
	const char *ways = need_suite("coverage/libways_%s.so", "19");
	char dir[64] = "/tmp/proctor-disk-XXXXXX", option[96];

	(void)state;
	assert_non_null(mkdtemp(dir));
	/* From "not even the directories" to "all but the last report". */
	for (int kib = 4; kib <= 44; kib += 4) {
		char size[32];
		struct run *run;

		snprintf(size, sizeof(size), "size=%dk", kib);
		if (mount("tmpfs", dir, "tmpfs", 0, size) < 0) {
			rmdir(dir);
			skip();
		}
		snprintf(option, sizeof(option), "--coverage-dir=%s", dir);
		run = run_start(&(struct run_setup){
			.args = WORDS("--coverage", option, "--isolation=test", SHORT, ways),
			.env = WORDS("COVERAGE_BAD=1"), .cut_short = true,
		});
		run_finish(run);
		assert_int_equal(umount2(dir, MNT_DETACH), 0);
		if (run->exit_code != 3 || !strstr(run->err, "proctor: "))
			fail_msg("%d KiB: exit %d, %s", kib, run->exit_code, run->err);
		run_free(run);
	}
	rmdir(dir);
}

#define TOOL_ROW(i) \
	harness_row_test("a_tool_that_fails_is_an_error", \
			 a_tool_that_fails_is_an_error, &tool_rows[i])

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(the_minimum_decides),
		harness_test(reports_are_narrowed_to_what_was_asked_for),
		harness_test(a_directory_is_used_again),
		harness_test(a_directory_of_others_is_refused),
		harness_test(a_directory_is_known_by_its_mark),
		harness_test(what_cannot_be_written_is_told_before_the_tests),
		harness_test(what_was_emptied_is_damaged),
		harness_test(a_filtered_run_has_no_false_note),
		harness_test(coverage_options_want_coverage),
		harness_test(a_directory_in_use_is_refused),
		TOOL_ROW(0), TOOL_ROW(1), TOOL_ROW(2), TOOL_ROW(3), TOOL_ROW(4),
		TOOL_ROW(5),
		harness_test(a_report_is_interrupted),
		harness_test(a_report_is_killed),
		harness_test(without_tools_the_package_is_named),
		harness_test(nothing_left_is_wrong_input),
		harness_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
