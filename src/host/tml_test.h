/* SPDX-License-Identifier: MIT */
/* Tests of the TML compiler: `int32_t f(void)`, and a runtime of which any part may be missing. */
#ifndef HOST_TML_TEST_H
#define HOST_TML_TEST_H

#include "host/page_texts.h"

#include <stdbool.h>
#include <stdint.h>

typedef int32_t tml_test(void);

struct tml {			/* a NULL: the library does not have it */
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

/* Looks up what the library opened as `handle` has. */
void tml_open(struct tml *tml, void *handle);

/*
 * Calls the test and fills `rec`: outcome, value, texts, leaks. `flags` are the task's. Returns as
 * often as the test does: see serve.c for children that it forked.
 */
void tml_run(const struct tml *tml, tml_test *test, const struct tml_names *names, uint32_t flags,
	     struct page *page, struct page_texts *texts, struct page_record *rec);

#endif
