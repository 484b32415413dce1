/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Interrupts the wait for a command that takes too long. */
static void on_alarm(int sig)
{
	(void)sig;
}

static void limit_start(void)
{
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	alarm(MEASURE_LIMIT_S);
}

/* Waits like wait4(); a child past the limit is killed, which ends the next wait. */
static int wait_limited(pid_t pid, int *status, struct rusage *usage)
{
	while (wait4(pid, status, __WALL, usage) < 0) {
		if (errno != EINTR)
			return -1;
		kill(pid, SIGKILL);
	}
	return 0;
}

/* Reads what only a process that has not ended can tell. */
static void read_proc(pid_t pid, struct sample *sample)
{
	char path[64], line[1024];
	double tick = (double)sysconf(_SC_CLK_TCK);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (file) {
		while (fgets(line, sizeof(line), file))
			if (strncmp(line, "VmHWM:", 6) == 0)
				sample->peak_kb = strtod(line + 6, NULL);
		fclose(file);
	}
	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)pid, (int)pid);
	file = fopen(path, "re");
	if (file) {
		unsigned long long ran_ns;

		if (fscanf(file, "%llu", &ran_ns) == 1)
			sample->first_cpu_s = (double)ran_ns / 1e9;
		fclose(file);
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file) {
		unsigned long user, sys;
		const char *after = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;

		/* Fields 14 and 15; the name, field 2, may hold anything but ends at the last ')'. */
		if (after && sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
				    &user, &sys) == 2)
			sample->own_cpu_s = (double)(user + sys) / tick;
		fclose(file);
	}
}

/* In the forked child: waits to be traced, then becomes the command. */
static void become(char *const argv[], const char *out, int ready)
{
	char byte;
	int null = open("/dev/null", O_RDONLY);
	int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (null < 0 || fd < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(127);
	if (read(ready, &byte, 1) != 1)
		_exit(127);
	execvp(argv[0], argv);
	_exit(127);
}

int measure(char *const argv[], const char *out, struct sample *sample)
{
	struct rusage usage = { 0 };
	int ready[2], status = 0;
	double start;
	pid_t pid;

	*sample = (struct sample){ .first_cpu_s = -1, .own_cpu_s = -1, .peak_kb = -1 };
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become(argv, out, ready[0]);
	close(ready[0]);
	if (pid < 0) {
		close(ready[1]);
		return -1;
	}
	/* Where tracing is forbidden the figures that need it stay unknown. */
	ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT);
	limit_start();
	start = now_s();
	if (write(ready[1], "", 1) != 1)
		kill(pid, SIGKILL);
	close(ready[1]);

	while (wait_limited(pid, &status, &usage) == 0 && WIFSTOPPED(status)) {
		int sig = WSTOPSIG(status), event = status >> 16;

		if (event == PTRACE_EVENT_EXIT)
			read_proc(pid, sample);
		ptrace(PTRACE_CONT, pid, NULL, event ? 0L : (long)sig);
	}
	sample->wall_s = now_s() - start;
	sample->cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	alarm(0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int measure_many(char *const argv[], unsigned times, struct sample *sample)
{
	posix_spawn_file_actions_t actions;
	double start = now_s();
	int ret = 0;

	*sample = (struct sample){ .first_cpu_s = -1, .own_cpu_s = -1, .peak_kb = -1 };
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	limit_start();
	for (unsigned i = 0; i < times && ret == 0; i++) {
		int status;
		pid_t pid;

		if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0 ||
		    wait_limited(pid, &status, NULL) < 0 || status != 0)
			ret = -1;
	}
	alarm(0);
	posix_spawn_file_actions_destroy(&actions);
	sample->wall_s = now_s() - start;
	return ret;
}
