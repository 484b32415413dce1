/* SPDX-License-Identifier: MIT */
/* To be told of the end of a child. */
#ifndef BASE_DEATH_H
#define BASE_DEATH_H

#include <signal.h>
#include <sys/types.h>

/*
 * A descriptor that becomes readable when the child `pid`, which was not reaped, has ended: a pidfd.
 * Where pidfd_open is refused (Linux before 5.3, a seccomp filter) it is the end of a pipe, and a
 * thread that waits for the child without reaping it holds the other. Close-on-exec; the caller's.
 * A negative errno.
 */
int death_fd(pid_t pid);

/*
 * Sends a signal to the child `pid`, of which `fd` is the death_fd(), and to nobody else if some other
 * part of the program has reaped it. Where there are no pidfds it must not be reaped meanwhile.
 */
void death_signal(pid_t pid, int fd, int signo);
/* Waits for its end for so long and reaps it; how it ended, as wait(2) says it. -1: it lives, or was
 * reaped by somebody else. */
int death_reap(pid_t pid, int fd, int timeout_ms);
/* The status of what waitid(2) has found. */
int death_status(const siginfo_t *si);

/* 0 if pidfds are to be had, else the negative errno that pidfd_open answers. */
int death_pidfd_refused(void);

#endif
