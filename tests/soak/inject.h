/* SPDX-License-Identifier: MIT */
/*
 * Has system calls of one program fail: a seccomp filter asks this process about each, and a thread
 * answers. Two orders of magnitude cheaper than ptrace, and what is not asked about costs nothing.
 */
#ifndef TESTS_SOAK_INJECT_H
#define TESTS_SOAK_INJECT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define INJECT_CALLS_MAX 64

struct handover;

struct injector {
	/* Set before inject_begin(). */
	const char *program;		/* absolute: its processes, until they exec another */
	int calls[INJECT_CALLS_MAX];	/* numbers of the system calls that are asked about */
	unsigned ncalls;
	unsigned from, upto;		/* which of them fail, counted from 1; 0: none */
	int errnum;
	/* Counts, by place in `calls`. */
	atomic_uint seen[INJECT_CALLS_MAX];
	atomic_uint nfailed;
	/* Its own. */
	struct handover *handover;
	pthread_t thread;
	atomic_bool stop;
};

/* False: filters that ask are not to be had here. */
bool inject_possible(void);
void inject_begin(struct injector *in);
/* In the child, before its exec: from here on its calls are asked about. */
void inject_child(void *injector);
/* After what was started is gone. */
void inject_end(struct injector *in);

#endif
