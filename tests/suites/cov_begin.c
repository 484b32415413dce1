/* SPDX-License-Identifier: MIT */
/* Counts and ends, or forks, while it is loaded: as COVERAGE_BEGIN says. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void begin_work(void);

#ifndef CALLER
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

__attribute__((constructor, no_profile_instrument_function)) static void begin(void)
{
	const char *how = getenv("COVERAGE_BEGIN");

	begin_work();
	if (!how)
		return;
	if (strncmp(how, "child", 5) == 0)
		begin_in_child(how);
	else if (strcmp(how, "crash") == 0)
		abort();
	else if (strcmp(how, "exit") == 0)
		exit(0);
	else
		for (;;)
			pause();
}
#endif

#ifdef PROGRAM
int main(void)
{
	begin_work();
	return 0;
}
#endif
