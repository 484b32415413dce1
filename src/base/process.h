/* SPDX-License-Identifier: MIT */
/* What /proc tells of a process. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for process_words(). */
#define PROCESS_WORDS_BYTES 384

/* Reads a file of /proc/PID, up to `nbuf` - 1 bytes of it, and adds a NUL. The bytes; -1: it is
 * gone. */
ssize_t process_read(pid_t pid, const char *name, char *buf, size_t nbuf);

/* Copies `nbytes` at `address` of a process's memory; false: not all of it can be read. */
bool process_memory(pid_t pid, uint64_t address, void *to, uint64_t nbytes);
/* Where the program headers of what it executes are, as the kernel tells a program (AT_PHDR); 0: it
 * has executed nothing yet. False: that cannot be read. */
bool process_phdrs(pid_t pid, uint64_t *address);

#define PROCESS_EXITING 0x4u		/* in its flags: no code of it runs any more */
#define PROCESS_FORKED 0x40u		/* it has run no program of its own since it was forked */

struct process_stat {
	char comm[32];			/* its name, on one line */
	char state;			/* 'Z': a zombie */
	unsigned flags;
	int parent, group, session;
	uint64_t started;		/* ticks since boot: its number may have been another's */
};

/* False: there is no such process. A zombie still is one. */
bool process_stat(pid_t pid, struct process_stat *st);
/* The same for a thread of this process. */
bool thread_stat(pid_t tid, struct process_stat *st);

/* The next number in a directory of /proc: a process, or a thread in /proc/PID/task; 0: no more. */
pid_t process_next(DIR *dir);

/* Looks up a variable in the environment that the process was started with. False: it has none such,
 * or that cannot be read. */
bool process_variable(pid_t pid, const char *name, char *buf, size_t nbuf);

/*
 * Says what a process is: "process 123 (sleep), 2.1 s old: sleep 100". A process that was forked
 * and has started no program of its own has the command line of the one it was forked from, and is
 * called a fork of that. One that was forked from proctor-host was made by code of a suite: a test,
 * or a constructor. Returns `buf`.
 */
const char *process_words(pid_t pid, char *buf, size_t nbuf);

#endif
