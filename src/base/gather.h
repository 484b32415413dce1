/* SPDX-License-Identifier: MIT */
/*
 * Running programs for what they write, many at a time: each to its end, or to the end of its time, in a
 * session of its own, which is killed when it has ended. Changes nothing of this process.
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
	/* The caller's. */
	const char *path;
	char *const *argv, *const *envp;
	const char *workdir;		/* NULL: this process's */
	bool leads;			/* as struct spawn has it */
	/* Filled. */
	enum gather_end end;
	struct proctor_error why;
	int status;			/* as wait(2) gives it */
	struct bytes out, err;		/* the caller's to end */
	/* While it runs. */
	pid_t pid, group;
	int pidfd, out_fd, err_fd;	/* -1: closed */
	uint64_t until_us;
};

struct gather_limits {
	uint64_t timeout_us;		/* of each */
	size_t max_bytes;		/* of each of its streams */
	unsigned at_once;		/* 0: as many as there are cores for this process */
};

/* Runs all of `list`. The processes die with the thread. Fails where nothing at all can be run. */
int gather(struct gathering *list, size_t n, const struct gather_limits *limits,
	   struct proctor_error *err);

#endif
