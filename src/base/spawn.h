/* SPDX-License-Identifier: MIT */
/*
 * Starting a process, from a program that has threads, by vfork: nothing of its memory is copied,
 * so it costs the same however large it is. Between vfork and exec the child makes nothing but
 * system calls. May be used on any thread that has all signals blocked; if that thread ends, the
 * child gets its parent-death signal.
 */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include "base/error.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How things were in this process when the run began: each child gets them back. Constant during
 * the run. */
struct inherited {
	sigset_t mask;
	bool sigpipe_ignored, sigchld_ignored;
	sigset_t caught;		/* signals that have a handler */
	cpu_set_t *affinity;
	size_t naffinity_bytes;
	int null_fd;			/* /dev/null, for stdin */
	bool vfork_shares;		/* a child of vfork runs in our memory: not in valgrind */
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
	/* True: it is the leader of its session and its group, and can call neither setsid() nor
	 * setpgid(). False: a process that has ended was their leader, and both calls work, as they
	 * do under make; costs 50 µs more. */
	bool leads;
	bool keep_affinity;		/* it gets this thread's affinity, not `inherited`'s */
	bool dies_with_parent;		/* asks for the parent-death signal */
	bool oom_first;			/* short of memory, the kernel kills it before proctor */
	bool handlers_known;		/* nobody sets handlers meanwhile: `caught` has all */
	/* fds[i] becomes descriptor i of the child, -1: inherited; others are closed at exec. At
	 * most SPAWN_FDS_MAX, each of them above that number (fd_high()). */
	const int *fds;
	unsigned nfds;
	/* Called between two attempts: waits `us`, or returns false to give up at once. NULL: a
	 * plain sleep. */
	bool (*pause)(void *data, uint64_t us);
	void *pause_data;
};

/*
 * How long to wait after failed attempt number `attempt` (from 0) before the next one; 0: do not
 * try again. Some failures pass by themselves: a program is open for writing at this moment
 * (ETXTBSY), the limit of processes or memory is reached and others may end soon (EAGAIN, ENOMEM).
 * The pauses double from 1 ms on and are about a second together.
 */
uint64_t spawn_pause_us(int errnum, unsigned attempt);

struct spawned {
	pid_t pid;
	pid_t group;	/* the process group it was started in, and its session: both its own */
	int pidfd;	/* readable when it has ended: see base/death.h */
};

/*
 * Starts the process in a session of its own, so without a controlling terminal. On success
 * `*child` has exec'd; on failure there is none. The error names the path.
 */
int spawn_start(const struct spawn *spawn, struct spawned *child, struct proctor_error *err);
/* Sends a signal to a child that was not reaped, and to its process groups: the one it was started
 * in, and the one that it may have moved to. */
void spawned_signal(pid_t pid, pid_t group, int signo);
/* Has it ended, without being reaped yet? Then its number still belongs to it. */
bool spawned_is_zombie(pid_t pid);

/* Gives `fd` a number above those that `fds` of a child stand for; close-on-exec. The new
 * descriptor, or a negative errno: then `fd` is closed. */
int fd_high(int fd);
/* A close-on-exec pipe with both ends above the child's first descriptors. */
int pipe_high(int fds[2]);

#endif
