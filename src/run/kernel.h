/* SPDX-License-Identifier: MIT */
/*
 * What proctor asks of the kernel, and what an old one lacks or a container's seccomp filter refuses:
 * each is tried once, harmlessly, before a run starts anything.
 */
#ifndef RUN_KERNEL_H
#define RUN_KERNEL_H

#include "base/error.h"

#include <stdbool.h>

/* Who cannot do without a call. */
enum kernel_need {
	NEEDED_BY_ALL,
	NEEDED_BY_LIBRARIES,	/* runs of suites that are libraries */
	NEEDED_BY_OWNER,	/* runs that own their process */
	NEEDED_BY_STARTS,	/* the start of any process; to try it costs one */
	NEEDED_BY_NONE,		/* `instead` says what is done without it */
};

struct kernel_call {
	const char *name;	/* as in the manual */
	const char *since;	/* "Linux 5.3"; NULL: any */
	const char *use;
	enum kernel_need need;
	const char *instead;	/* NEEDED_BY_NONE */
	int (*probe)(void);	/* 0 or a negative errno */
	bool shows;		/* what tests do is judged differently without it */
};

/* Ends with one that has no name. */
extern const struct kernel_call kernel_calls[];

/* 0, or why the call cannot be used: EPERM, ENOSYS and the like; no other failure counts. */
int kernel_refuses(const struct kernel_call *call);
/* "pidfd_open is refused (Operation not permitted); it is there since Linux 5.3" */
int kernel_refusal(const struct kernel_call *call, int refused, struct proctor_error *err);

/* -ENOSYS with a sentence that names the call, if something is refused that the run needs. */
int kernel_check(bool libraries, bool owner, struct proctor_error *err);
/* The same for what the start of a process needs: not tried before each run. */
int kernel_check_start(struct proctor_error *err);

/* Is /proc that of this pid namespace? -ENODEV with a sentence: another's; 0: yes, or none at all. */
int kernel_check_proc(struct proctor_error *err);

#endif
