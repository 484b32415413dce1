/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/container.h"
#include "base/quantity.h"

#define TIME_MAX_US (365ull * 24 * 3600 * 1000000)
#define OUTPUT_MAX_BYTES (1ull << 30)
#define REPEAT_MAX 1000000
#define RETRIES_MAX 1000
#define SHARDS_MAX 1000000
#define FAILURES_MAX 1000000
#define SLOWEST_MAX 1000

/* In the library's options 0 stands for the default, so that none may be asked for. */
static int parse_time(const char *text, uint64_t *us, struct proctor_error *err)
{
	uint64_t value;
	int ret = quantity_time_us(text, &value, err);

	if (ret < 0)
		return ret;
	if (value == 0)
		return error_set(err, -ERANGE, "%s is too short a time", text);
	if (value > TIME_MAX_US)
		return error_set(err, -ERANGE, "%s is too long a time", text);
	*us = value;
	return 0;
}

static int parse_unsigned(const char *text, unsigned min, unsigned max, unsigned *number,
			  struct proctor_error *err)
{
	uint64_t value;
	int ret = quantity_number(text, min, max, &value, err);

	if (ret == 0)
		*number = (unsigned)value;
	return ret;
}

struct choice {
	const char *name;
	int value;
};

/* Up to three choices, as each option here has. */
static int parse_choice(const char *text, const struct choice choices[3], int *value,
			struct proctor_error *err)
{
	for (size_t i = 0; i < 3 && choices[i].name; i++)
		if (strcmp(choices[i].name, text) == 0) {
			*value = choices[i].value;
			return 0;
		}
	return error_set(err, -EINVAL, "\"%s\" is none of %s, %s%s%s", text, choices[0].name,
			 choices[1].name, choices[2].name ? ", " : "",
			 choices[2].name ? choices[2].name : "");
}

static int list_add(const char ***list, size_t *n, const char *text, struct proctor_error *err)
{
	const char **grown = reallocarray(*list, *n + 1, sizeof(*grown));

	if (!grown)
		return error_sys(err, ENOMEM, "cannot keep \"%s\"", text);
	grown[(*n)++] = text;
	*list = grown;
	return 0;
}

static int store_threads(struct options *o, const char *text, struct proctor_error *err)
{
	return parse_unsigned(text, 1, PROCTOR_THREADS_MAX, &o->run.nthreads, err);
}

static int store_timeout(struct options *o, const char *text, struct proctor_error *err)
{
	return parse_time(text, &o->run.timeout_us, err);
}

static int store_grace(struct options *o, const char *text, struct proctor_error *err)
{
	return parse_time(text, &o->run.grace_us, err);
}

/* Here no time at all is a choice. */
static int store_leak_timeout(struct options *o, const char *text, struct proctor_error *err)
{
	uint64_t value;

	if (quantity_time_us(text, &value, NULL) == 0 && value == 0) {
		o->run.leak_us = PROCTOR_AT_ONCE;
		return 0;
	}
	return parse_time(text, &o->run.leak_us, err);
}

static int store_slow_after(struct options *o, const char *text, struct proctor_error *err)
{
	return parse_time(text, &o->run.slow_after_us, err);
}

static int store_max_output(struct options *o, const char *text, struct proctor_error *err)
{
	uint64_t bytes;
	int ret = quantity_bytes(text, &bytes, err);

	if (ret < 0)
		return ret;
	if (bytes == 0 || bytes > OUTPUT_MAX_BYTES)
		return error_set(err, -ERANGE, "%s is not between 1 and 1G", text);
	o->run.max_output_bytes = (size_t)bytes;
	return 0;
}

static int store_isolation(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "batch", PROCTOR_ISOLATION_BATCH },
		{ "test", PROCTOR_ISOLATION_TEST },
		{ "fork", PROCTOR_ISOLATION_FORK },
	};
	int value = 0, ret = parse_choice(text, choices, &value, err);

	if (ret == 0)
		o->run.isolation = (enum proctor_isolation)value;
	return ret;
}

static int store_loop(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "auto", PROCTOR_LOOP_AUTO },
		{ "uring", PROCTOR_LOOP_URING },
		{ "epoll", PROCTOR_LOOP_EPOLL },
	};
	int value = 0, ret = parse_choice(text, choices, &value, err);

	if (ret == 0)
		o->run.loop = (enum proctor_loop)value;
	return ret;
}

