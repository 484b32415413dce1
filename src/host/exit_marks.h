/* SPDX-License-Identifier: MIT */
/*
 * Tells which suite writes what when the host exits. At the exit the C library calls the functions
 * that were registered with atexit(), and the destructors of C++'s static objects, in the reverse
 * order of their registration. We register a function of our own before the code of a suite first
 * runs. So it is called after everything that this suite has registered, and writes a marker with
 * the suite's number (wire/page.h); the page says whose turn it is next. Functions with the
 * attribute `destructor` come after all of that.
 */
#ifndef HOST_EXIT_MARKS_H
#define HOST_EXIT_MARKS_H

#include "host/standard_files.h"
#include "wire/page.h"

#include <stdint.h>

/* Code of this suite is about to run, until the next call with another suite. */
void exit_marks_suite(uint32_t number);
/* The host is about to exit: from here on the page is told whose turn it is, and markers are
 * written unless `io` is NULL. Not in children of this process. All that is pointed to is used
 * until the end. */
void exit_marks_start(struct page *page, const struct stdio *io, const uint8_t *key);

#endif
