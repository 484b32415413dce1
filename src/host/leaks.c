/* SPDX-License-Identifier: MIT */
#include "host/leaks.h"

#include "base/clock.h"
#include "base/process.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* So long the kernel may still count a thread that has ended. */
#define EXIT_US 20000
#define KILL_US 2000000		/* for killed processes to be gone */
#define PAUSE_US 200		/* between two looks at the threads */

static bool is_known(const struct known *k, pid_t id)
{
	unsigned i;

	for (i = 0; i < k->n; i++)
		if (k->ids[i] == id)
			return true;
	return false;
}

static void known_add(struct known *k, pid_t id)
{
	if (k->n < LEFT_KNOWN_MAX)
		k->ids[k->n++] = id;
}

/* Counts the living threads that are not in `before`. Adds them to `k` and names them in `l`,
 * unless these are NULL. */
static unsigned threads_scan(const struct known *before, struct known *k, struct text_lines *l)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned n = 0;
	pid_t id;

	if (!dir)
		return 0;
	while ((id = process_next(dir)) > 0) {
		struct process_stat st;

		if (id == gettid() || (before && is_known(before, id)) || !thread_stat(id, &st) ||
		    st.state == 'X' || st.state == 'Z' || (st.flags & PROCESS_EXITING))
			continue;
		n++;
		if (k)
			known_add(k, id);
		if (l) {
			/* A thread that was given no name has that of the process. */
			if (strcmp(st.comm, program_invocation_short_name) == 0)
				text_line_add(l, "thread %d, without a name", id);
			else
				text_line_add(l, "thread %d (%s)", id, st.comm);
		}
	}
	closedir(dir);
	return n;
}

void known_threads(struct known *k)
{
	k->n = 0;
	threads_scan(NULL, k, NULL);
}

/* There is no event to wait for: only who joins a thread is told of its end. */
static void pause_briefly(void)
{
	usleep(PAUSE_US);
}

bool left_threads(const struct known *k, uint64_t leak_us, struct text_lines *l)
{
	uint64_t until_us = clock_us() + (leak_us > EXIT_US ? leak_us : EXIT_US);

	while (threads_scan(k, NULL, NULL) > 0) {
		if (clock_us() >= until_us)
			return threads_scan(k, NULL, l) > 0;
		pause_briefly();
	}
	return false;
}

bool left_none(void)
{
	siginfo_t si;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
			return errno == ECHILD;
		if (si.si_pid == 0)
			return false;
		waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | __WALL);
	}
}

static void process_name(pid_t pid, struct text_lines *l)
{
	char words[PROCESS_WORDS_BYTES];

	text_line_add(l, "%s", process_words(pid, words, sizeof(words)));
}

/* Kills the process and names it in `l`. On a busy machine a killed process may be there for a
 * while: one that is in `killed` is killed again, but was named already. */
static void child_kill(const struct process_stat *st, pid_t pid, struct known *killed,
		       struct text_lines *l)
{
	if (!(st->flags & PROCESS_EXITING) && !is_known(killed, pid)) {
		process_name(pid, l);
		known_add(killed, pid);
	}
	kill(pid, SIGKILL);
}

/* Counts the living children that are not in `before`. Adds them to `k` unless that is NULL; if
 * `killed` is given, kills them. */
static unsigned children_scan(const struct known *before, struct known *k, struct known *killed,
			      struct text_lines *l)
{
	DIR *dir = opendir("/proc");
	unsigned n = 0;
	pid_t id;

	if (!dir)
		return 0;
	while ((id = process_next(dir)) > 0) {
		struct process_stat st;

		if ((before && is_known(before, id)) || !process_stat(id, &st) ||
		    st.parent != getpid() || st.state == 'X' || st.state == 'Z')
			continue;
		n++;
		if (k)
			known_add(k, id);
		if (killed)
			child_kill(&st, id, killed, l);
	}
	closedir(dir);
	return n;
}

void known_children(struct known *k)
{
	k->n = 0;
	if (!left_none())
		children_scan(NULL, k, NULL, NULL);
}

/* Waits until a child has ended, at most for `us`. It is not reaped: left_none() does that. */
static void child_wait(uint64_t us)
{
	struct timespec timeout = { .tv_nsec = (long)us * 1000 };
	sigset_t set, old;
	siginfo_t si = { 0 };

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	/* Whether one has ended is asked once more with the signal blocked: one that ends after
	 * that leaves the signal pending, and sigtimedwait() returns at once. */
	if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 && si.si_pid == 0)
		sigtimedwait(&set, NULL, &timeout);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

bool left_processes(const struct known *k, uint64_t leak_us, struct text_lines *l)
{
	uint64_t until_us = clock_us() + leak_us;
	struct known killed = { .n = 0 };

	while (children_scan(k, NULL, NULL, NULL) > 0 && clock_us() < until_us)
		child_wait(EXIT_US / 4), left_none();
	if (children_scan(k, NULL, &killed, l) == 0)
		return false;
	/* The children of a killed process become this process's, as it is a subreaper: the next
	 * look finds them. */
	until_us = clock_us() + KILL_US;
	while (!left_none() && clock_us() < until_us) {
		child_wait(EXIT_US / 4);
		if (left_none() || children_scan(k, NULL, &killed, l) == 0)
			break;
	}
	/* Reaps one that has ended since the last call. */
	left_none();
	return true;
}
