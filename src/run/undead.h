/* SPDX-License-Identifier: MIT */
/* Why a process does not die: as far as /proc tells. */
#ifndef RUN_UNDEAD_H
#define RUN_UNDEAD_H

#include <stddef.h>

#define UNDEAD_BYTES 256

/*
 * The cause, in words that follow "process 123 could not be killed: ". `errnum` is what kill(2) said
 * of SIGKILL; 0: that it was sent.
 */
const char *undead_words(int pid, int errnum, char *words, size_t nwords);

#endif
