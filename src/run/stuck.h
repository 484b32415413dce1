/* SPDX-License-Identifier: MIT */
/* Why a process does not die of SIGKILL, as far as /proc tells. */
#ifndef RUN_STUCK_H
#define RUN_STUCK_H

#include <stddef.h>

#define STUCK_BYTES 256

/*
 * The cause, in words that follow "process 123 could not be killed: ". `errnum` is the errno with
 * which kill(2) refused to send SIGKILL; 0 or ETIMEDOUT: it was sent, and the process lives on.
 */
const char *stuck_words(int pid, int errnum, char *words, size_t nwords);

#endif
