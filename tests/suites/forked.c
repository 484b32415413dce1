// SPDX-License-Identifier: MIT
/* What programs do before main(), and find in it, when they are forked for each test: by the name they are
 * called by. Each tells whether it was forked. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t constructed;	/* the process in which the constructors ran */
static volatile int *nowhere = (volatile int *)16;
static pthread_t early;

static void *waits(void *data)
{
	pause();
	return data;
}

static void nothing(void)
{
}

/* Claims, on each socket that it finds, whatever could be believed. */
static void forges(void)
{
	struct {
		uint64_t magic;
		uint32_t word, serial;
		int32_t value;
		int32_t group;
	} lie = { 0x70726f63666f726bull, 3, 1, 1, 1 };

	for (int fd = 3; fd < 1024; fd++) {
		send(fd, &lie, sizeof(lie), MSG_NOSIGNAL | MSG_DONTWAIT);
		lie.value = getppid();
	}
}

static void __attribute__((constructor)) before(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL, *name = slash ? slash + 1 : "";
	struct itimerval later = { .it_value = { .tv_sec = 1000 } };

	constructed = getpid();
	if (strcmp(name, "threads_before") == 0)
		pthread_create(&early, NULL, waits, NULL);
	else if (strcmp(name, "opens_before") == 0)
		(void)!open("/proc/self/exe", O_RDONLY);
	else if (strcmp(name, "timer_before") == 0)
		setitimer(ITIMER_REAL, &later, NULL);
	else if (strcmp(name, "handlers_before") == 0)
		pthread_atfork(nothing, nothing, nothing);
	else if (strcmp(name, "child_before") == 0 && fork() == 0)
		_exit(0);
	else if (strcmp(name, "writes_before") == 0)
		(void)!write(STDOUT_FILENO, "early\n", 6);
	else if (strcmp(name, "exits_before") == 0)
		_exit(0);
	else if (strcmp(name, "crashes_before") == 0)
		exit(*nowhere);
	else if (strcmp(name, "hangs_before") == 0)
		waits(NULL);
	else if (strcmp(name, "forges_before") == 0)
		forges();
}

static int says_how(void)
{
	puts(constructed == getpid() ? "executed" : "forked");
	return 0;
}

/* What the C library keeps of a thread's number has to be this process's. */
static volatile sig_atomic_t nraised;

static void count(int sig)
{
	(void)sig;
	nraised++;
}

static void *says_how_too(void *data)
{
	says_how();
	return data;
}

static int is_whole(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;
	pthread_t thread;

	signal(SIGUSR1, count);
	raise(SIGUSR1);
	pthread_kill(pthread_self(), SIGUSR1);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&mutex, &attr);
	if (nraised != 2 || gettid() != getpid() || pthread_mutex_lock(&mutex) != 0 ||
	    pthread_mutex_lock(&mutex) == 0 || pthread_mutex_unlock(&mutex) != 0)
		return 1;
	if (pthread_create(&thread, NULL, says_how_too, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return 2;
	return system("exit 3") != 3 << 8;
}

static int shows(int argc, char **argv)
{
	DIR *dir = opendir("/proc/self/fd");
	char own[64] = "";
	int n = 0, fd = open("/proc/self/environ", O_RDONLY);
	char bytes[65536], *at;
	ssize_t nbytes = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));

	while (dir && readdir(dir))
		n++;
	for (at = bytes; at < bytes + (nbytes > 0 ? nbytes : 0); at += strlen(at) + 1)
		if (strncmp(at, "PROCTOR_HOST=", 13) == 0)
			snprintf(own, sizeof(own), "%ld", strtol(at + 13, NULL, 10));
	printf("words %d %s\nled %d\ndescriptors %d\nhost %d\npreload %s\nstdin %s\n", argc, argv[argc] ? "?" : "-",
	       getsid(0) != getsid(getppid()), n - 4, strcmp(own, getenv("PROCTOR_HOST")) == 0,
	       getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "none", ttyname(0) ? "tty" : "none");
	return says_how();
}

static int faults(void)
{
	says_how();
	return *nowhere;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];

	if (strcmp(name, "whole") == 0)
		return is_whole();
	if (strcmp(name, "moves") == 0 && (getsid(0) == getpid() || setsid() != getpid()))
		return 1;
	if (strcmp(name, "shows") == 0)
		return shows(argc, argv);
	if (strcmp(name, "faults") == 0)
		return faults();
	if (strcmp(name, "hangs") == 0)
		waits(NULL);
	return says_how();
}
