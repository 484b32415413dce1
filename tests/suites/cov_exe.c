/* SPDX-License-Identifier: MIT */
/* The same for executables: the way is the last part of the program's name, after a dash. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLAIN __attribute__((no_profile_instrument_function, noinline))

static volatile int sink;

static void work(int n)
{
	for (int i = 0; i < n; i++)
		if (i % 3 == 0)
			sink += i;
}

PLAIN static void in_child(bool bad)
{
	int status;
	pid_t pid = bad ? fork() : 0;

	if (pid == 0)
		work(100);
	if (pid == 0 && bad)
		exit(0);
	if (bad)
		waitpid(pid, &status, 0);
}

/* Others see by its name that it has done its work: at-exe19-hang. */
PLAIN static void hang(const char *program)
{
	char name[16] = "at-";

	strncat(name, strrchr(program, '/') + 1, sizeof(name) - 4);
	prctl(PR_SET_NAME, name);
	for (;;)
		pause();
}

PLAIN static void end(const char *program)
{
	volatile uintptr_t nowhere = 8;
	const char *value = getenv("COVERAGE_BAD"), *way = strrchr(program, '-');
	bool bad = value && *value == '1';

	if (strcmp(way, "-child") == 0)
		in_child(bad);
	if (!bad)
		return;
	if (strcmp(way, "-crash") == 0)
		abort();
	if (strcmp(way, "-exit") == 0)
		_exit(0);
	if (strcmp(way, "-null") == 0)
		*(volatile int *)nowhere = 1;
	if (strcmp(way, "-hang") == 0)
		hang(program);
	if (strcmp(way, "-lost") == 0)
		kill(getpid(), SIGKILL);
}

int main(int argc, char **argv)
{
	work(argc + 6);
	end(argv[0]);
	return 0;
}
