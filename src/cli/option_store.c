/* SPDX-License-Identifier: MIT */
#include "cli/option_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "cli/option_values.h"

#define OUTPUT_MAX_BYTES (1ull << 30)
#define REPEAT_MAX 1000000
#define RETRIES_MAX 1000
#define SHARDS_MAX 1000000
#define FAILURES_MAX 1000000
#define SLOWEST_MAX 1000

int store_threads(struct options *o, const char *text, struct proctor_error *err)
{
	return value_number(text, 1, PROCTOR_THREADS_MAX, &o->run.nthreads, err);
}

int store_timeout(struct options *o, const char *text, struct proctor_error *err)
{
	return value_time(text, &o->run.timeout_us, err);
}

int store_grace(struct options *o, const char *text, struct proctor_error *err)
{
	return value_time(text, &o->run.grace_us, err);
}

/* 0 is allowed here, and says: no time at all. */
int store_leak_timeout(struct options *o, const char *text, struct proctor_error *err)
{
	uint64_t value;

	if (quantity_time_us(text, &value, NULL) == 0 && value == 0) {
		o->run.leak_us = PROCTOR_AT_ONCE;
		return 0;
	}
	return value_time(text, &o->run.leak_us, err);
}

int store_slow_after(struct options *o, const char *text, struct proctor_error *err)
{
	return value_time(text, &o->run.slow_after_us, err);
}

int store_max_output(struct options *o, const char *text, struct proctor_error *err)
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

int store_isolation(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "batch", PROCTOR_ISOLATION_BATCH },
		{ "test", PROCTOR_ISOLATION_TEST },
		{ "fork", PROCTOR_ISOLATION_FORK },
	};
	int value = 0, ret = value_choice(text, choices, &value, err);

	if (ret == 0)
		o->run.isolation = (enum proctor_isolation)value;
	return ret;
}

int store_loop(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "auto", PROCTOR_LOOP_AUTO },
		{ "uring", PROCTOR_LOOP_URING },
		{ "epoll", PROCTOR_LOOP_EPOLL },
	};
	int value = 0, ret = value_choice(text, choices, &value, err);

	if (ret == 0)
		o->run.loop = (enum proctor_loop)value;
	return ret;
}

int store_on_crash(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "auto", PROCTOR_ON_CRASH_AUTO },
		{ "stop", PROCTOR_ON_CRASH_STOP },
		{ "continue", PROCTOR_ON_CRASH_CONTINUE },
	};
	int value = 0, ret = value_choice(text, choices, &value, err);

	if (ret == 0)
		o->run.on_crash = (enum proctor_on_crash)value;
	return ret;
}

int store_max_fail(struct options *o, const char *text, struct proctor_error *err)
{
	return value_number(text, 1, FAILURES_MAX, &o->run.max_failures, err);
}

int store_slowest(struct options *o, const char *text, struct proctor_error *err)
{
	return value_number(text, 0, SLOWEST_MAX, &o->nslowest, err);
}

int store_show_output(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "failed", TERMINAL_OUTPUT_FAILED },
		{ "all", TERMINAL_OUTPUT_ALL },
		{ "none", TERMINAL_OUTPUT_NONE },
	};
	int value = 0, ret = value_choice(text, choices, &value, err);

	if (ret == 0)
		o->output = (enum terminal_output)value;
	return ret;
}

int store_color(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "auto", COLOR_AUTO },
		{ "always", COLOR_ALWAYS },
		{ "never", COLOR_NEVER },
	};
	int value = COLOR_ALWAYS, ret = text ? value_choice(text, choices, &value, err) : 0;

	if (ret == 0)
		o->color = (enum color_choice)value;
	return ret;
}

/* The run goes on whatever fails or crashes; but a --on-crash=stop that was given is kept. */
int store_no_fail_fast(struct options *o, const char *text, struct proctor_error *err)
{
	(void)text;
	(void)err;
	o->run.max_failures = 0;
	if (o->run.on_crash == PROCTOR_ON_CRASH_AUTO)
		o->run.on_crash = PROCTOR_ON_CRASH_CONTINUE;
	return 0;
}

int store_repeat(struct options *o, const char *text, struct proctor_error *err)
{
	return value_number(text, 1, REPEAT_MAX, &o->run.repeat, err);
}

int store_retries(struct options *o, const char *text, struct proctor_error *err)
{
	return value_number(text, 0, RETRIES_MAX, &o->run.retries, err);
}

int store_shuffle(struct options *o, const char *text, struct proctor_error *err)
{
	o->run.shuffle = true;
	return text ? quantity_number(text, 1, UINT64_MAX, &o->run.seed, err) : 0;
}

int store_shard(struct options *o, const char *text, struct proctor_error *err)
{
	const char *slash = strchr(text, '/');
	char index[16];
	unsigned i = 0, n = 0;
	int ret;

	if (!slash || (size_t)(slash - text) >= sizeof(index))
		return error_set(err, -EINVAL, "\"%s\" is not a shard such as 1/4", text);
	memcpy(index, text, (size_t)(slash - text));
	index[slash - text] = '\0';
	ret = value_number(slash + 1, 1, SHARDS_MAX, &n, err);
	if (ret == 0)
		ret = value_number(index, 1, n, &i, err);
	if (ret < 0)
		return ret;
	o->selection.shard_index = i;
	o->selection.shard_count = n;
	return 0;
}

