/* SPDX-License-Identifier: MIT */
/* Starting threads that have all signals blocked and a stack of a given size, whatever `ulimit -s`
 * says. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* For a thread that calls other libraries or callbacks. */
#define THREAD_STACK_BYTES ((size_t)1 << 20)
/* For a thread that only waits. */
#define THREAD_SMALL_STACK_BYTES ((size_t)256 << 10)

/* The thread-local variables of the program and its libraries take a part of the stack. 0 or a
 * negative errno. */
int thread_start(pthread_t *thread, size_t stack_bytes, void *(*call)(void *data), void *data);

#endif
