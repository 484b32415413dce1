/* SPDX-License-Identifier: MIT */
/*
 * The ways out of a process that run no exit handlers: these stand before the C library's functions of the
 * same names, and save the counters first. And getenv() and open(), by which LLVM's runtime would write
 * profiles of what is counted here, and in a forked child add the child's to its parent's.
 */
#include "inject/counters.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef void exit_function(int status);
typedef int execve_function(const char *path, char *const argv[], char *const envp[]);
typedef int fexecve_function(int fd, char *const argv[], char *const envp[]);
typedef int open_function(const char *path, int flags, ...);

/* The functions behind ours: the C library's, or those of a sanitizer's runtime. */
static struct {
	exit_function *exit;
	execve_function *execve, *execvpe;
	fexecve_function *fexecve;
	open_function *open;
} next;

/* Looked up before a test can call one: a child of fork(2) must not wait for the loader's lock. */
static void __attribute__((constructor)) next_find(void)
{
	*(void **)&next.exit = dlsym(RTLD_NEXT, "_exit");
	*(void **)&next.execve = dlsym(RTLD_NEXT, "execve");
	*(void **)&next.execvpe = dlsym(RTLD_NEXT, "execvpe");
	*(void **)&next.open = dlsym(RTLD_NEXT, "open");
	*(void **)&next.fexecve = dlsym(RTLD_NEXT, "fexecve");
}

/* Constructors of other libraries may come before ours. */
static void next_need(void)
{
	if (!next.fexecve)
		next_find();
}

void _exit(int status)
{
	next_need();
	counters_save(0);
	if (next.exit)
		next.exit(status);
	for (;;)
		syscall(SYS_exit_group, status);
}

void _Exit(int status)
{
	_exit(status);
}

/* Exec has failed: the process goes on, and what it counts from here on is saved at its end. */
static int exec_failed(int ret)
{
	int saved_errno = errno;

	counters_stay();
	errno = saved_errno;
	return ret;
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	next_need();
	counters_exec();
	return exec_failed(next.execve(path, argv, envp));
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
	next_need();
	counters_exec();
	return exec_failed(next.execvpe(file, argv, envp));
}

int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
	next_need();
	counters_exec();
	return exec_failed(next.fexecve(fd, argv, envp));
}

/*
 * The arguments of execl() and its relatives as an array: on the caller's stack, which may be a small one,
 * as memory must not be asked for in a child of vfork(2). `args` is past the NULL afterwards.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): va_start() takes names */
#define ARGUMENTS(first, args, argv) do {                                                     \
	size_t n_ = 0;                                                                        \
	va_start(args, first);                                                                \
	for (const char *at_ = first; at_; at_ = va_arg(args, char *))                        \
		n_++;                                                                         \
	va_end(args);                                                                         \
	(argv) = __builtin_alloca((n_ + 1) * sizeof(char *));                                 \
	va_start(args, first);                                                                \
	(argv)[0] = (char *)(first);                                                          \
	for (size_t i_ = 1; i_ <= n_; i_++)                                                   \
		(argv)[i_] = va_arg(args, char *);                                            \
} while (0)
/* NOLINTEND(bugprone-macro-parentheses) */

int execl(const char *path, const char *first, ...)
{
	char **argv;
	va_list args;

	ARGUMENTS(first, args, argv);
	va_end(args);
	return execv(path, argv);
}

int execlp(const char *file, const char *first, ...)
{
	char **argv;
	va_list args;

	ARGUMENTS(first, args, argv);
	va_end(args);
	return execvp(file, argv);
}

int execle(const char *path, const char *first, ...)
{
	char **argv, *const *envp;
	va_list args;

	ARGUMENTS(first, args, argv);
	envp = va_arg(args, char *const *);
	va_end(args);
	return execve(path, argv, envp);
}

/* The C library's getenv() under another name, which needs no loader to be found: programs for which the two
 * differ (set-user-id) are not preloaded into. */
char *getenv(const char *name)
{
	char *value = secure_getenv(name);

	return value && strcmp(name, COUNTERS_PROFILE_VARIABLE) == 0
		? counters_profile_name(__builtin_return_address(0), value) : value;
}

static int open_with(const char *path, int flags, mode_t mode, const void *caller)
{
	const char *to = counters_profile_path(path);
	/* Before our constructor: something else's, which may not bear the loader being asked. */
	int fd = next.open ? next.open(to, flags, mode)
			   : (int)syscall(SYS_openat, AT_FDCWD, to, flags, mode);

	if (fd >= 0)
		counters_profile_opened(path, caller);
	return fd;
}

/* There is a mode only where a file may be made. */
#define MODE_FLAGS (O_CREAT | O_TMPFILE)

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & MODE_FLAGS)
		mode = va_arg(args, mode_t);
	va_end(args);
	return open_with(path, flags, mode, __builtin_return_address(0));
}

/* The same: files are large on machines of 64 bits. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
