/* SPDX-License-Identifier: MIT */
/* Tests that signal proctor, their parent, in ways in which it can and cannot be told who did. */
#include <proctor/suite.h>

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals to proctor that it has not taken yet. */
static unsigned long pending(pid_t pid)
{
	unsigned long bits = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "ShdPnd: %lx", &bits) == 1)
			break;
	if (f)
		fclose(f);
	return bits;
}

static void await_taken(pid_t pid)
{
	while (pending(pid) != 0)
		usleep(1000);
}

/* Where the harness says that it has seen what it wanted. */
static void await_gate(void)
{
	const char *gate = getenv("GATE");

	while (gate && access(gate, F_OK) < 0)
		usleep(1000);
}

PROCTOR_TEST(before) { }

/* A sanitizer in proctor takes these for its own deaths. */
static bool is_deadly(int signo)
{
	const char *san = getenv("SAN");

	return san && *san && (signo == SIGSEGV || signo == SIGBUS || signo == SIGFPE ||
			       signo == SIGILL || signo == SIGABRT || signo == SIGTRAP);
}

PROCTOR_TEST(every_signal)
{
	pid_t proctor = getppid();

	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		if (signo == SIGKILL || signo == SIGSTOP || (signo > 31 && signo < SIGRTMIN) ||
		    is_deadly(signo))
			continue;
		kill(proctor, signo);
	}
	/* Those of the C library are not noted, but end nobody. */
	for (int signo = 32; signo < SIGRTMIN; signo++)
		syscall(SYS_kill, proctor, signo);
	await_taken(proctor);
}

PROCTOR_TEST(to_the_group)
{
	pid_t proctor = getppid();

	kill(-getpgid(proctor), SIGUSR2);
	await_taken(proctor);
}

/* The kernel tells a file's owner, whom anybody may name, by whichever signal was chosen; 0: SIGIO. */
PROCTOR_TEST(by_a_file)
{
	static const int signals[] = { SIGTERM, 0, SIGSEGV, SIGUSR1 };
	pid_t proctor = getppid();

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int fds[2];

		if (is_deadly(signals[i]))
			continue;
		if (pipe(fds) < 0 || fcntl(fds[0], F_SETOWN, proctor) < 0 ||
		    fcntl(fds[0], F_SETSIG, signals[i]) < 0 ||
		    fcntl(fds[0], F_SETFL, O_ASYNC) < 0 || write(fds[1], "", 1) != 1)
			abort();
		await_taken(proctor);
		close(fds[0]);
		close(fds[1]);
	}
}

static void send_at_exit(void)
{
	kill(getppid(), SIGUSR2);
	await_taken(getppid());
}

PROCTOR_TEST(at_exit)
{
	atexit(send_at_exit);
}

PROCTOR_TEST(after) { }

/* Proctor stands still while the sender ends, so that it looks too late. */
static void send_and_end(bool reap)
{
	pid_t proctor = getppid(), child;
	siginfo_t si;

	kill(proctor, SIGSTOP);
	child = fork();
	if (child == 0) {
		kill(proctor, SIGTERM);
		_exit(0);
	}
	waitid(P_PID, (id_t)child, &si, WEXITED | (reap ? 0 : WNOWAIT));
	kill(proctor, SIGCONT);
	await_taken(proctor);
	await_gate();
	if (!reap)
		waitpid(child, NULL, 0);
}

PROCTOR_TEST(from_a_zombie)
{
	send_and_end(false);
}

PROCTOR_TEST(from_nobody)
{
	send_and_end(true);
	/* It cannot be told whom that was from: the run is ended. */
	pause();
}

/* A daemon that has lost its parents and its environment, as far as it can. */
PROCTOR_TEST(from_a_daemon)
{
	pid_t proctor = getppid();
	char *argv[] = { "sh", "-c", NULL, NULL }, *envp[] = { NULL }, script[128];

	snprintf(script, sizeof(script), "kill -HUP %d; while kill -0 %d; do sleep 0.1; done",
		 (int)proctor, (int)getpid());
	argv[2] = script;
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			execve("/bin/sh", argv, envp);
		_exit(0);
	}
	wait(NULL);
	await_gate();
}

/* Each process of the chain ends as soon as the next is there. */
PROCTOR_TEST(forks_on)
{
	if (fork() == 0) {
		setsid();
		while (fork() == 0)
			usleep(500);
		_exit(0);
	}
	for (;;)
		pause();
}

PROCTOR_TEST(sleeps)
{
	for (;;)
		pause();
}
