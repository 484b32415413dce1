/* SPDX-License-Identifier: MIT */
/* A suite without a runtime: each test does what it is named for. For test_host.c. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST(name) int32_t name(void); int32_t name(void)

extern char **environ;

TEST(trivial)
{
	return 0;
}

TEST(prints)
{
	printf("out without newline");
	fputs("err", stderr);
	return 0;
}

TEST(is_pristine)
{
	struct itimerval timer;
	struct sigaction action;
	struct rlimit limit;
	struct stat st;
	sigset_t mask;
	char cwd[4096];
	int fd;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	getitimer(ITIMER_REAL, &timer);
	sigaction(SIGUSR1, NULL, &action);
	getrlimit(RLIMIT_CORE, &limit);
	fd = dup(0);
	close(fd);
	printf("env %d cwd %d umask %d mask %d timer %d usr1 %d flags %d fd %d stdin %d\n",
	       getenv("HOST_TEST_CHANGED") != NULL || getenv("PATH") == NULL,
	       strcmp(getcwd(cwd, sizeof(cwd)), "/") == 0, umask(022) == 0077,
	       sigismember(&mask, SIGUSR1), timer.it_value.tv_sec > 0,
	       action.sa_handler != SIG_DFL, (fcntl(1, F_GETFL) & O_NONBLOCK) != 0, fd > 3,
	       fstat(0, &st) < 0 || !S_ISCHR(st.st_mode));
	return 0;
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(changes_much)
{
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	signal(SIGUSR1, nothing);
	setenv("HOST_TEST_CHANGED", "1", 1);
	unsetenv("PATH");
	alarm(1000);
	umask(0077);
	fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
	close(0);
	return chdir("/");
}

TEST(scribbles_environment)
{
	char *path = getenv("PATH");

	memset(path, 'x', strlen(path));
	environ[0] = NULL;
	return 0;
}

TEST(closes_stdio)
{
	printf("last words");
	close(1);
	close(2);
	return 0;
}

TEST(closes_everything)
{
	int fd;

	for (fd = 3; fd < 2048; fd++)
		close(fd);
	return 0;
}

TEST(closes_really_everything)
{
	int fd;

	for (fd = 0; fd < 2048; fd++)
		close(fd);
	return 0;
}

TEST(fclose_stdout)
{
	fclose(stdout);
	return 0;
}

TEST(leaves_descriptor)
{
	return open("/dev/zero", O_RDONLY) < 0;
}

static void *wait_for_ever(void *unused)
{
	pause();
	return unused;
}

TEST(leaves_thread)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
		return 1;
	pthread_setname_np(thread, "stayer");
	return 0;
}

static void *return_at_once(void *unused)
{
	return unused;
}

TEST(joins_threads)
{
	pthread_t threads[8];
	int i;

	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, return_at_once, NULL);
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

TEST(leaves_daemon)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		if (fork() == 0) {
			for (;;)
				pause();
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

TEST(leaves_zombie)
{
	if (fork() == 0)
		_exit(0);
	return 0;
}

TEST(child_returns)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		printf("child");
		return 7;
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1 ? 0 : 1;
}

TEST(child_crashes)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		raise(SIGSEGV);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 0 : 1;
}

TEST(exits)
{
	exit(0);
}

TEST(exits_hard)
{
	_exit(3);
}

TEST(segfaults)
{
	*(volatile int *)8 = 1;
	return 0;
}

TEST(aborts)
{
	printf("before abort\n");
	abort();
}

static int32_t overflow(volatile char *above)
{
	volatile char here[4096];

	here[0] = *above;
	return here[0] ? overflow(here) + here[0] : 0;
}

TEST(overflows)
{
	volatile char start = 1;

	return overflow(&start);
}

static void *segfault_there(void *unused)
{
	*(volatile int *)16 = 1;
	return unused;
}

TEST(segfaults_on_thread)
{
	pthread_t thread;

	pthread_create(&thread, NULL, segfault_there, NULL);
	pthread_join(thread, NULL);
	return 0;
}

static void segfault_handler(int sig, siginfo_t *si, void *context)
{
	(void)context;
	printf("own handler %d %p\n", sig, si->si_addr);
	fflush(stdout);
	_exit(9);
}

TEST(handles_segfault)
{
	struct sigaction action = { .sa_sigaction = segfault_handler, .sa_flags = SA_SIGINFO }, old;

	if (sigaction(SIGSEGV, &action, NULL) < 0 || sigaction(SIGSEGV, NULL, &old) < 0 ||
	    old.sa_sigaction != segfault_handler)
		return 1;
	*(volatile int *)24 = 1;
	return 2;
}

TEST(replaces_handler_by_system_call)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} ignore = { (void *)SIG_IGN, 0, NULL, 0 };

	return (int32_t)syscall(SYS_rt_sigaction, SIGSEGV, &ignore, NULL, 8);
}
