/* SPDX-License-Identifier: MIT */
/*
 * The checks after each test: what the test changed in the process is put back; if something cannot
 * be, the host has to be replaced. Each check costs time after every test, so they were chosen by
 * their cost: docs/04-SUITES.md has the list with figures.
 */
#ifndef HOST_CHECKS_H
#define HOST_CHECKS_H

#include "host/kept_environment.h"
#include "host/leaks.h"
#include "host/standard_files.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>

#define CHECKS_NLIMITS 8

/* Real, effective, saved. */
struct ids {
	uid_t users[3];
	gid_t groups[3];
};

struct checks {
	uint64_t leak_us;		/* time for what a test left to end by itself */
	int task_fd;			/* /proc/self/task, under a high number; -1: not open */
	dev_t task_dev;			/* the device number of /proc, to know it again */
	unsigned nthreads;		/* so many are no test's; 0: the kernel does not tell */
	struct known threads, children;	/* which they are */
	char cwd[PATH_MAX];
	int cwd_fd;
	dev_t root_dev;
	ino_t root_ino;
	struct ids ids;
	mode_t umask;
	sigset_t mask;
	struct kept_environment environment;
	struct rlimit limits[CHECKS_NLIMITS];
	int lowest_fd;			/* the number that open() would return */
};

/* Once, before the first checks_adopt(). */
void checks_open(struct checks *c);

/* After a suite was opened: from now on each test shall find the process as it is at this
 * moment. */
void checks_adopt(struct checks *c);

/*
 * Compares the process with how it was adopted and puts back what has changed. Returns flags of
 * enum record_flag: what the test left running (named in `left`), and whether something could not
 * be put back.
 */
uint32_t checks_run(struct checks *c, struct text_lines *left);

/* Only the check for processes: in the host, after a test that ran in a forked child. */
uint32_t checks_processes(struct checks *c, struct text_lines *left);
/* Only the check for threads: in that child, before it ends. */
uint32_t checks_threads(struct checks *c, struct text_lines *left);

#endif
