/* SPDX-License-Identifier: MIT */
/*
 * The ways out of a process that LLVM's runtime does not see: these stand before the C library's
 * functions of the same names, and leave the counters in the counter area first. And fopen(), by
 * which the runtime of a forked child would append its profile to its parent's.
 */
#include "host/counters.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARGUMENTS_MAX 4096

typedef void exit_function(int status);
typedef int execve_function(const char *path, char *const argv[], char *const envp[]);
typedef int fexecve_function(int fd, char *const argv[], char *const envp[]);
typedef FILE *fopen_function(const char *path, const char *mode);

/* The functions behind ours: the C library's, or those of a sanitizer's runtime. */
static struct {
	exit_function *exit;
	execve_function *execve, *execvpe;
	fexecve_function *fexecve;
	fopen_function *fopen;
} next;

/* Looked up before a test can call one: a child of fork(2) must not wait for the loader's lock. */
static void __attribute__((constructor)) next_find(void)
{
	*(void **)&next.exit = dlsym(RTLD_NEXT, "_exit");
	*(void **)&next.execve = dlsym(RTLD_NEXT, "execve");
	*(void **)&next.execvpe = dlsym(RTLD_NEXT, "execvpe");
	*(void **)&next.fexecve = dlsym(RTLD_NEXT, "fexecve");
	*(void **)&next.fopen = dlsym(RTLD_NEXT, "fopen");
}

/* Constructors of other libraries may come before ours. */
static void next_need(void)
{
	if (!next.fopen)
		next_find();
}

void _exit(int status)
{
	next_need();
	counters_leave(0);
	if (next.exit)
		next.exit(status);
	for (;;)
		syscall(SYS_exit_group, status);
}

void _Exit(int status)
{
	_exit(status);
}

/* What follows a failed exec is counted afresh: nothing counts twice. */

int execve(const char *path, char *const argv[], char *const envp[])
{
	next_need();
	counters_leave(0);
	return next.execve(path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
	next_need();
	counters_leave(0);
	return next.execvpe(file, argv, envp);
}

int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
	next_need();
	counters_leave(0);
	return next.fexecve(fd, argv, envp);
}

/* Collects the arguments of execl() and its relatives up to NULL. -1: too many. */
static int arguments_collect(char *argv[ARGUMENTS_MAX], const char *first, va_list *args)
{
	size_t n = 0;

	for (char *arg = (char *)first; arg; arg = va_arg(*args, char *)) {
		if (n == ARGUMENTS_MAX - 1) {
			errno = E2BIG;
			return -1;
		}
		argv[n++] = arg;
	}
	argv[n] = NULL;
	return 0;
}

int execl(const char *path, const char *first, ...)
{
	char *argv[ARGUMENTS_MAX];
	va_list args;
	int ret;

	va_start(args, first);
	ret = arguments_collect(argv, first, &args);
	va_end(args);
	return ret < 0 ? ret : execv(path, argv);
}

int execlp(const char *file, const char *first, ...)
{
	char *argv[ARGUMENTS_MAX];
	va_list args;
	int ret;

	va_start(args, first);
	ret = arguments_collect(argv, first, &args);
	va_end(args);
	return ret < 0 ? ret : execvp(file, argv);
}

int execle(const char *path, const char *first, ...)
{
	char *argv[ARGUMENTS_MAX], *const *envp;
	va_list args;
	int ret;

	va_start(args, first);
	ret = arguments_collect(argv, first, &args);
	envp = ret < 0 ? NULL : va_arg(args, char *const *);
	va_end(args);
	return ret < 0 ? ret : execve(path, argv, envp);
}

/* The counts of a forked child are left in the area: what its runtime writes at exit is not used. */
static const char *profile_path(const char *path)
{
	return path && counters_forked() && counters_is_profile(path) ? "/dev/null" : path;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
	next_need();
	return next.fopen(profile_path(path), mode);
}

FILE *fopen64(const char *restrict path, const char *restrict mode)
{
	return fopen(profile_path(path), mode);
}
