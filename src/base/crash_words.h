/* SPDX-License-Identifier: MIT */
/* Words for crashes: signals with their causes, and how processes ended. */
#ifndef BASE_CRASH_WORDS_H
#define BASE_CRASH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any of these words. */
#define WORDS_BYTES 128

/*
 * "SIGSEGV, address not mapped, at 0x0": a signal with its siginfo's code and address. The address
 * is left out where the code shows that the kernel gave none. All return `buf`.
 */
const char *signal_words(int signal, int si_code, uint64_t address, bool has_address, char *buf,
			 size_t nbuf);
/* "SIGKILL, no record was left": a death that no crash handler saw. */
const char *signal_words_unrecorded(int signal, char *buf, size_t nbuf);
/* "SIGKILL", "SIGRTMIN+2", "signal 99". */
const char *signal_name(int signal, char *buf, size_t nbuf);
/* "exited with 3", "ended by SIGSEGV (core dumped)": a wait status. */
const char *status_words(int status, char *buf, size_t nbuf);

#endif
