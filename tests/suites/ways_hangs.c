/* SPDX-License-Identifier: MIT */
/* Tests that do not end. */
#include "way.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

NEIGHBOUR(0)

WAY(1, endless_loop)
{
	volatile unsigned turns = 0;

	printf("spins\n");
	for (;;)
		turns++;
	return 0;
}

NEIGHBOUR(2)

WAY(3, ignores_sigterm)
{
	signal(SIGTERM, SIG_IGN);
	fprintf(stderr, "ignores\n");
	wait_for_ever();
}

NEIGHBOUR(4)

WAY(5, deadlock)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&mutex);
	return 0;
}

NEIGHBOUR(6)

/* Its children hold the pipes and ignore what ends their parent. */
WAY(7, hangs_with_children)
{
	signal(SIGTERM, SIG_IGN);
	if (fork() == 0)
		wait_for_ever();
	if (fork() == 0) {
		setsid();
		wait_for_ever();
	}
	wait_for_ever();
}

NEIGHBOUR(8)

WAY(9, blocks_all_signals)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	wait_for_ever();
}

NEIGHBOUR(10)

/* What it daemonized survives the death of its group. */
WAY(11, hangs_with_daemon)
{
	if (fork() == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		prctl(PR_SET_NAME, "left-daemon");
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		wait_for_ever();
	}
	wait_for_ever();
}

NEIGHBOUR(12)

static void clean_up(int sig)
{
	static const char done[] = "cleaned up\n";
	const struct timespec takes = { .tv_nsec = 50000000 };

	(void)sig;
	nanosleep(&takes, NULL);
	if (write(STDOUT_FILENO, done, sizeof(done) - 1) < 0)
		_exit(1);
	_exit(0);
}

/* It uses the time between SIGTERM and SIGKILL. */
WAY(13, cleans_up)
{
	signal(SIGTERM, clean_up);
	wait_for_ever();
}

NEIGHBOUR(14)
