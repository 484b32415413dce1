/* SPDX-License-Identifier: MIT */
/* Tests that leave threads or processes behind. Each passes; what it left makes it leaky. */
#include "way.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* Writes for as long as it lives: some of it falls into the time of the tests that follow. */
static void write_late(void)
{
	static const char late[] = "late bytes\n";

	for (;;) {
		pause_ms(5);
		if (write(1, late, sizeof(late) - 1) < 0 || write(2, late, sizeof(late) - 1) < 0)
			_exit(0);
	}
}

static void *thread_waits(void *arg)
{
	prctl(PR_SET_NAME, "left-thread");
	wait_for_ever();
	return arg;
}

static void *thread_writes(void *arg)
{
	write_late();
	return arg;
}

NEIGHBOUR(0)

WAY(1, thread)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, thread_waits, NULL);
}

NEIGHBOUR(2)

WAY(3, writing_thread)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, thread_writes, NULL);
}

NEIGHBOUR(4)

WAY(5, writing_child)
{
	if (fork() == 0) {
		signal(SIGTERM, SIG_IGN);
		write_late();
	}
	return 0;
}

NEIGHBOUR(6)

/* Double fork and setsid, the old way to daemonize; reports its birth through a pipe. */
WAY(7, daemon)
{
	int born[2];
	char byte;
	pid_t child;

	if (pipe(born) < 0)
		return 1;
	child = fork();
	if (child == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		close(born[0]);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		prctl(PR_SET_NAME, "left-daemon");
		if (write(born[1], "b", 1) != 1)
			_exit(1);
		close(born[1]);
		write_late();
	}
	close(born[1]);
	waitpid(child, NULL, 0);
	if (read(born[0], &byte, 1) != 1)
		return 1;
	close(born[0]);
	return 0;
}

NEIGHBOUR(8)

/* The child comes back into the host, as a second one. */
WAY(9, fork_returns_in_child)
{
	pid_t child = fork();

	if (child > 0)
		return waitpid(child, NULL, 0) == child ? 0 : 1;
	return child == 0 ? 0 : 1;
}

NEIGHBOUR(10)

WAY(11, zombie)
{
	siginfo_t si;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return waitid(P_PID, (id_t)child, &si, WEXITED | WNOWAIT) == 0 ? 0 : 1;
}

NEIGHBOUR(12)

/* Clean: it takes back what it started. */
WAY(13, joins_everything)
{
	pthread_t thread;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	if (waitpid(child, NULL, 0) != child)
		return 1;
	if (pthread_create(&thread, NULL, thread_waits, NULL) != 0)
		return 1;
	pthread_cancel(thread);
	return pthread_join(thread, NULL);
}

NEIGHBOUR(14)

/* The child of the child outlives a parent that was killed. */
WAY(15, orphan)
{
	pid_t child = fork();

	if (child == 0) {
		if (fork() == 0)
			wait_for_ever();
		_exit(0);
	}
	return waitpid(child, NULL, 0) == child ? 0 : 1;
}

NEIGHBOUR(16)
