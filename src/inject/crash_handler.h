/* SPDX-License-Identifier: MIT */
/* What is known of a crash when it happens: signal, registers, the top of the stack. */
#ifndef INJECT_CRASH_HANDLER_H
#define INJECT_CRASH_HANDLER_H

#include "wire/crash_page.h"

#include <stdbool.h>
#include <sys/types.h>

/* What else is done when a signal ends the process. All async-signal-safe; NULL: nothing. */
struct crash_tasks {
	void (*record)(struct crash_page *page);	/* adds to the record what is not there yet */
	void (*save)(int sig);		/* it is about to end by it, or may be: coverage saves its counters */
	void (*stay)(void);		/* it goes on after all: the signal has a handler */
	void (*other_thread)(void);	/* the crash is one of a thread that is not the first */
	/* A handler that the program sets takes our place, and is not called by ours: what it handles was
	 * no crash. Not with `save`. */
	bool aside;
};

/*
 * Sets the handler up, on a stack of its own for this thread. With a page it records the crash. False
 * and errno: there is no handler, the crash of a test will be known by its signal alone.
 */
bool crash_open(struct crash_page *page, const struct crash_tasks *tasks);

/* Only crashes of the process `pid` are recorded: a forked child shares the page. */
void crash_watch(pid_t pid);

/* Forgets the last crash. */
void crash_reset(void);

/* Puts the handler's stack back if a test has set another. */
void crash_put_back(void);

#endif
