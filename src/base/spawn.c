/* SPDX-License-Identifier: MIT */
#include "base/spawn.h"

#include "base/death.h"
#include "base/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int fd_high(int fd)
{
	int high;

	if (fd < 0 || fd > SPAWN_FDS_MAX)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, SPAWN_FDS_MAX + 1);
	/* EINVAL: the limit of open files does not allow such a number. */
	if (high < 0)
		high = errno == EINVAL ? -EMFILE : -errno;
	close(fd);
	return high;
}

int pipe_high(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		fds[i] = fd_high(fds[i]);
		if (fds[i] < 0) {
			int ret = fds[i];

			close(fds[1 - i]);
			return ret;
		}
	}
	return 0;
}

/* A large machine's mask does not fit into a cpu_set_t: tries larger ones until the kernel accepts
 * the size. */
static int inherited_affinity(struct inherited *in, struct proctor_error *err)
{
	for (int ncpus = 1024; ncpus <= 1 << 20; ncpus *= 2) {
		in->naffinity_bytes = CPU_ALLOC_SIZE(ncpus);
		in->affinity = CPU_ALLOC(ncpus);
		if (!in->affinity)
			return error_set(err, -ENOMEM, "no memory for the affinity mask");
		if (sched_getaffinity(0, in->naffinity_bytes, in->affinity) == 0)
			return 0;
		CPU_FREE(in->affinity);
		in->affinity = NULL;
		if (errno != EINVAL)
			break;
	}
	return error_sys(err, errno, "cannot read the affinity mask");
}

