/* SPDX-License-Identifier: MIT */
/*
 * Which suite writes what when the host exits. The C library calls what was registered with
 * atexit() (and C++'s destructors of static objects) in reverse order. So a function of ours that is
 * registered before the code of a suite first runs is called when all that this suite has registered
 * since was called: there it writes a marker with the suite's number (wire/page.h), and the page says
 * whose turn it is next. Functions with the attribute `destructor` come after all of that.
 */
#ifndef HOST_EXIT_MARKS_H
#define HOST_EXIT_MARKS_H

#include "host/standard_files.h"
#include "wire/page.h"

#include <stdint.h>

/* From here on code of this suite runs, until the next call. */
void exit_marks_suite(uint32_t number);
/* The host is about to exit: the page is told from here on, in this process alone, and markers are
 * written unless `io` is NULL. What is pointed to is used then. */
void exit_marks_start(struct page *page, const struct stdio *io, const uint8_t *key);

#endif
