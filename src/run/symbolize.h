/* SPDX-License-Identifier: MIT */
/* From a crash record to the frames that people read. Any thread; several at once. */
#ifndef RUN_SYMBOLIZE_H
#define RUN_SYMBOLIZE_H

#include "run/page.h"

/*
 * Unwinds the copied registers and stack with the recorded modules, innermost frame first, and
 * gives `*text` (heap) a line for each of PAGE_FRAMES_MAX frames at most:
 *
 *   #0 0x00007f5e0a2c1139 in parse_number (tests/suites/crash.c:41) libcrash.so+0x1139
 *
 * The address after the plus is what addr2line takes; a caller's line is that of its call. Inlined
 * functions have lines of their own, marked "(inlined)". A module that is no longer the file that
 * ran is marked "(file changed since)" and not looked into. Debug information comes from the
 * modules and, by build id, from /usr/lib/debug; never from a network. The record may hold
 * anything: it ends. -ENODATA: no registers of this machine; -ENOMEM.
 */
int crash_symbolize(const struct crash *crash, const struct module_list *list, char **text,
		    struct proctor_error *err);

#endif
