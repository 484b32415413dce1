/* SPDX-License-Identifier: MIT */
/*
 * usage: bare_spawn LANES PROGRAM...
 *        bare_spawn LANES --each PROGRAM ARGUMENT...
 *
 * The least that can be done with test executables: LANES threads, each of which starts the next
 * program, or the same one with the next argument, waits for it and looks at its status. No capture,
 * no deadline, no process groups.
 */
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LANES_MAX 64

extern char **environ;

/* Constant once the lanes run. */
static char **words;			/* programs, or arguments */
static int nwords;
static char *each;			/* the program that gets the arguments; NULL: they are programs */
static atomic_int next, nfailed;

static void *lane(void *arg)
{
	int i;

	while ((i = atomic_fetch_add(&next, 1)) < nwords) {
		char *program = each ? each : words[i];
		char *argv[] = { program, each ? words[i] : NULL, NULL };
		int status = -1;
		pid_t pid;

		if (posix_spawn(&pid, program, NULL, NULL, argv, environ) != 0 ||
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
		fprintf(stderr, "usage: bare_spawn LANES [--each PROGRAM] WORD...\n");
		return 2;
	}
	words = argv + 2;
	nwords = argc - 2;
	if (nwords >= 2 && strcmp(words[0], "--each") == 0) {
		each = words[1];
		words += 2;
		nwords -= 2;
	}
	for (int i = 0; i < nlanes; i++)
		if (pthread_create(&threads[i], NULL, lane, NULL) != 0)
			return 1;
	for (int i = 0; i < nlanes; i++)
		pthread_join(threads[i], NULL);
	return atomic_load(&nfailed) != 0;
}
