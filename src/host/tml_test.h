/* SPDX-License-Identifier: MIT */
/* Runs a test of the TML compiler: `int32_t f(void)`, in a library that has all, some or none of
 * TML's runtime. */
#ifndef HOST_TML_TEST_H
#define HOST_TML_TEST_H

#include "host/page_texts.h"

#include <stdbool.h>
#include <stdint.h>

typedef int32_t tml_test(void);

struct tml {			/* functions of the runtime; NULL: the library does not have it */
	int32_t (*run_with_catch)(tml_test *test);
	const char *(*panic_message)(void);
	const char *(*panic_backtrace)(void);
	void (*enable_backtrace)(void);
	void (*set_context)(const char *test, const char *file, const char *suite);
	void (*clear_context)(void);
	void (*track_context)(const char *test, const char *file);
	int32_t (*leak_count)(void);
	int64_t (*leak_bytes)(void);
};

struct tml_names {
	const char *test, *file, *suite;
};

/* Looks up which of them the library has that is open as `handle`. */
void tml_open(struct tml *tml, void *handle);

/*
 * Calls the test and fills `rec`: outcome, value, texts, leaks. `flags` are the task's. If the test
 * forks and its child returns from it, this returns in the child as well: serve.c sees to that.
 */
void tml_run(const struct tml *tml, tml_test *test, const struct tml_names *names, uint32_t flags,
	     struct page *page, struct page_texts *texts, struct page_record *rec);

#endif
