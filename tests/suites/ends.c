/* SPDX-License-Identifier: MIT */
/* Test programs that leave something behind, each in its way: the one it is called by. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_S 1000

/* What a shell's `exec > >(tee log)` does: the last words come from a process that outlives us. */
static int last_words(void)
{
	char line[256];
	int fds[2];
	ssize_t n;

	if (pipe(fds) < 0)
		return 2;
	if (fork() == 0) {
		close(fds[1]);
		while ((n = read(fds[0], line, sizeof(line))) > 0) {
			usleep(20000);
			if (write(STDOUT_FILENO, line, (size_t)n) < 0)
				_exit(2);
		}
		_exit(0);
	}
	dup2(fds[1], STDOUT_FILENO);
	puts("the reason of the failure");
	fflush(stdout);
	_exit(1);
}

static void stdio_close(void)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
}

/* A daemon with the pipe. */
static int holds_pipe(void)
{
	if (fork() == 0) {
		setsid();
		sleep(LONG_S);
		_exit(0);
	}
	puts("left one");
	return 0;
}

/* A child in our group with both pipes. */
static int leaves_child(void)
{
	if (fork() == 0) {
		sleep(LONG_S);
		_exit(0);
	}
	return 0;
}

/* A daemon without it. */
static int quiet(void)
{
	if (fork() == 0) {
		setsid();
		stdio_close();
		sleep(LONG_S);
		_exit(0);
	}
	return 0;
}

/* Ends by itself a moment after us. */
static int soon_over(void)
{
	if (fork() == 0) {
		stdio_close();
		usleep(30000);
		_exit(0);
	}
	return 0;
}

/* A daemon that cannot be killed (the test sees to that) must not outlive the run for long. */
static int unkillable_daemon(void)
{
	pid_t self = getpid(), parent;

	if (fork() > 0)
		return 0;
	stdio_close();
	/* Our child, then proctor's, then of whoever takes what proctor leaves. */
	while ((parent = getppid()) == self)
		usleep(1000);
	while (getppid() == parent)
		usleep(10000);
	_exit(0);
}

static int hangs(void)
{
	puts("hangs");
	fflush(stdout);
	sleep(LONG_S);
	return 0;
}

static int sleeps(void)
{
	sleep(1);
	return 0;
}

static int passes(void)
{
	puts("fine");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} ends[] = {
	{ "last_words", last_words }, { "holds_pipe", holds_pipe },
	{ "leaves_child", leaves_child }, { "quiet", quiet },
	{ "soon_over", soon_over }, { "unkillable_daemon", unkillable_daemon },
	{ "hangs", hangs }, { "sleeps", sleeps }, { "passes", passes },
};

int main(int argc, char **argv)
{
	const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;
	size_t i;

	for (i = 0; name && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(ends[i].name, name + 1) == 0)
			return ends[i].run();
	return 2;
}