static bool signal_caught(int signo)
{
	struct sigaction sa;

	return sigaction(signo, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL &&
	       sa.sa_handler != SIG_IGN;
}

/* Finds out whether the child of a vfork runs in this memory, while the caller waits. Under
 * ThreadSanitizer, valgrind and qemu-user it does not: there vfork is a fork. */
static __attribute__((noinline)) bool vfork_shares_memory(void)
{
	volatile bool seen = false;
	pid_t pid = vfork();	/* NOLINT(clang-analyzer-security.insecureAPI.vfork): no exec */

	if (pid == 0) {
		seen = true;
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return seen;
}

int inherited_open(struct inherited *in, struct proctor_error *err)
{
	struct sigaction sa;
	int ret;

	*in = (struct inherited){ .null_fd = -1, .pid = getpid() };
	in->vfork_shares = vfork_shares_memory();
	pthread_sigmask(SIG_SETMASK, NULL, &in->mask);
	sigaction(SIGPIPE, NULL, &sa);
	in->sigpipe_ignored = sa.sa_handler == SIG_IGN;
	sigaction(SIGCHLD, NULL, &sa);
	in->sigchld_ignored = sa.sa_handler == SIG_IGN;
	sigemptyset(&in->caught);
	for (int signo = 1; signo < NSIG; signo++)
		if (signal_caught(signo))
			sigaddset(&in->caught, signo);
	ret = inherited_affinity(in, err);
	if (ret < 0)
		return ret;
	in->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	in->null_fd = in->null_fd < 0 ? -errno : fd_high(in->null_fd);
	if (in->null_fd < 0) {
		ret = error_sys(err, -in->null_fd, "cannot open /dev/null");
		inherited_close(in);
		return ret;
	}
	return 0;
}

void inherited_close(struct inherited *in)
{
	CPU_FREE(in->affinity);
	in->affinity = NULL;
	if (in->null_fd >= 0)
		close(in->null_fd);
	in->null_fd = -1;
}

/* Sets signals with a handler to their default: once the mask is put back, a handler of the program
 * would run in the child, which still shares its memory. */
static void child_signals(const struct spawn *spawn)
{
	const struct inherited *in = spawn->inherited;
	struct sigaction reset = { .sa_handler = SIG_DFL }, ignore = { .sa_handler = SIG_IGN };

	for (int signo = 1; signo < NSIG; signo++)
		if (spawn->handlers_known ? sigismember(&in->caught, signo) == 1
					  : signal_caught(signo))
			sigaction(signo, &reset, NULL);
	sigaction(SIGPIPE, in->sigpipe_ignored ? &ignore : &reset, NULL);
	sigaction(SIGCHLD, in->sigchld_ignored ? &ignore : &reset, NULL);
}

static void child_oom_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* Without privileges it may only be raised: if that is refused, it is as high as this
	 * already. */
	if (write(fd, "500", 3) < 0)
		errno = 0;
	close(fd);
}

/* What a child has to tell the parent. If it says nothing, the exec has worked. */
struct word {
	pid_t pid;	/* the real child, which the session's leader has started; 0: none */
	int errnum;	/* why there was no exec */
};

struct starting {
	const struct spawn *spawn;
	int report_fd;		/* the pipe for words; -1: memory is shared, see `said` */
	struct word said;
};

static void child_say(struct starting *start, struct word word)
{
	if (start->report_fd < 0) {
		/* The caller goes on, and reads it, when this process has ended or exec'd. */
		if (word.pid > 0)
			start->said.pid = word.pid;
		else
			start->said.errnum = word.errnum;
		return;
	}
	/* This fails only if the parent has died: then this process has nothing to do any more. */
	if (write(start->report_fd, &word, sizeof(word)) < 0)
		_exit(126);
}

/* Between vfork and exec: it runs in the parent's memory, so it makes nothing but system calls.
 * Returns only if it fails, with an errno. */
static int child_exec(const struct spawn *spawn)
{
	const struct inherited *in = spawn->inherited;

	if (spawn->dies_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* If the parent died before that call, there is another parent now. */
		if (getppid() != in->pid)
			_exit(127);
	}
	for (int i = 0; i < (int)spawn->nfds; i++)
		if (spawn->fds[i] >= 0 && dup2(spawn->fds[i], i) < 0)
			return errno;
	/* proctor itself may have been started with descriptors that stay open at an exec: tests do
	 * not get them. */
	fds_hide(3, ~0u);
	for (int i = 3; i < (int)spawn->nfds; i++)
		if (spawn->fds[i] >= 0 && fcntl(i, F_SETFD, 0) < 0)
			return errno;
	if (!spawn->keep_affinity)
		sched_setaffinity(0, in->naffinity_bytes, in->affinity);
	if (spawn->oom_first)
		child_oom_first();
	if (spawn->workdir && chdir(spawn->workdir) < 0)
		return errno;
	child_signals(spawn);
	sigprocmask(SIG_SETMASK, &in->mask, NULL);
	execve(spawn->path, spawn->argv, spawn->envp);
	return errno;
}

static int child_main(void *data)
{
	struct starting *start = data;

	child_say(start, (struct word){ .errnum = child_exec(start->spawn) });
	_exit(127);
}

#define CHILD_STACK_BYTES (16 << 10)

/* Starts the real child from the session's leader, as a child not of the leader but of its parent
 * (CLONE_PARENT). It is leader of nothing, and may call setsid(). */
static pid_t child_beside(struct starting *start)
{
#ifdef __SANITIZE_THREAD__
	/* Under ThreadSanitizer this has to be a fork, as vfork is. */
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		child_main(start);
	return pid;
#else
	/* On the caller's stack: it waits until the child has exec'd, and does not need it. */
	char stack[CHILD_STACK_BYTES] __attribute__((aligned(16)));

	return clone(child_main, stack + sizeof(stack),
		     CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD, start);
#endif
}

/* In the process that vfork() made: it becomes the child itself, or only the leader of the child's
 * session. */
static void child_lead(struct starting *start)
{
	pid_t pid;

	if (setsid() < 0) {
		child_say(start, (struct word){ .errnum = errno });
		_exit(127);
	}
	if (start->spawn->leads)
		child_main(start);
	pid = child_beside(start);
	/* Such a clone is forbidden here: then this process becomes the child. It can do all but
	 * call setsid(). */
	if (pid < 0 && errno != EAGAIN && errno != ENOMEM)
		child_main(start);
	if (pid < 0)
		child_say(start, (struct word){ .errnum = errno });
	else
		child_say(start, (struct word){ .pid = pid });
	_exit(0);
}

/* vfork() is called in a function of its own that is never inlined: parent and child share its
 * stack frame, and the child must not change variables that the parent uses later. */
static __attribute__((noinline)) pid_t spawn_vfork(struct starting *start)
{
	pid_t pid = vfork();

	if (pid == 0)
		child_lead(start);
	return pid;
}

/* Reads what the child has to say. The write end is close-on-exec, so the end of file says that it
 * has exec'd. */
static void spawn_listen(int fd, struct word *said)
{
	struct word word;
	ssize_t n;

	while ((n = read(fd, &word, sizeof(word))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(word))
			break;
		if (word.pid > 0)
			said->pid = word.pid;
		if (word.errnum != 0)
			said->errnum = word.errnum;
	}
}

/* Nobody else knows of this child yet, so nobody else reaps it. */
static void spawn_reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/*
 * Creates the process. Returns 0 or an errno. If the session has a leader of its own, that has
 * ended and was reaped. `report` is a pipe for what the child has to say. Where memory is shared it
 * is -1 twice: the child writes to memory, and there is no end of a pipe to wait for.
 */
static int spawn_create(const struct spawn *spawn, const int report[2], struct spawned *child)
{
	struct starting start = { .spawn = spawn, .report_fd = report[1] };
	sigset_t all, mask;
	int errnum;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	child->pid = child->group = spawn_vfork(&start);
	errnum = errno;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (report[1] >= 0)
		close(report[1]);
	if (child->pid > 0 && report[0] >= 0)
		spawn_listen(report[0], &start.said);
	if (report[0] >= 0)
		close(report[0]);
	if (child->pid < 0)
		return errnum;
	if (start.said.pid > 0) {
		child->pid = start.said.pid;
		spawn_reap(child->group);
	}
	return start.said.errnum;
}

void spawned_signal(pid_t pid, pid_t group, int signo)
{
	pid_t now = getpgid(pid);

	if (pid <= 0)
		return;
	/* The group that it is in now has no strangers: they would have to be in its session, which
	 * nobody can join. */
	if (now > 0 && now != getpgrp())
		kill(-now, signo);
	else
		kill(pid, signo);
	/* A group that it has left may have ended, and its number be a stranger's: not if the
	 * child, which lives, has that number itself, or if no process has it. */
	if (now != group && (group == pid || getpgid(group) < 0))
		kill(-group, signo);
}

bool spawned_is_zombie(pid_t pid)
{
	siginfo_t si = { 0 };

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 && si.si_pid == pid;
}

static int spawn_once(const struct spawn *spawn, struct spawned *child, struct proctor_error *err)
{
	int report[2] = { -1, -1 }, errnum, ret = 0;

	if (!spawn->inherited->vfork_shares)
		ret = pipe_high(report);
	if (ret < 0)
		return error_sys(err, -ret, "cannot make a pipe to start %s", spawn->path);
	errnum = spawn_create(spawn, report, child);
	if (child->pid < 0)
		return error_sys(err, errnum, "cannot create a process for %s", spawn->path);
	if (errnum != 0) {
		spawn_reap(child->pid);
		if (spawn->workdir && access(spawn->workdir, X_OK) < 0)
			return error_sys(err, errnum, "cannot start %s in %s", spawn->path,
					 spawn->workdir);
		return error_sys(err, errnum, "cannot start %s", spawn->path);
	}
	child->pidfd = death_fd(child->pid);
	if (child->pidfd < 0) {
		errnum = -child->pidfd;
		spawned_signal(child->pid, child->group, SIGKILL);
		spawn_reap(child->pid);
		return error_sys(err, errnum, "cannot watch the process of %s", spawn->path);
	}
	return 0;
}

#define SPAWN_PAUSES 10

uint64_t spawn_pause_us(int errnum, unsigned attempt)
{
	bool passes = errnum == ETXTBSY || errnum == EAGAIN || errnum == ENOMEM;

	return passes && attempt < SPAWN_PAUSES ? (uint64_t)1000 << attempt : 0;
}

static bool spawn_sleep(void *data, uint64_t us)
{
	struct timespec left = { .tv_sec = (time_t)(us / 1000000),
				 .tv_nsec = (long)(us % 1000000) * 1000 };

	(void)data;
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
	return true;
}

int spawn_start(const struct spawn *spawn, struct spawned *child, struct proctor_error *err)
{
	bool (*pause)(void *data, uint64_t us) = spawn->pause ? spawn->pause : spawn_sleep;

	for (unsigned attempt = 0;; attempt++) {
		int ret = spawn_once(spawn, child, err);
		uint64_t us = ret < 0 ? spawn_pause_us(-ret, attempt) : 0;

		if (us == 0 || !pause(spawn->pause_data, us))
			return ret;
	}
}