static int store_on_crash(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "auto", PROCTOR_ON_CRASH_AUTO },
		{ "stop", PROCTOR_ON_CRASH_STOP },
		{ "continue", PROCTOR_ON_CRASH_CONTINUE },
	};
	int value = 0, ret = parse_choice(text, choices, &value, err);

	if (ret == 0)
		o->run.on_crash = (enum proctor_on_crash)value;
	return ret;
}

static int store_max_fail(struct options *o, const char *text, struct proctor_error *err)
{
	return parse_unsigned(text, 1, FAILURES_MAX, &o->run.max_failures, err);
}

static int store_slowest(struct options *o, const char *text, struct proctor_error *err)
{
	return parse_unsigned(text, 0, SLOWEST_MAX, &o->nslowest, err);
}

static int store_show_output(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "failed", TERMINAL_OUTPUT_FAILED },
		{ "all", TERMINAL_OUTPUT_ALL },
		{ "none", TERMINAL_OUTPUT_NONE },
	};
	int value = 0, ret = parse_choice(text, choices, &value, err);

	if (ret == 0)
		o->output = (enum terminal_output)value;
	return ret;
}

static int store_color(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "auto", COLOR_AUTO },
		{ "always", COLOR_ALWAYS },
		{ "never", COLOR_NEVER },
	};
	int value = COLOR_ALWAYS, ret = text ? parse_choice(text, choices, &value, err) : 0;

	if (ret == 0)
		o->color = (enum color_choice)value;
	return ret;
}

/* Whatever fails the run goes on; only a --on-crash=stop that was given stays. */
static int store_no_fail_fast(struct options *o, const char *text, struct proctor_error *err)
{
	(void)text;
	(void)err;
	o->run.max_failures = 0;
	if (o->run.on_crash == PROCTOR_ON_CRASH_AUTO)
		o->run.on_crash = PROCTOR_ON_CRASH_CONTINUE;
	return 0;
}

static int store_repeat(struct options *o, const char *text, struct proctor_error *err)
{
	return parse_unsigned(text, 1, REPEAT_MAX, &o->run.repeat, err);
}

static int store_retries(struct options *o, const char *text, struct proctor_error *err)
{
	return parse_unsigned(text, 0, RETRIES_MAX, &o->run.retries, err);
}

static int store_shuffle(struct options *o, const char *text, struct proctor_error *err)
{
	o->run.shuffle = true;
	return text ? quantity_number(text, 1, UINT64_MAX, &o->run.seed, err) : 0;
}

static int store_shard(struct options *o, const char *text, struct proctor_error *err)
{
	const char *slash = strchr(text, '/');
	char index[16];
	unsigned i = 0, n = 0;
	int ret;

	if (!slash || (size_t)(slash - text) >= sizeof(index))
		return error_set(err, -EINVAL, "\"%s\" is not a shard such as 1/4", text);
	memcpy(index, text, (size_t)(slash - text));
	index[slash - text] = '\0';
	ret = parse_unsigned(slash + 1, 1, SHARDS_MAX, &n, err);
	if (ret == 0)
		ret = parse_unsigned(index, 1, n, &i, err);
	if (ret < 0)
		return ret;
	o->selection.shard_index = i;
	o->selection.shard_count = n;
	return 0;
}

static int store_filter(struct options *o, const char *text, struct proctor_error *err)
{
	return list_add(&o->filters, &o->selection.nfilters, text, err);
}

static int store_skip(struct options *o, const char *text, struct proctor_error *err)
{
	return list_add(&o->skips, &o->selection.nskips, text, err);
}

/* As with --events it would be the standard output, which has the report. */
static int store_junit(struct options *o, const char *text, struct proctor_error *err)
{
	if (strcmp(text, "-") == 0)
		return error_set(err, -EINVAL, "the standard output is the report's (/dev/stdout "
				 "names it, ./- a file)");
	o->junit_path = text;
	return 0;
}

/* A flag, or a text that is kept as it is, needs one line. */
#define STORE(name, statement) \
	static int store_##name(struct options *o, const char *text, struct proctor_error *err) \
	{ \
		(void)text; \
		(void)err; \
		statement; \
		return 0; \
	}

