/* SPDX-License-Identifier: MIT */
/*
 * Ways in which an instrumented test may end. With COVERAGE_BAD=1 in the environment each test ends
 * in its way, without it the same code is called and the test returns: the counts of both runs have
 * to be equal. What makes the difference is not instrumented.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLAIN __attribute__((no_profile_instrument_function, noinline))
#define COUNTED __attribute__((noinline))

extern char **environ;

static volatile int sink;

/* Called so often from each test that no two tests do it equally often. */
COUNTED static void work(int n)
{
	for (int i = 0; i < n; i++)
		if (i % 3 == 0)
			sink += i;
}

COUNTED static void work_in_child(int n)
{
	work(n);
}

PLAIN static bool bad(void)
{
	const char *value = getenv("COVERAGE_BAD");

	return value && *value == '1';
}

/* A run's processes are all killed at its end, so that waiting for ever is a way to end, too. */
PLAIN static void wait_for_ever(void)
{
	for (;;)
		pause();
}

PLAIN static void crash(void)
{
	raise(SIGSEGV);
}

PLAIN static void returns(void)
{
}

PLAIN static void segv(void)
{
	volatile uintptr_t nowhere = 8;

	*(volatile int *)nowhere = 1;
}

PLAIN static void aborts(void)
{
	abort();
}

PLAIN static void fpe(void)
{
	volatile int zero = 0;

	sink = 1 / zero;
}

PLAIN static int overflow(volatile char *below)
{
	volatile char frame[4096];

	frame[0] = below[0];
	return overflow(frame) + frame[0];
}

PLAIN static void overflows(void)
{
	volatile char bottom[1] = { 1 };

	sink = overflow(bottom);
}

PLAIN static void exits_at_once(void)
{
	_exit(0);
}

PLAIN static void exits(void)
{
	exit(0);
}

PLAIN static void exits_quickly(void)
{
	quick_exit(0);
}

PLAIN static void hangs(void)
{
	wait_for_ever();
}

PLAIN static void hangs_on(void)
{
	signal(SIGTERM, SIG_IGN);
	wait_for_ever();
}

PLAIN static void blocks_all(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	wait_for_ever();
}

PLAIN static void closes_all(void)
{
	closefrom(3);
	crash();
}

PLAIN static void may_write_nothing(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_FSIZE, &none);
	crash();
}

PLAIN static void changes_root(void)
{
	if (chroot("/proc") == 0)
		sink = chdir("/");
	crash();
}

PLAIN static void on_segv_exit(int sig)
{
	_exit(sig);
}

PLAIN static void handles_and_exits(void)
{
	signal(SIGSEGV, on_segv_exit);
	segv();
}

static sigjmp_buf after_segv;

PLAIN static void on_segv_jump(int sig)
{
	siglongjmp(after_segv, sig);
}

PLAIN static void handles_and_goes_on(void)
{
	if (sigsetjmp(after_segv, 1) == 0) {
		signal(SIGSEGV, on_segv_jump);
		segv();
	}
	signal(SIGSEGV, SIG_DFL);
}

PLAIN static void *thread_crashes(void *data)
{
	segv();
	return data;
}

/* As Rust's threads do: handlers have little room. */
PLAIN static void crashes_on_a_small_stack(void)
{
	static char room[8192];
	stack_t small = { .ss_sp = room, .ss_size = sizeof(room) };

	sigaltstack(&small, NULL);
	abort();
}

PLAIN static void crashes_in_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_crashes, NULL) == 0)
		pthread_join(thread, NULL);
}

PLAIN static void spawns(void)
{
	char *argv[] = { "true", NULL };
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, "true", NULL, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	pid = vfork();
	if (pid == 0) {
		execvp("true", argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
}

/* The process goes on, and what it counts later is missed if the copy made for exec is taken. */
PLAIN static void executes_nothing(void)
{
	char *argv[] = { "program", NULL };

	execv("/nonexistent/program", argv);
}

PLAIN static void ends_by_sigpipe(void)		{ raise(SIGPIPE); }
PLAIN static void ends_by_sigusr1(void)		{ raise(SIGUSR1); }

PLAIN static void crashes_in_many_threads(void)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, thread_crashes, NULL) != 0)
			abort();
	wait_for_ever();
}

/* They return: it is the exit of the process, later, that cannot write a profile. */
PLAIN static void drops_rights(void)
{
	sink = setresuid(65534, 65534, 65534);
}

PLAIN static void stays_in_another_root(void)
{
	if (chroot("/proc") == 0)
		sink = chdir("/");
}

/* Where the run is about to write. */
PLAIN static void puts_a_fifo(void)
{
	const char *others = getenv("LLVM_PROFILE_FILE");
	const char *rest = others ? strstr(others, "other-") : NULL;
	char path[4096];

	if (rest && snprintf(path, sizeof(path), "%.*simages", (int)(rest - others), others) > 0)
		sink = mkfifo(path, 0666);
	_exit(0);
}

/* What a child does at its end, after it has counted. */
PLAIN static void child_crashes_often(int ready)	{ (void)ready; crashes_in_many_threads(); }
PLAIN static void child_exits(int ready)		{ (void)ready; exit(0); }
PLAIN static void child_exits_at_once(int ready)	{ (void)ready; _exit(0); }
PLAIN static void child_crashes(int ready)		{ (void)ready; crash(); }
PLAIN static void child_aborts(int ready)		{ (void)ready; abort(); }

PLAIN static void child_waits(int ready)
{
	sink = (int)write(ready, "", 1);
	wait_for_ever();
}

