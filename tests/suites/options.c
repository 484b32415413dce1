/* SPDX-License-Identifier: MIT */
/* Well-behaved tests with something to observe for each option. */
#include "way.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

WAY(0, passes)
{
	printf("passes\n");
	return 0;
}

WAY(1, skips)
{
	return 77;
}

WAY(2, fails)
{
	fprintf(stderr, "fails\n");
	return 1;
}

/* Fails until a file in OPTIONS_STATE exists, then passes. */
WAY(3, flaky)
{
	const char *dir = getenv("OPTIONS_STATE");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/been-here", dir ? dir : ".");
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

WAY(4, sleeps)
{
	struct timespec ts = { .tv_nsec = 300 * 1000 * 1000 };

	nanosleep(&ts, NULL);
	return 0;
}

/* What a child finds; the harness compares. */
WAY(5, shows)
{
	static const char *const names[] = {
		"PROCTOR", "PROCTOR_RUN_ID", "PROCTOR_WORKER", "PROCTOR_TEST", "WAY_ENV", "PWD",
	};
	cpu_set_t cpus;
	sigset_t mask;
	size_t i;
	int signum, nblocked = 0, nignored = 0;
	struct sigaction action;
	char where[4096];
	ssize_t n;
	struct dirent *entry;
	DIR *dir;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		printf("%s=%s\n", names[i], getenv(names[i]) ? getenv(names[i]) : "");
	sched_getaffinity(0, sizeof(cpus), &cpus);
	printf("cpus=%d\n", CPU_COUNT(&cpus));
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (signum = 1; signum < NSIG; signum++) {
		nblocked += sigismember(&mask, signum) == 1;
		nignored += sigaction(signum, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
	}
	printf("blocked=%d\nignored=%d\n", nblocked, nignored);
	printf("leader=%d\n", getpgrp() == getpid());
	n = readlink("/proc/self/fd/0", where, sizeof(where) - 1);
	where[n < 0 ? 0 : n] = '\0';
	printf("stdin=%s\n", where);
	dir = opendir("/proc/self/fd");
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
			printf("fd=%s\n", entry->d_name);
	closedir(dir);
	n = readlink("/proc/self/cwd", where, sizeof(where) - 1);
	where[n < 0 ? 0 : n] = '\0';
	printf("cwd=%s\n", where);
	return 0;
}

/* 100,000 numbered lines of 16 bytes. */
WAY(6, floods)
{
	int i;

	for (i = 0; i < 100000; i++)
		printf("line %010d\n", i);
	return 0;
}

WAY(7, fails_loudly)
{
	int i;

	for (i = 0; i < 10000; i++)
		printf("line %010d\n", i);
	return 1;
}
