/* SPDX-License-Identifier: MIT */
/* Being told of the end of a child, by a descriptor that becomes readable. */
#ifndef BASE_DEATH_H
#define BASE_DEATH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * A descriptor that becomes readable when the child `pid` has ended: a pidfd. The child must not
 * have been reaped. Where pidfd_open is refused (Linux before 5.3, a seccomp filter), it is the
 * read end of a pipe; a thread waits for the child, without reaping it, and closes the other end.
 * Close-on-exec; the caller closes it. A negative errno.
 */
int death_fd(pid_t pid);

/*
 * Sends a signal to the child `pid`, whose death_fd() is `fd`. If another part of the program has
 * reaped it, so that its number may be another process's, nobody gets the signal; without pidfds
 * nobody may reap it meanwhile.
 */
void death_signal(pid_t pid, int fd, int signo);
/*
 * How the child, of whose end its descriptor has told, ended; it is not reaped. False: somebody else has reaped it.
 * Whoever traces a process (strace, a debugger) looks at its end first: until then the kernel shows it to nobody else,
 * and its parent is told of no end. That takes a moment, for which this waits.
 */
bool death_look(pid_t pid, siginfo_t *si);
/* Waits so long for its end and reaps it. How it ended, as wait(2) gives it; -1: it lives, or
 * somebody else has reaped it. */
int death_reap(pid_t pid, int fd, int timeout_ms);
/* What waitid(2) has found, as a status of wait(2). */
int death_status(const siginfo_t *si);

/* 0 if pidfds are to be had, else the negative errno that pidfd_open answers. */
int death_pidfd_refused(void);

#endif
