/* SPDX-License-Identifier: MIT */
#include "guard/guard.h"

#include "base/clock.h"
#include "base/fds.h"
#include "base/tree_remove.h"
#include "wire/page.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SCAN_US 5000000		/* then it gives up, whatever still forks */
/* One look at all processes can miss a process that forks and exits meanwhile. Only after so many
 * looks in a row, so far apart, that found nothing, is it believed that nothing is left. */
#define EMPTY_SCANS 4
#define EMPTY_PAUSE_US 50000
#define DEATH_MS 50		/* for the killed to die, before the next look */
#define KILLED_MAX 256		/* in one look at all processes */
#define ENVIRON_MAX (512 * 1024)

/* Closes every descriptor but its two: had it the write end of somebody's pipe, the reader of that
 * pipe would never see its end. It also ignores all signals and leaves the working directory. */
static bool guard_detach(int fd)
{
	unsigned low = fd < GUARD_PAGE_FD ? (unsigned)fd : GUARD_PAGE_FD;
	unsigned high = fd < GUARD_PAGE_FD ? GUARD_PAGE_FD : (unsigned)fd;
	sigset_t all;
	int null, i;

	if (fd < 3 || fd == GUARD_PAGE_FD)
		return false;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "proctor-guard");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 0; i < 3; i++)
		if (null < 0 || dup2(null, i) < 0)
			close(i);
	fds_close(3, low - 1);
	fds_close(low + 1, high - 1);
	fds_close(high + 1, ~0u);
	return chdir("/") == 0;
}

/* Waits for the end of the pipe. True if proctor did not write its goodbye before: it was
 * killed. */
static bool pipe_broke(int fd)
{
	bool bye = false;
	char bytes[64];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0 && memchr(bytes, GUARD_BYE, (size_t)n))
			bye = true;
	}
	return !bye;
}

static void group_kill(pid_t group)
{
	if (group > 1 && group != getpgrp())	/* -1 would be everyone */
		kill(-group, SIGKILL);
}

static void groups_kill(void)
{
	const int32_t *groups = mmap(NULL, GUARD_GROUPS_MAX * sizeof(*groups), PROT_READ, MAP_SHARED,
				     GUARD_PAGE_FD, 0);
	unsigned i;

	if (groups == MAP_FAILED)
		return;
	for (i = 0; i < GUARD_GROUPS_MAX; i++)
		group_kill(groups[i]);
}

/* True if the environment that `pid` was started with has the entry `mark`. */
static bool is_marked(const char *pid, const char *mark, char *buffer)
{
	size_t nmark = strlen(mark), nbytes = 0;
	char path[64], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (nbytes < ENVIRON_MAX && (n = read(fd, buffer + nbytes, ENVIRON_MAX - nbytes)) > 0)
		nbytes += (size_t)n;
	close(fd);
	for (at = buffer; (at = memmem(at, (size_t)(buffer + nbytes - at), mark, nmark)); at++)
		if ((at == buffer || at[-1] == '\0') &&
		    (at + nmark == buffer + nbytes || at[nmark] == '\0'))
			return true;
	return false;
}

/* True if `pid` was marked; it is killed then, and `*fd` is a pidfd of it, or -1. */
static bool marked_kill(const char *pid, const char *mark, char *buffer, int *fd)
{
	pid_t number = (pid_t)strtol(pid, NULL, 10);

	if (!is_marked(pid, mark, buffer))
		return false;
	*fd = (int)syscall(SYS_pidfd_open, number, 0);
	/* Looked at again: the process that was marked may have died before the pidfd was opened,
	 * and another got its number. From here on the pidfd is of the right process. Where pidfds
	 * are refused a small risk stays: the number would have to change hands within the next
	 * lines. */
	if (!is_marked(pid, mark, buffer))
		return true;
	/* Kills its whole process group in one call, so that nothing it forks meanwhile escapes.
	 * The group holds no strangers: it is in a session that a test began, and no process can
	 * join a session. */
	group_kill(getpgid(number));
	if (*fd < 0 || syscall(SYS_pidfd_send_signal, *fd, SIGKILL, NULL, 0) < 0)
		kill(number, SIGKILL);
	return true;
}

/*
 * The next process of /proc, as of this moment. readdir(3) would read hundreds of names at once: a
 * process that forks and exits all the time has another number by the time its name is reached.
 */
static bool next_process(int proc, char *name, size_t size)
{
	struct dirent64 entry;		/* has room for one long name or a few short ones */

	while (getdents64(proc, &entry, sizeof(entry)) > 0) {
		/* The kernel may have put more names behind the first one: go back and have them
		 * read anew. */
		lseek(proc, entry.d_off, SEEK_SET);
		if (!isdigit((unsigned char)entry.d_name[0]) || atoi(entry.d_name) == getpid())
			continue;
		snprintf(name, size, "%.15s", entry.d_name);
		return true;
	}
	return false;
}

/* Looks at all processes once: kills those with the mark, waits DEATH_MS for them to die. Returns
 * how many there were. */
static unsigned scan(const char *mark, char *buffer)
{
	struct pollfd killed[KILLED_MAX];
	uint64_t until_us = clock_us() + DEATH_MS * 1000;
	unsigned nkilled = 0, i;
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[32];

	if (proc < 0)
		return 0;
	while (nkilled < KILLED_MAX && next_process(proc, name, sizeof(name))) {
		int fd;

		if (marked_kill(name, mark, buffer, &fd))
			killed[nkilled++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	close(proc);
	for (i = 0; i < nkilled; i++) {
		uint64_t now_us = clock_us();

		poll(&killed[i], 1, now_us < until_us ? (int)((until_us - now_us) / 1000) : 0);
		if (killed[i].fd >= 0)
			close(killed[i].fd);
	}
	return nkilled;
}

/* Looks again and again until nothing with the mark is left, or SCAN_US have passed. */
static void scan_all(const char *mark)
{
	static char buffer[ENVIRON_MAX];
	uint64_t until_us = clock_us() + SCAN_US;
	unsigned nempty = 0;

	while (nempty < EMPTY_SCANS && clock_us() < until_us) {
		if (scan(mark, buffer) > 0) {
			nempty = 0;
			continue;
		}
		if (++nempty < EMPTY_SCANS)
			usleep(EMPTY_PAUSE_US);
	}
}

/* Nobody is left who uses them. */
static void temp_dirs_remove(const char *under, const char *run_id)
{
	int fd = open(under, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	char prefix[32];

	snprintf(prefix, sizeof(prefix), TEMP_PREFIX "%.8s-", run_id);
	while (dir && (e = readdir(dir)))
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0)
			tree_remove(fd, e->d_name, NULL, 0);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

int guard_main(int fd, const char *run_id, const char *temp_dirs)
{
	char mark[256];

	if (!guard_detach(fd))
		return 2;
	if (!pipe_broke(fd))
		return 0;
	groups_kill();
	snprintf(mark, sizeof(mark), "PROCTOR_RUN_ID=%s", run_id);
	scan_all(mark);
	if (temp_dirs)
		temp_dirs_remove(temp_dirs, run_id);
	return 0;
}
