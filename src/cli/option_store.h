/* SPDX-License-Identifier: MIT */
/* What each option does with its value: the fields of `struct options` that it fills. */
#ifndef CLI_OPTION_STORE_H
#define CLI_OPTION_STORE_H

#include "cli/options.h"

/* Stores `text` (NULL: no value was given). Fails with a sentence about the value alone. */
typedef int option_store(struct options *o, const char *text, struct proctor_error *err);

option_store store_threads, store_timeout, store_grace, store_leak_timeout, store_slow_after,
	store_max_output, store_isolation, store_loop, store_on_crash, store_max_fail,
	store_slowest, store_show_output, store_color, store_no_fail_fast, store_repeat,
	store_retries, store_shuffle, store_shard, store_filter, store_skip, store_junit,
	store_coverage, store_coverage_output, store_coverage_fail_under,
	store_coverage_include, store_coverage_exclude, store_coverage_tool_timeout,
	store_no_suite, store_confirm, store_no_confirm, store_sequence, store_fail_fast, store_group, store_exe, store_framework, store_manifest,
	store_exe_args, store_wrap, store_list, store_list_suites, store_list_kinds, store_nocapture, store_verbose,
	store_quiet, store_style, store_no_color, store_pin_tests, store_events, store_backtrace,
	store_no_check_leaks, store_no_inject, store_keep_temp, store_no_cache,
	store_coverage_allow_partial, store_json, store_long, store_help, store_coverage_dir, store_host;

#endif
