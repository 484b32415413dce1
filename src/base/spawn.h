/* SPDX-License-Identifier: MIT */
/*
 * Starting a process from a process with threads: vfork, so that no page table is copied. The
 * child is made ready between vfork and exec with system calls only. Any thread that has all
 * signals blocked; the parent-death signal follows that thread.
 */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include "base/error.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a child is given back: how things were when the run began. Constant during the run. */
struct inherited {
	sigset_t mask;
	bool sigpipe_ignored, sigchld_ignored;
	sigset_t caught;		/* signals that have a handler */
	cpu_set_t *affinity;
	size_t naffinity_bytes;
	int null_fd;			/* /dev/null, for stdin */
	bool vfork_shares;		/* a child runs in our memory until it has exec'd */
	pid_t pid;			/* proctor's own */
};

int inherited_open(struct inherited *in, struct proctor_error *err);
void inherited_close(struct inherited *in);

#define SPAWN_FDS_MAX 16

struct spawn {
	const char *path;
	char *const *argv, *const *envp;
	const char *workdir;		/* NULL: proctor's */
	const struct inherited *inherited;
	/* True: it leads its session and its group, and may call neither setsid() nor setpgid().
	 * False: the session's leader is gone, and both work, as under make; costs 50 µs more. */
	bool leads;
	bool keep_affinity;		/* the spawning thread's instead of the inherited one */
	bool dies_with_parent;		/* asks for the parent-death signal */
	bool oom_first;			/* the kernel picks it before the supervisor */
	bool handlers_known;		/* nobody but us sets handlers here: `caught` is all */
	/* fds[i] becomes descriptor i of the child, -1: inherited; others are closed at exec. At most
	 * SPAWN_FDS_MAX, each of them above that number (fd_high()). */
	const int *fds;
	unsigned nfds;
	/* Called between two attempts: lets `us` pass, or returns false to give up at once. NULL:
	 * it sleeps. */
	bool (*pause)(void *data, uint64_t us);
	void *pause_data;
};

/*
 * How long to wait after failed attempt number `attempt` (from 0) before the next; 0: it is not
 * tried again. What passes by itself is worth another attempt: a program that somebody is just
 * done writing (ETXTBSY), a limit of processes or memory that others are about to leave (EAGAIN,
 * ENOMEM). The pauses double from 1 ms and are about a second together.
 */
uint64_t spawn_pause_us(int errnum, unsigned attempt);

struct spawned {
	pid_t pid;
	pid_t group;	/* the group it was started in, and its session: nobody else's */
	int pidfd;	/* readable when it has ended: see base/death.h */
};

/*
 * Starts the process in a session of its own, so without a controlling terminal. On success
 * `*child` has exec'd; on failure there is none. The error names the path.
 */
int spawn_start(const struct spawn *spawn, struct spawned *child, struct proctor_error *err);
/* Sends a signal to a child that was not reaped, and to the groups that are its own: the one it was
 * started in, and the one it has moved to. */
void spawned_signal(pid_t pid, pid_t group, int signo);
/* Dead and not reaped: its number is still its own. */
bool spawned_is_zombie(pid_t pid);

/* Moves `fd` out of the way of a child's first descriptors; close-on-exec. Closes `fd` when it
 * fails. A negative errno or the descriptor. */
int fd_high(int fd);
/* A close-on-exec pipe with both ends above the child's first descriptors. */
int pipe_high(int fds[2]);

#endif
