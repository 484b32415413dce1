/* SPDX-License-Identifier: MIT */
/* To be told of the end of a child. */
#ifndef BASE_DEATH_H
#define BASE_DEATH_H

#include <sys/types.h>

/*
 * A descriptor that becomes readable when the child `pid`, which was not reaped, has ended: a pidfd.
 * Where pidfd_open is refused (Linux before 5.3, a seccomp filter) it is the end of a pipe, and a
 * thread that waits for the child without reaping it holds the other. Close-on-exec; the caller's.
 * A negative errno.
 */
int death_fd(pid_t pid);

/* 0 if pidfds are to be had, else the negative errno that pidfd_open answers. */
int death_pidfd_refused(void);

#endif