static int store_coverage(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "auto", PROCTOR_COVERAGE_AUTO },
		{ "llvm", PROCTOR_COVERAGE_LLVM },
		{ "tml", PROCTOR_COVERAGE_TML },
	};
	int value = PROCTOR_COVERAGE_AUTO, ret = text ? parse_choice(text, choices, &value, err) : 0;

	if (ret == 0)
		o->run.coverage.kind = (enum proctor_coverage_kind)value;
	return ret;
}

static int store_coverage_output(struct options *o, const char *text, struct proctor_error *err)
{
	if (text[strlen(text) - 1] == '/')
		return error_set(err, -EINVAL, "the name of a file is wanted");
	o->run.coverage.html_path = text;
	return 0;
}

static int store_coverage_fail_under(struct options *o, const char *text,
				     struct proctor_error *err)
{
	char *end = NULL;
	double percent = strtod(text, &end);

	/* Neither a sign nor hexadecimal digits nor "nan". */
	if (strspn(text, "0123456789.") != strlen(text) || *end || percent > 100)
		return error_set(err, -EINVAL, "\"%s\" is no percentage from 0 to 100", text);
	o->run.coverage.has_minimum = true;
	o->run.coverage.minimum_percent = percent;
	return 0;
}

static int store_coverage_include(struct options *o, const char *text, struct proctor_error *err)
{
	return list_add(&o->includes, &o->run.coverage.nincludes, text, err);
}

static int store_coverage_exclude(struct options *o, const char *text, struct proctor_error *err)
{
	return list_add(&o->excludes, &o->run.coverage.nexcludes, text, err);
}

static int store_coverage_tool_timeout(struct options *o, const char *text,
				       struct proctor_error *err)
{
	return parse_time(text, &o->run.coverage.tool_timeout_us, err);
}

