/* SPDX-License-Identifier: MIT */
/*
 * Which suite writes what when the host exits. The C library calls what was registered with
 * atexit() (and C++'s destructors of static objects) in reverse order. So a function of ours that is
 * registered before the code of a suite first runs is called when all that this suite has registered
 * since was called: there it writes a marker with the suite's number (protocol.h).
 */
#ifndef HOST_EXIT_MARKS_H
#define HOST_EXIT_MARKS_H

#include "host/stdio.h"

#include <stdint.h>

/* From here on code of this suite runs, until the next call. */
void exit_marks_suite(uint32_t number);
/* The host is about to exit: markers are written from here on, in this process alone. What is
 * pointed to is read then. */
void exit_marks_start(const struct stdio *io, const uint8_t *key);

#endif