PLAIN static void child_executes(int ready)
{
	(void)ready;
	execlp("true", "true", (char *)NULL);
	_exit(127);
}

PLAIN static void child_executes_nothing(int ready)
{
	(void)ready;
	execlp("/nonexistent/program", "program", (char *)NULL);
	_exit(127);
}

/* Has `n` counted in a child, which then ends by `end`; `kills`: by our SIGTERM. */
PLAIN static void in_child(int n, void (*end)(int ready), bool kills)
{
	int fds[2], status;
	char byte;
	pid_t pid;

	if (!bad()) {
		work_in_child(n);
		return;
	}
	if (pipe(fds) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		work_in_child(n);
		end(fds[1]);
	}
	if (kills && read(fds[0], &byte, 1) == 1)
		kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	close(fds[0]);
	close(fds[1]);
}

/* The child counts, and so does its own. */
PLAIN static void in_grandchild(int n)
{
	int status;
	pid_t pid;

	if (!bad()) {
		work_in_child(n);
		work_in_child(n);
		return;
	}
	pid = fork();
	if (pid == 0) {
		work_in_child(n);
		pid = fork();
		if (pid == 0) {
			work_in_child(n);
			exit(0);
		}
		waitpid(pid, &status, 0);
		_exit(0);
	}
	waitpid(pid, &status, 0);
}

PLAIN static void end(void (*way)(void))
{
	if (bad())
		way();
}

/* A test that counts n times and then ends in its way. */
#define WAY(index, way)                                                                       \
	int32_t tml_test_##index(void);                                                       \
	int32_t tml_test_##index(void)                                                        \
	{                                                                                     \
		work(index + 1);                                                              \
		end(way);                                                                     \
		return 0;                                                                     \
	}

/* One that counts in a child, too. */
#define CHILD_WAY(index, statement)                                                           \
	int32_t tml_test_##index(void);                                                       \
	int32_t tml_test_##index(void)                                                        \
	{                                                                                     \
		work(index + 1);                                                              \
		statement;                                                                    \
		return 0;                                                                     \
	}

#ifndef COVERAGE_LOST
WAY(0, returns)
WAY(1, segv)
WAY(2, aborts)
WAY(3, fpe)
WAY(4, overflows)
WAY(5, exits_at_once)
WAY(6, exits)
WAY(7, exits_quickly)
WAY(8, hangs)
WAY(9, hangs_on)
WAY(10, blocks_all)
WAY(11, closes_all)
WAY(12, may_write_nothing)
WAY(13, changes_root)
WAY(14, handles_and_exits)
WAY(15, handles_and_goes_on)
WAY(16, crashes_in_a_thread)
WAY(17, spawns)
CHILD_WAY(18, in_child(100, child_exits, false))
CHILD_WAY(19, in_child(100, child_exits_at_once, false))
CHILD_WAY(20, in_child(100, child_crashes, false))
CHILD_WAY(21, in_child(100, child_aborts, false))
CHILD_WAY(22, in_child(100, child_waits, true))
CHILD_WAY(23, in_child(100, child_executes, false))
CHILD_WAY(24, in_child(100, child_executes_nothing, false))
CHILD_WAY(25, in_grandchild(50))
WAY(26, crashes_on_a_small_stack)
WAY(27, returns)
WAY(28, executes_nothing)
WAY(29, ends_by_sigpipe)
WAY(30, ends_by_sigusr1)
WAY(31, crashes_in_many_threads)
CHILD_WAY(32, in_child(100, child_crashes_often, false))
WAY(33, puts_a_fifo)
WAY(34, drops_rights)
WAY(35, stays_in_another_root)
#else
/* Ways that nothing can be kept of: by SIGKILL, from within and of a child. */
PLAIN static void kills_itself(void)
{
	kill(getpid(), SIGKILL);
}

PLAIN static void child_is_killed(void)
{
	int fds[2], status;
	char byte;
	pid_t pid;

	if (pipe(fds) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		work_in_child(1);
		child_waits(fds[1]);
	}
	if (read(fds[0], &byte, 1) == 1)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* fork(2)'s handlers do not see it: it has its parent's counters. */
PLAIN static void child_is_a_stranger(void)
{
	int status;
	pid_t pid = (pid_t)syscall(SYS_fork);

	if (pid == 0)
		exit(0);
	waitpid(pid, &status, 0);
}

typedef int plugin_function(int n);

PLAIN static plugin_function *plugin_open(void)
{
	void *plugin = dlopen("$ORIGIN/libdep_" COVERAGE_LOST ".so", RTLD_NOW);
	plugin_function *twice;

	*(void **)&twice = plugin ? dlsym(plugin, "dep_twice") : NULL;
	if (!twice)
		abort();
	return twice;
}

PLAIN static void crashes_with_a_plugin(void)
{
	sink = plugin_open()(1);
	abort();
}

PLAIN static void hangs_with_a_plugin(void)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sink = plugin_open()(1);
	for (;;)
		pause();
}

/* So has one that was forked, in what is not the suite's. */
PLAIN static void child_has_a_plugin(void)
{
	plugin_function *twice = plugin_open();
	int status;
	pid_t pid;

	for (int i = 0; i < 100; i++)
		sink = twice(i);
	pid = fork();
	if (pid == 0) {
		sink = twice(1);
		exit(0);
	}
	waitpid(pid, &status, 0);
}

WAY(0, kills_itself)
WAY(1, child_is_killed)
WAY(2, child_is_a_stranger)
WAY(3, child_has_a_plugin)
WAY(4, crashes_with_a_plugin)
WAY(5, hangs_with_a_plugin)
#endif