int store_filter(struct options *o, const char *text, struct proctor_error *err)
{
	return value_add(&o->filters, &o->selection.nfilters, text, err);
}

int store_sequence(struct options *o, const char *text, struct proctor_error *err)
{
	return value_add(&o->sequence, &o->selection.nsequence, text, err);
}

int store_confirm(struct options *o, const char *text, struct proctor_error *err)
{
	(void)text;
	(void)err;
	o->confirm = true;
	o->run.no_confirm = false;
	return 0;
}

int store_framework(struct options *o, const char *text, struct proctor_error *err)
{
	o->framework = text;
	return proctor_plan_set_framework(NULL, text, err);
}

int store_manifest(struct options *o, const char *text, struct proctor_error *err)
{
	return value_add(&o->manifests, &o->nmanifests, text, err);
}

int store_style(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = { { "proctor", false }, { "tml", true } };
	int value = false, ret = value_choice(text, choices, &value, err);

	if (ret == 0)
		o->tml_style = value;
	return ret;
}

int store_exe_args(struct options *o, const char *text, struct proctor_error *err)
{
	return value_words(&o->arguments, text, err);
}

int store_wrap(struct options *o, const char *text, struct proctor_error *err)
{
	int ret = value_words(&o->wrap, text, err);

	return ret == 0 && o->wrap.n == 0 ? error_set(err, -EINVAL, "it names no program") : ret;
}

int store_skip(struct options *o, const char *text, struct proctor_error *err)
{
	return value_add(&o->skips, &o->selection.nskips, text, err);
}

/* "-" would mean stdout, as for --events; but there the report for people goes. */
int store_junit(struct options *o, const char *text, struct proctor_error *err)
{
	if (strcmp(text, "-") == 0)
		return error_set(err, -EINVAL, "the standard output is the report's (/dev/stdout "
				 "names it, ./- a file)");
	o->junit_path = text;
	return 0;
}

int store_coverage(struct options *o, const char *text, struct proctor_error *err)
{
	static const struct choice choices[3] = {
		{ "auto", PROCTOR_COVERAGE_AUTO },
		{ "llvm", PROCTOR_COVERAGE_LLVM },
		{ "tml", PROCTOR_COVERAGE_TML },
	};
	int value = PROCTOR_COVERAGE_AUTO, ret = text ? value_choice(text, choices, &value, err) : 0;

	if (ret == 0)
		o->run.coverage.kind = (enum proctor_coverage_kind)value;
	return ret;
}

int store_coverage_output(struct options *o, const char *text, struct proctor_error *err)
{
	if (text[strlen(text) - 1] == '/')
		return error_set(err, -EINVAL, "the name of a file is wanted");
	o->run.coverage.html_path = text;
	return 0;
}

int store_coverage_fail_under(struct options *o, const char *text,
				     struct proctor_error *err)
{
	char *end = NULL;
	double percent = strtod(text, &end);

	/* strtod() would also take a sign, hexadecimal digits and "nan". */
	if (strspn(text, "0123456789.") != strlen(text) || *end || percent > 100)
		return error_set(err, -EINVAL, "\"%s\" is no percentage from 0 to 100", text);
	o->run.coverage.has_minimum = true;
	o->run.coverage.minimum_percent = percent;
	return 0;
}

int store_coverage_include(struct options *o, const char *text, struct proctor_error *err)
{
	return value_add(&o->includes, &o->run.coverage.nincludes, text, err);
}

int store_coverage_exclude(struct options *o, const char *text, struct proctor_error *err)
{
	return value_add(&o->excludes, &o->run.coverage.nexcludes, text, err);
}

int store_coverage_tool_timeout(struct options *o, const char *text,
				       struct proctor_error *err)
{
	return value_time(text, &o->run.coverage.tool_timeout_us, err);
}

/* For options that only set a field: a flag, or a text that is kept as it is. */
#define STORE(name, statement) \
	int store_##name(struct options *o, const char *text, struct proctor_error *err) \
	{ \
		(void)text; \
		(void)err; \
		statement; \
		return 0; \
	}

STORE(no_suite, o->run.isolation = PROCTOR_ISOLATION_TEST)
STORE(no_confirm, o->run.no_confirm = true)
STORE(fail_fast, o->run.max_failures = 1)
STORE(group, o->selection.group = text)
STORE(exe, o->exe_glob = text)
STORE(list, o->list = true)
STORE(list_suites, o->list_suites = true)
STORE(list_kinds, o->list_kinds = true)
STORE(nocapture, o->run.nocapture = true)
STORE(verbose, o->volume = TERMINAL_VERBOSE)
STORE(quiet, o->volume = TERMINAL_QUIET)
STORE(no_color, o->color = COLOR_NEVER)
STORE(pin_tests, o->run.pin_tests = true)
STORE(events, o->events_path = text)
STORE(backtrace, o->run.backtrace = true)
STORE(no_check_leaks, o->run.no_check_leaks = true)
STORE(no_inject, o->run.no_inject = true)
STORE(keep_temp, o->run.keep_temp = true)
STORE(no_cache, o->no_cache = true)
STORE(coverage_allow_partial, o->run.coverage.allow_partial = true)
STORE(json, o->json = true)
STORE(long, o->list_long = true)
STORE(help, o->help = true)
STORE(coverage_dir, o->run.coverage.dir = text)
STORE(host, o->run.host_path = text)
