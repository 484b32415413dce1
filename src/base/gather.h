/* SPDX-License-Identifier: MIT */
/*
 * Runs programs and collects what each writes to stdout and stderr, several of them at the same time. A program that
 * takes too long or writes too much is killed. Each runs in a session of its own; what is left of its process group
 * when it has ended is killed, too. Nothing of the calling process is changed: no handler, no mask, no directory.
 */
#ifndef BASE_GATHER_H
#define BASE_GATHER_H

#include "base/bytes.h"
#include "base/spawn.h"

enum gather_end {
	GATHER_NOT_STARTED,	/* `why` says what failed */
	GATHER_ENDED,		/* with `status` */
	GATHER_OVERDUE,		/* killed at the end of its time */
	GATHER_TOO_MUCH,	/* killed because of how much it wrote */
};

struct gathering {
	/* What to run. Set by the caller. */
	const char *path;
	char *const *argv, *const *envp;
	const char *workdir;		/* NULL: this process's */
	bool leads;			/* see `leads` of struct spawn */
	/* What came of it. Set by gather(). */
	enum gather_end end;
	struct proctor_error why;
	int status;			/* as wait(2) gives it */
	struct bytes out, err;		/* the caller calls bytes_fini() */
	/* Used by gather() alone, while the program runs. */
	pid_t pid, group;
	int pidfd, out_fd, err_fd;	/* -1: closed */
	uint64_t until_us;
};

struct gather_limits {
	uint64_t timeout_us;		/* for each program, from its start */
	size_t max_bytes;		/* that one program may write to stdout, and to stderr */
	unsigned at_once;		/* how many run at the same time; 0: one for each core of this process */
	int cancel_fd;			/* as soon as there is something to read, all are killed; -1: never */
};

/* Runs all of `list` and returns when all have ended. If the calling thread ends before, the kernel kills them. A
 * program that cannot be started is no failure here: its `end` and `why` say so.
 * -ECANCELED: those that ran were killed, and the rest was not started. */
int gather(struct gathering *list, size_t n, const struct gather_limits *limits,
	   struct proctor_error *err);

#endif
