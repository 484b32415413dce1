/* SPDX-License-Identifier: MIT */
#include "host/tml_test.h"

#include "base/container.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define TML_PANIC (-1)
#define TML_CRASH (-2)
/* As large as the runtime's own buffers. */
#define TML_MESSAGE_MAX 1024
#define TML_BACKTRACE_MAX 8192

static const struct {
	const char *symbol;
	size_t offset;
} tml_symbols[] = {
	{ "tml_run_test_with_catch", offsetof(struct tml, run_with_catch) },
	{ "tml_get_panic_message", offsetof(struct tml, panic_message) },
	{ "tml_get_panic_backtrace", offsetof(struct tml, panic_backtrace) },
	{ "tml_enable_backtrace_on_panic", offsetof(struct tml, enable_backtrace) },
	{ "tml_set_test_crash_context", offsetof(struct tml, set_context) },
	{ "tml_clear_test_crash_context", offsetof(struct tml, clear_context) },
	{ "tml_mem_track_set_test_context", offsetof(struct tml, track_context) },
	{ "tml_mem_get_leak_count", offsetof(struct tml, leak_count) },
	{ "tml_mem_get_leak_bytes", offsetof(struct tml, leak_bytes) },
};

void tml_open(struct tml *tml, void *handle)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tml_symbols); i++) {
		void *symbol = dlsym(handle, tml_symbols[i].symbol);

		memcpy((char *)tml + tml_symbols[i].offset, &symbol, sizeof(symbol));
	}
}

/*
 * TML's wrapper returns -1 for a panic and -2 for a crash that it caught; but a test may return
 * these numbers itself. The message tells: the wrapper clears it before each test and sets it for a
 * panic or crash. For a crash, what our handler has recorded tells as well.
 */
static enum record_outcome outcome_of(const struct tml *tml, int32_t value, const char *message,
				      const struct page *page)
{
	bool said = message && message[0] != '\0';

	if (!tml->run_with_catch)
		return OUTCOME_RETURNED;
	if (value == TML_PANIC && said)
		return OUTCOME_PANICKED;
	if (value == TML_CRASH && (said || atomic_load(&page->death.crash.state) == CRASH_WRITTEN))
		return OUTCOME_CAUGHT;
	return OUTCOME_RETURNED;
}

void tml_run(const struct tml *tml, tml_test *test, const struct tml_names *names, uint32_t flags,
	     struct page *page, struct page_texts *texts, struct page_record *rec)
{
	bool leaks = (flags & PAGE_LEAKS) && tml->leak_count;
	const char *message;
	int32_t value, nbefore = 0;
	int64_t bytes_before = 0;

	if ((flags & PAGE_BACKTRACE) && tml->enable_backtrace)
		tml->enable_backtrace();
	if (tml->set_context)
		tml->set_context(names->test, names->file, names->suite);
	if (tml->track_context)
		tml->track_context(names->test, names->file);
	if (leaks) {
		nbefore = tml->leak_count();
		bytes_before = tml->leak_bytes ? tml->leak_bytes() : 0;
	}
	value = tml->run_with_catch ? tml->run_with_catch(test) : test();
	if (leaks) {
		rec->nleaks = tml->leak_count() - nbefore;
		rec->leak_bytes = tml->leak_bytes ? tml->leak_bytes() - bytes_before : 0;
	}
	message = tml->panic_message ? tml->panic_message() : NULL;
	rec->value = value;
	rec->outcome = outcome_of(tml, value, message, page);
	if (rec->outcome != OUTCOME_RETURNED) {
		rec->message = page_texts_add_string(texts, message, TML_MESSAGE_MAX);
		if ((flags & PAGE_BACKTRACE) && tml->panic_backtrace)
			rec->backtrace = page_texts_add_string(texts, tml->panic_backtrace(),
							 TML_BACKTRACE_MAX);
	}
	if (tml->clear_context)
		tml->clear_context();
}
