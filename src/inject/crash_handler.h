/* SPDX-License-Identifier: MIT */
/* What is known of a crash when it happens: signal, registers, the top of the stack. */
#ifndef INJECT_CRASH_HANDLER_H
#define INJECT_CRASH_HANDLER_H

#include "wire/page.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Sets the handler up, on a stack of its own for this thread. With a page it records the crash,
 * where coverage is collected it saves the counters. False and errno: there is no handler, the crash
 * of a test will be known by its signal alone.
 */
bool crash_open(struct page *page);

/* Only crashes of the process `pid` are recorded: a forked child shares the page. */
void crash_watch(pid_t pid);

/* Forgets the last crash. */
void crash_reset(void);

/* Puts the handler's stack back if a test has set another. */
void crash_put_back(void);

#endif
