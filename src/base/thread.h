/* SPDX-License-Identifier: MIT */
/* Threads with all signals blocked and a stack of a stated size, whatever `ulimit -s` says. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* For one that calls out, as to libraries and callbacks. */
#define THREAD_STACK_BYTES ((size_t)1 << 20)
/* For one that only waits. */
#define THREAD_SMALL_STACK_BYTES ((size_t)256 << 10)

/* Static TLS of the program and its libraries comes off the stack. A negative errno. */
int thread_start(pthread_t *thread, size_t stack_bytes, void *(*call)(void *data), void *data);

#endif
