/* SPDX-License-Identifier: MIT */
/* Counts and ends, or forks, while it is loaded: as COVERAGE_BEGIN says. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void begin_work(void);

#ifdef LATER
/* The child that libbegin.so has forked while it was opened has not what was opened later. */
int32_t tml_test_0(void);
int32_t tml_test_0(void)
{
	const char *child = getenv("COVERAGE_CHILD");
	pid_t pid = child ? (pid_t)strtol(child, NULL, 10) : 0;
	int status;

	if (pid > 0 && (kill(pid, SIGTERM) < 0 || waitpid(pid, &status, 0) != pid))
		return 1;
	return pid > 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}
#endif

#if !defined(CALLER) && !defined(LATER)
static volatile int sink;

__attribute__((noinline)) void begin_work(void)
{
	sink++;
}

int32_t tml_test_0(void);
int32_t tml_test_0(void)
{
	begin_work();
	return 0;
}

/* Goes on when the child has counted: liblater.so ends it. */
__attribute__((no_profile_instrument_function)) static void begin_with_child(void)
{
	char number[16], byte = 0;
	int fds[2];
	pid_t pid;

	if (pipe(fds) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		begin_work();
		if (write(fds[1], &byte, 1) != 1)
			abort();
		for (;;)
			pause();
	}
	if (pid < 0 || read(fds[0], &byte, 1) != 1)
		abort();
	close(fds[0]);
	close(fds[1]);
	snprintf(number, sizeof(number), "%ld", (long)pid);
	setenv("COVERAGE_CHILD", number, 1);
}

__attribute__((no_profile_instrument_function)) static void begin_in_child(const char *how)
{
	pid_t pid = fork();

	if (pid > 0) {
		waitpid(pid, NULL, 0);
		return;
	}
	begin_work();
	if (strcmp(how, "child-exit") == 0)
		exit(0);
	kill(getpid(), SIGKILL);
}

__attribute__((no_profile_instrument_function)) static void begin_again(void)
{
	unsetenv("COVERAGE_BEGIN");
	execl("/proc/self/exe", "again", (char *)NULL);
	abort();
}

__attribute__((no_profile_instrument_function)) static void begin_hangs(const char *how)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (strcmp(how, "hang-deaf") == 0)
		sigprocmask(SIG_BLOCK, &term, NULL);
	for (;;)
		pause();
}

__attribute__((constructor, no_profile_instrument_function)) static void begin(void)
{
	const char *how = getenv("COVERAGE_BEGIN");

	begin_work();
	if (!how)
		return;
	if (strcmp(how, "child-stays") == 0)
		begin_with_child();
	else if (strncmp(how, "child", 5) == 0)
		begin_in_child(how);
	else if (strcmp(how, "crash") == 0)
		abort();
	else if (strcmp(how, "exit") == 0)
		exit(0);
	else if (strcmp(how, "killed") == 0)
		kill(getpid(), SIGKILL);
	else if (strcmp(how, "exec") == 0)
		begin_again();
	else
		begin_hangs(how);
}
#endif

#ifdef PROGRAM
int main(void)
{
	begin_work();
	return 0;
}
#endif
