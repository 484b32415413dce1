/* SPDX-License-Identifier: MIT */
/* What /proc tells of a process, for the run and for its hosts. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* Room for process_words(). */
#define PROCESS_WORDS_BYTES 384

/* A file of /proc/PID, whole or its first `nbuf` - 1 bytes, with a NUL behind; -1: gone. */
ssize_t process_read(pid_t pid, const char *name, char *buf, size_t nbuf);

/*
 * Tells people what a process is: "process 123 (sleep), 2.1 s old: sleep 100". A fork that has run no
 * program of its own has the command line of another, and is called a fork of that. Returns `buf`.
 */
const char *process_words(pid_t pid, char *buf, size_t nbuf);

#endif
