/* SPDX-License-Identifier: MIT */
/*
 * After each test: what it changed in the process is put back, or the host is to be replaced.
 * Chosen by cost; docs/04-SUITES.md has the list with figures.
 */
#ifndef HOST_CHECKS_H
#define HOST_CHECKS_H

#include "host/kept_environment.h"
#include "host/left.h"
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
	uint64_t leak_us;		/* in which what a test left may end by itself */
	int task_fd;			/* /proc/self/task, hidden; -1: not open */
	dev_t task_dev;			/* of the file system of processes */
	unsigned nthreads;		/* 0: the kernel does not tell */
	struct known threads, children;
	char cwd[PATH_MAX];
	int cwd_fd;
	dev_t root_dev;
	ino_t root_ino;
	struct ids ids;
	mode_t umask;
	sigset_t mask;
	struct environment environment;
	struct rlimit limits[CHECKS_NLIMITS];
	int lowest_fd;			/* that open() would return */
};

/* Once, before the first checks_adopt(). */
void checks_open(struct checks *c);

/* What is there now is what later tests are to find: after a suite was opened. */
void checks_adopt(struct checks *c);

/*
 * Compares and puts back. Returns enum record_flag: what was left (named in `left`), and whether
 * something could not be put back.
 */
uint32_t checks_run(struct checks *c, struct lines *left);

/* Only the processes that were left: after a test that ran in a forked child. */
uint32_t checks_processes(struct checks *c, struct lines *left);
/* Only the threads: in that child. */
uint32_t checks_threads(struct checks *c, struct lines *left);

#endif