STORE(no_suite, o->run.isolation = PROCTOR_ISOLATION_TEST)
STORE(fail_fast, o->run.max_failures = 1)
STORE(group, o->selection.group = text)
STORE(exe, o->exe_glob = text)
STORE(list, o->list = true)
STORE(list_suites, o->list_suites = true)
STORE(nocapture, o->run.nocapture = true)
STORE(verbose, o->volume = TERMINAL_VERBOSE)
STORE(quiet, o->volume = TERMINAL_QUIET)
STORE(no_color, o->color = COLOR_NEVER)
STORE(pin_tests, o->run.pin_tests = true)
STORE(events, o->events_path = text)
STORE(backtrace, o->run.backtrace = true)
STORE(no_check_leaks, o->run.no_check_leaks = true)
STORE(no_cache, (void)o)
STORE(coverage_allow_partial, o->run.coverage.allow_partial = true)
STORE(json, o->json = true)
STORE(help, o->help = true)
STORE(coverage_dir, o->run.coverage.dir = text)
STORE(host, o->run.host_path = text)

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
	{ "shuffle", 0, RUN, OPTION_OPTIONAL, "SEED", false,
	  "run suites and tests in a random order, which SEED repeats", store_shuffle },
	{ "shard", 0, SELECTING, OPTION_NEEDED, "I/N", false,
	  "only the tests of part I of N, divided by test id", store_shard },
	{ "filter", 0, SELECTING, OPTION_NEEDED, "PATTERN", false,
	  "only tests whose id contains PATTERN, or matches it as a glob; any of several",
	  store_filter },
	{ "skip", 0, SELECTING, OPTION_NEEDED, "PATTERN", false, "none of these tests",
	  store_skip },
	{ "suite", 0, SELECTING, OPTION_NEEDED, "GROUP", false, "only suites of this group",
	  store_group },
	{ "exe", 0, SELECTING, OPTION_NEEDED, "GLOB", false,
	  "in directories, take executables with such names for tests", store_exe },
	{ "list", 0, RUN, OPTION_FLAG, NULL, false,
	  "print the ids of the tests and run nothing, as proctor list does", store_list },
	{ "list-suites", 0, SELECTING, OPTION_FLAG, NULL, false,
	  "print the names of the suites and run nothing", store_list_suites },
	{ "json", 0, COMMAND_LIST, OPTION_FLAG, NULL, false, "print JSON", store_json },
	{ "nocapture", 0, RUN, OPTION_FLAG, NULL, false,
	  "tests write to proctor's own stdout and stderr", store_nocapture },
	{ "pin-tests", 0, RUN, OPTION_FLAG, NULL, false,
	  "keep each test on the core of its worker", store_pin_tests },
	{ "loop", 0, RUN | COMMAND_DOCTOR, OPTION_NEEDED, "KIND", false,
	  "auto: io_uring where it works, else epoll (default); uring; epoll", store_loop },
	{ "events", 0, RUN, OPTION_NEEDED, "FILE", false, "write each event to FILE, as JSON lines; -: to stdout, and the report to stderr",
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
	{ "no-cache", 0, RUN, OPTION_FLAG, NULL, false,
	  "accepted for the sake of scripts written for tml; without effect", store_no_cache },
	{ "verbose", 'v', RUN, OPTION_FLAG, NULL, false, "a line for each test", store_verbose },
	{ "quiet", 'q', RUN, OPTION_FLAG, NULL, false,
	  "a line for each failure, the last line and the total of coverage, nothing else", store_quiet },
	{ "show-output", 0, RUN, OPTION_NEEDED, "OF", false,
	  "show what was written by failed tests (default), by all, or by none", store_show_output },
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

/* Levenshtein's distance; names longer than the row are far from everything. */
static size_t text_distance(const char *a, const char *b)
{
	size_t row[64], nb = strlen(b);

	if (nb >= ARRAY_SIZE(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

const char *near_match(const char *typed, const char *const *names, size_t nnames)
{
	const char *match = NULL;
	size_t nearest = strlen(typed) / 3 + 1;

	for (size_t i = 0; i < nnames; i++) {
		size_t distance = text_distance(typed, names[i]);

		if (distance <= nearest && (!match || distance < nearest)) {
			match = names[i];
			nearest = distance;
		}
	}
	return match;
}

/* The name that `typed` is an abbreviation of, where it is one of a single name. */
static const char *abbreviated(const char *typed, const char *const *names, size_t nnames)
{
	const char *match = NULL;

	for (size_t i = 0; i < nnames; i++) {
		if (strncmp(names[i], typed, strlen(typed)) != 0)
			continue;
		if (match)
			return NULL;
		match = names[i];
	}
	return match;
}

/* Abbreviations are refused: what is short for one option today is short for two tomorrow. */
static int unknown_option(enum command command, const char *word, struct proctor_error *err)
{
	const char *names[ARRAY_SIZE(option_table)], *match;
	char typed[64];
	size_t n = 0;

	snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(word, "="), word);
	for (size_t i = 0; i < ARRAY_SIZE(option_table); i++)
		if ((option_table[i].commands & command) && !option_table[i].hidden)
			names[n++] = option_table[i].name;
	match = abbreviated(typed + 2, names, n);
	if (!match)
		match = near_match(typed + 2, names, n);
	if (match)
		return error_set(err, -EINVAL, "unknown option %s; did you mean --%s?", typed,
				 match);
	return error_set(err, -EINVAL, "unknown option %s", typed);
}

/* The option of this name, of `nname` bytes, or of this letter; NULL: the command has none. */
static const struct option_spec *option_find(enum command command, const char *name, size_t nname,
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

/* The words of the command line that have not been read. */
struct words {
	char **at, **end;
};

static int option_store(struct options *o, const struct option_spec *spec, const char *value,
			struct proctor_error *err)
{
	struct proctor_error why;

	/* An empty pattern would fit every test, and an empty name is no file's. */
	if (value && !*value)
		return error_set(err, -EINVAL, "--%s needs a value, and it is empty", spec->name);
	if (spec->store(o, value, &why) < 0)
		return error_set(err, -EINVAL, "--%s: %s", spec->name, why.text);
	if (strncmp(spec->name, "coverage-", 9) == 0)
		o->of_coverage = spec->name;
	return 0;
}

/* `value` stood in the same word; NULL: the next word may be it. */
static int option_take(struct options *o, const struct option_spec *spec, const char *value,
		       struct words *words, struct proctor_error *err)
{
	switch (spec->value) {
	case OPTION_FLAG:
		if (value)
			return error_set(err, -EINVAL, "--%s takes no value", spec->name);
		break;
	case OPTION_NEEDED:
		if (!value && words->at == words->end)
			return error_set(err, -EINVAL, "--%s needs a value, --%s=%s", spec->name,
					 spec->name, spec->value_name);
		if (!value)
			value = *words->at++;
		break;
	case OPTION_OPTIONAL:
		break;
	}
	return option_store(o, spec, value, err);
}

/* "--name", "--name=value", or "--name" and the value as the next word. */
static int take_long(struct options *o, enum command command, const char *word,
		     struct words *words, struct proctor_error *err)
{
	size_t nname = strcspn(word + 2, "=");
	const struct option_spec *spec = option_find(command, word + 2, nname, 0);

	if (!spec)
		return unknown_option(command, word, err);
	return option_take(o, spec, word[2 + nname] ? word + 3 + nname : NULL, words, err);
}

/* "-v", "-vq", "-j3", or "-j" and the value as the next word. */
static int take_letters(struct options *o, enum command command, const char *word,
			struct words *words, struct proctor_error *err)
{
	int ret = 0;

	for (const char *at = word + 1; ret == 0 && *at; at++) {
		const struct option_spec *spec = option_find(command, NULL, 0, *at);
		const char *value = NULL;

		if (!spec)
			return error_set(err, -EINVAL, "unknown option -%c", *at);
		if (spec->value == OPTION_NEEDED && at[1]) {
			value = at + 1;
			at += strlen(at) - 1;
		}
		ret = option_take(o, spec, value, words, err);
	}
	return ret;
}

static bool text_ends(const char *text, const char *end)
{
	size_t ntext = strlen(text), nend = strlen(end);

	return ntext >= nend && strcmp(text + ntext - nend, end) == 0;
}

/* What has a slash, is there, or is called as libraries and manifests are, which no test is: a
 * library that was mistyped must not become a filter that fits nothing. */
static bool argument_is_path(const char *argument)
{
	struct stat st;

	return strchr(argument, '/') || text_ends(argument, ".so") ||
	       text_ends(argument, ".json") || lstat(argument, &st) == 0;
}

static int add_argument(struct options *o, const char *argument, struct proctor_error *err)
{
	/* As a filter it would fit every test. */
	if (!*argument)
		return error_set(err, -EINVAL, "an argument is empty: it names neither a file nor a "
				 "test");
	if (!argument_is_path(argument)) {
		o->word = argument;
		return list_add(&o->filters, &o->selection.nfilters, argument, err);
	}
	return list_add(&o->paths, &o->npaths, argument, err);
}

/* What single options cannot know. */
static int options_check(const struct options *o, enum command command, struct proctor_error *err)
{
	if (command != COMMAND_RUN || o->help)
		return 0;
	/* A minimum that nobody looks at would be worse than none. */
	if (o->of_coverage && o->run.coverage.kind == PROCTOR_COVERAGE_NONE)
		return error_set(err, -EINVAL, "--%s is of no use without --coverage",
				 o->of_coverage);
	if (o->run.nocapture && o->events_path && strcmp(o->events_path, "-") == 0)
		return error_set(err, -EINVAL, "--events=- and --nocapture would mix events and "
				 "what tests write");
	return 0;
}

int options_parse(struct options *o, enum command command, int argc, char **argv,
		  struct proctor_error *err)
{
	struct words words = { argv + 1, argv + argc };
	bool ended = false;
	int ret = 0;

	*o = (struct options){ 0 };
	while (ret == 0 && words.at < words.end) {
		const char *word = *words.at++;

		if (ended || word[0] != '-' || !word[1])
			ret = add_argument(o, word, err);
		else if (strcmp(word, "--") == 0)
			ended = true;
		else if (word[1] == '-')
			ret = take_long(o, command, word, &words, err);
		else
			ret = take_letters(o, command, word, &words, err);
	}
	if (ret == 0)
		ret = options_check(o, command, err);
	if (ret < 0) {
		options_fini(o);
		return ret;
	}
	o->selection.filters = o->filters;
	o->selection.skips = o->skips;
	o->run.coverage.includes = o->includes;
	o->run.coverage.excludes = o->excludes;
	return 0;
}

void options_fini(struct options *o)
{
	free(o->filters);
	free(o->skips);
	free(o->includes);
	free(o->excludes);
	free(o->paths);
	*o = (struct options){ 0 };
}

int options_need_path(const struct options *o, struct proctor_error *err)
{
	if (o->npaths > 0)
		return 0;
	if (o->word)
		return error_set(err, -EINVAL, "no suite, directory or manifest was named: there is "
				 "no file %s, which was taken for a filter", o->word);
	return error_set(err, -EINVAL, "no suite, directory or manifest was named");
}
