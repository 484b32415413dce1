/* SPDX-License-Identifier: MIT */
#include "cli/option_table.h"

#include <string.h>

#include "base/container.h"
#include "cli/near_match.h"

#define SELECTING (COMMAND_RUN | COMMAND_LIST)
#define RUN COMMAND_RUN
#define REPORTING (COMMAND_RUN | COMMAND_COVERAGE)
#define ANY (COMMAND_RUN | COMMAND_LIST | COMMAND_DOCTOR | COMMAND_COVERAGE)

const struct option_spec option_table[] = {
	{ "test-threads", 'j', RUN, OPTION_NEEDED, "N", false,
	  "execute tests on N threads, 1 to 64: how many tests run at the same time, not how "
	  "they are built (default: one per usable core, at least 4)", store_threads },
	{ "jobs", 0, RUN, OPTION_NEEDED, "N", false, "the same as --test-threads", store_threads },
	{ "timeout", 0, RUN, OPTION_NEEDED, "TIME", false,
	  "give each test so much time (default: 20s)", store_timeout },
	{ "grace", 0, RUN, OPTION_NEEDED, "TIME", false,
	  "time between SIGTERM and SIGKILL for a test past its deadline (default: 2s)",
	  store_grace },
	{ "leak-timeout", 0, RUN, OPTION_NEEDED, "TIME", false,
	  "what a test leaves running may end by itself within this time, 0 allowed; then it is a "
	  "leak, and killed (default: 100ms)", store_leak_timeout },
	{ "slow-after", 0, RUN, OPTION_NEEDED, "TIME", false,
	  "name a test that runs longer than this while it runs (default: half the timeout)",
	  store_slow_after },
	{ "max-output", 0, RUN, OPTION_NEEDED, "SIZE", false,
	  "keep so much of what a test writes to each stream, head and tail (default: 1M)",
	  store_max_output },
	{ "isolation", 0, RUN, OPTION_NEEDED, "KIND", false,
	  "batch: tests of a suite share a process (default); test: a process for each test; "
	  "fork: open the suite once and fork for each test", store_isolation },
	{ "no-suite", 0, RUN, OPTION_FLAG, NULL, false, "the same as --isolation=test",
	  store_no_suite },
	{ "on-crash", 0, RUN, OPTION_NEEDED, "WHAT", false,
	  "stop: a crash ends the run at once; continue: go on; auto: stop where all suites are "
	  "TML's, else continue (default)", store_on_crash },
	{ "fail-fast", 0, RUN, OPTION_FLAG, NULL, false, "end the run at the first failure",
	  store_fail_fast },
	{ "max-fail", 0, RUN, OPTION_NEEDED, "N", false, "end the run at the Nth failure",
	  store_max_fail },
	{ "no-fail-fast", 0, RUN, OPTION_FLAG, NULL, false,
	  "go on whatever fails, or crashes (unless --on-crash=stop)", store_no_fail_fast },
	{ "repeat", 0, RUN, OPTION_NEEDED, "N", false, "run every test N times", store_repeat },
	{ "retries", 0, RUN, OPTION_NEEDED, "N", false,
	  "run a failed test up to N times more; a pass then is flaky, counted as passed and "
	  "listed", store_retries },
	{ "confirm", 0, RUN, OPTION_FLAG, NULL, false,
	  "run a test that failed in a shared process again in one of its own, and find the test that disturbs it "
	  "(default)", store_confirm },
	{ "no-confirm", 0, RUN, OPTION_FLAG, NULL, false, "do not", store_no_confirm },
	{ "shuffle", 0, RUN, OPTION_OPTIONAL, "SEED", false,
	  "run suites and tests in a random order, which SEED repeats", store_shuffle },
	{ "shard", 0, SELECTING, OPTION_NEEDED, "I/N", false,
	  "only the tests of part I of N, divided by test id", store_shard },
	{ "filter", 0, SELECTING, OPTION_NEEDED, "PATTERN", false,
	  "only tests whose id contains PATTERN, or matches it as a glob; any of several",
	  store_filter },
	{ "sequence", 0, SELECTING, OPTION_NEEDED, "ID", false,
	  "run exactly the tests of which the ids are given, one after the other in the order given, and those "
	  "of a suite in one process", store_sequence },
	{ "skip", 0, SELECTING, OPTION_NEEDED, "PATTERN", false, "none of these tests",
	  store_skip },
	{ "suite", 0, SELECTING, OPTION_NEEDED, "GROUP", false, "only suites of this group",
	  store_group },
	{ "exe", 0, SELECTING, OPTION_NEEDED, "GLOB", false,
	  "in directories, take executables with such names for tests", store_exe },
	{ "framework", 0, SELECTING, OPTION_NEEDED, "NAME", false,
	  "take the files for tests of this framework, whatever they look like: exe (a program is "
	  "one test), tap (a program prints TAP), googletest, catch2, catch2-v2, doctest, boost, rust, go, suite.h, tml-exe, "
	  "tml", store_framework },
	{ "manifest", 0, SELECTING, OPTION_NEEDED, "FILE", false,
	  "the suites that this manifest lists; -: read it from standard input", store_manifest },
	{ "exe-args", 0, SELECTING, OPTION_NEEDED, "WORDS", false,
	  "start programs with these arguments, taken apart as a shell does", store_exe_args },
	{ "wrap", 0, SELECTING, OPTION_NEEDED, "COMMAND", false,
	  "start every test process with this command before it, such as 'valgrind -q "
	  "--error-exitcode=99'", store_wrap },
	{ "list", 0, RUN, OPTION_FLAG, NULL, false,
	  "print the ids of the tests and run nothing, as proctor list does", store_list },
	{ "list-suites", 0, SELECTING, OPTION_FLAG, NULL, false,
	  "print the names of the suites and run nothing", store_list_suites },
	{ "list-kinds", 0, SELECTING, OPTION_FLAG, NULL, false,
	  "print of which framework each suite is, and of which version where its file shows it; without FILE or DIR: "
	  "the frameworks, and what each is known by. Starts no program", store_list_kinds },
	{ "long", 'l', COMMAND_LIST, OPTION_FLAG, NULL, false,
	  "show the framework of each test and its place in the source, too, as on a terminal", store_long },
	{ "json", 0, COMMAND_LIST, OPTION_FLAG, NULL, false, "print JSON", store_json },
	{ "nocapture", 0, RUN, OPTION_FLAG, NULL, false,
	  "tests write to proctor's own stdout and stderr", store_nocapture },
	{ "pin-tests", 0, RUN, OPTION_FLAG, NULL, false,
	  "keep each test on the core of its worker", store_pin_tests },
	{ "loop", 0, RUN | COMMAND_DOCTOR, OPTION_NEEDED, "KIND", false,
	  "auto: io_uring where it works, else epoll (default); uring; epoll", store_loop },
	{ "events", 0, RUN, OPTION_NEEDED, "FILE", false,
	  "write each event to FILE, as JSON lines; -: to stdout, and the report to stderr",
	  store_events },
	{ "junit", 0, RUN, OPTION_NEEDED, "FILE", false, "write a report in JUnit's XML to FILE",
	  store_junit },
	{ "coverage", 0, RUN, OPTION_OPTIONAL, "KIND", false,
	  "collect coverage of instrumented suites; auto: each suite's own (default); llvm: "
	  "source-based; tml: TML's functions", store_coverage },
	{ "coverage-dir", 0, REPORTING, OPTION_NEEDED, "DIR", false,
	  "where coverage goes, and is read from (default: coverage)", store_coverage_dir },
	{ "coverage-output", 0, REPORTING, OPTION_NEEDED, "FILE", false,
	  "write the HTML report to FILE (default: index.html in the directory)",
	  store_coverage_output },
	{ "coverage-fail-under", 0, REPORTING, OPTION_NEEDED, "PERCENT", false,
	  "exit with 1 where fewer of the lines are covered", store_coverage_fail_under },
	{ "coverage-include", 0, REPORTING, OPTION_NEEDED, "GLOB", false,
	  "report only source files like this; any of several", store_coverage_include },
	{ "coverage-exclude", 0, REPORTING, OPTION_NEEDED, "GLOB", false,
	  "report none of these source files", store_coverage_exclude },
	{ "coverage-allow-partial", 0, REPORTING, OPTION_FLAG, NULL, false,
	  "counts that are missing are told and do not fail the run",
	  store_coverage_allow_partial },
	{ "coverage-tool-timeout", 0, REPORTING, OPTION_NEEDED, "TIME", false,
	  "give each call of LLVM's tools so much time (default: 10m)",
	  store_coverage_tool_timeout },
	{ "backtrace", 0, RUN, OPTION_FLAG, NULL, false,
	  "ask TML's runtime for the backtrace of a panic", store_backtrace },
	{ "no-check-leaks", 0, RUN, OPTION_FLAG, NULL, false,
	  "do not read TML's leak counters", store_no_check_leaks },
	{ "no-inject", 0, RUN, OPTION_FLAG, NULL, false,
	  "put nothing into programs: their crashes are known by the signal alone", store_no_inject },
	{ "keep-temp", 0, RUN, OPTION_FLAG, NULL, false,
	  "keep what tests leave in their temporary directories", store_keep_temp },
	{ "no-cache", 0, SELECTING, OPTION_FLAG, NULL, false,
	  "ask every program for its tests, whatever it answered in earlier runs", store_no_cache },
	{ "verbose", 'v', RUN, OPTION_FLAG, NULL, false, "a line for each test", store_verbose },
	{ "quiet", 'q', RUN, OPTION_FLAG, NULL, false,
	  "a line for each failure, the last line and the total of coverage, nothing else", store_quiet },
	{ "show-output", 0, RUN, OPTION_NEEDED, "OF", false,
	  "show what was written by failed tests (default), by all, or by none", store_show_output },
	{ "style", 0, RUN, OPTION_NEEDED, "WHOSE", false,
	  "what the report looks like: proctor (default); tml: as tml test prints it", store_style },
	{ "slowest", 0, RUN, OPTION_NEEDED, "N", false,
	  "list the N slowest tests at the end", store_slowest },
	{ "color", 0, REPORTING, OPTION_OPTIONAL, "WHEN", false,
	  "use colours: auto: on a terminal (default); always, also without WHEN; never", store_color },
	{ "no-color", 0, REPORTING, OPTION_FLAG, NULL, false, "the same as --color=never",
	  store_no_color },
	{ "help", 'h', ANY, OPTION_FLAG, NULL, false, "print help and exit", store_help },
	{ "host", 0, RUN | COMMAND_DOCTOR, OPTION_NEEDED, "PATH", true,
	  "use this proctor-host", store_host },
};

const size_t option_count = ARRAY_SIZE(option_table);

const struct option_spec *option_find(enum command command, const char *name, size_t nname,
				      char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(option_table); i++) {
		const struct option_spec *spec = &option_table[i];

		if (!(spec->commands & command))
			continue;
		if (name ? strlen(spec->name) == nname && memcmp(spec->name, name, nname) == 0 :
			   spec->letter == letter)
			return spec;
	}
	return NULL;
}

const char *option_meant(enum command command, const char *name)
{
	const char *names[ARRAY_SIZE(option_table)], *match;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(option_table); i++)
		if ((option_table[i].commands & command) && !option_table[i].hidden)
			names[n++] = option_table[i].name;
	match = near_longer(name, names, n);
	return match ? match : near_match(name, names, n);
}
