/* SPDX-License-Identifier: MIT */
/*
 * usage: bare_spawn LANES PROGRAM...
 *
 * The least that can be done with test executables: LANES threads, each of which starts the next
 * program, waits for it and looks at its status. No capture, no deadline, no process groups.
 */
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define LANES_MAX 64

extern char **environ;

static char **programs;			/* ends with NULL; constant once the lanes run */
static int nprograms;
static atomic_int next, nfailed;

static void *lane(void *arg)
{
	int i;

	while ((i = atomic_fetch_add(&next, 1)) < nprograms) {
		char *argv[] = { programs[i], NULL };
		int status = -1;
		pid_t pid;

		if (posix_spawn(&pid, programs[i], NULL, NULL, argv, environ) != 0 ||
		    waitpid(pid, &status, 0) != pid || status != 0)
			atomic_fetch_add(&nfailed, 1);
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t threads[LANES_MAX];
	int nlanes = argc > 1 ? atoi(argv[1]) : 0;

	if (nlanes < 1 || nlanes > LANES_MAX) {
		fprintf(stderr, "usage: bare_spawn LANES PROGRAM...\n");
		return 2;
	}
	programs = argv + 2;
	nprograms = argc - 2;
	for (int i = 0; i < nlanes; i++)
		if (pthread_create(&threads[i], NULL, lane, NULL) != 0)
			return 1;
	for (int i = 0; i < nlanes; i++)
		pthread_join(threads[i], NULL);
	return atomic_load(&nfailed) != 0;
}
