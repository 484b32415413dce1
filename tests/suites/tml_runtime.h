/* SPDX-License-Identifier: MIT */
/*
 * What a compiled TML test calls. A small stand-in for the TML runtime on Linux: the same exported
 * symbols, the same way to catch panics and signals, the same shortcomings.
 */
#ifndef TESTS_SUITES_TML_RUNTIME_H
#define TESTS_SUITES_TML_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ends the test: caught by the innermost catch, else exit(1). */
void tml_panic(const char *message) __attribute__((noreturn));
/* The language's assertion: panics with "assertion failed at FILE:LINE: TEXT". */
#define tml_assert(cond) \
	((cond) ? (void)0 : tml_assert_failed(__FILE__, __LINE__, #cond))
void tml_assert_failed(const char *file, int line, const char *text) __attribute__((noreturn));
/* The test package's assertion: writes to stderr and calls exit(1). */
void tml_test_assert(bool holds, const char *text);
/* True if `body` panicked. Switches catching off when it ends. */
bool tml_should_panic(void (*body)(void));

void tml_print(const char *text);
void tml_println(const char *text);
void rt_log(int level, const char *module, const char *message);

/* Allocations that the leak counters see. */
void *tml_mem_alloc(size_t nbytes);
void tml_mem_free(void *ptr);

/* Looked up by a host. */
int32_t tml_run_test_with_catch(int32_t (*test)(void));
const char *tml_get_panic_message(void);
void tml_enable_backtrace_on_panic(void);
void tml_disable_backtrace_on_panic(void);
const char *tml_get_panic_backtrace(void);
const char *tml_get_panic_backtrace_json(void);
void tml_set_output_suppressed(int32_t suppressed);
void rt_log_set_callback(void (*callback)(int level, const char *module, const char *message));
void rt_log_set_level(int level);
void tml_set_test_crash_context(const char *test, const char *file, const char *suite);
void tml_clear_test_crash_context(void);
void tml_mem_track_set_test_context(const char *test, const char *file);
int32_t tml_mem_get_leak_count(void);
int64_t tml_mem_get_leak_bytes(void);
int32_t tml_mem_get_leak_files(const char **files, int32_t *counts, int64_t *bytes, int32_t max);

#endif
