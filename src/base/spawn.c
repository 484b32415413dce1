/* SPDX-License-Identifier: MIT */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
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
	if (high < 0)
		high = -errno;
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

/* The mask may be larger than cpu_set_t: grow until the kernel is content. */
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

int inherited_open(struct inherited *in, struct proctor_error *err)
{
	struct sigaction sa;
	int ret;

	*in = (struct inherited){ .null_fd = -1, .pid = getpid() };
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
	in->null_fd = fd_high(open("/dev/null", O_RDONLY | O_CLOEXEC));
	if (in->null_fd < 0) {
		inherited_close(in);
		return error_sys(err, errno, "cannot open /dev/null");
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

/* A handler of proctor's caller must not run here, in shared memory, once the mask is back. */
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
	/* Refused (it may only be raised): then it is at least as high already. */
	if (write(fd, "500", 3) < 0)
		errno = 0;
	close(fd);
}

/* Between vfork and exec: the parent's memory, so nothing but system calls. Returns an errno. */
static int child_exec(const struct spawn *spawn)
{
	const struct inherited *in = spawn->inherited;

	if (setpgid(0, 0) < 0)
		return errno;
	if (spawn->dies_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* The parent may have died before that line. */
		if (getppid() != in->pid)
			_exit(127);
	}
	for (int i = 0; i < SPAWN_FDS_MAX; i++)
		if (spawn->fds[i] >= 0 && dup2(spawn->fds[i], i) < 0)
			return errno;
	/* What proctor itself inherited and did not list is not for tests. */
	syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	for (int i = 3; i < SPAWN_FDS_MAX; i++)
		if (spawn->fds[i] >= 0)
			fcntl(i, F_SETFD, 0);
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

/* vfork() in a function of its own: its frame must outlive the child's use of it. */
static __attribute__((noinline)) pid_t spawn_vfork(const struct spawn *spawn, int report_fd)
{
	pid_t pid = vfork();

	if (pid == 0) {
		int errnum = child_exec(spawn);

		if (write(report_fd, &errnum, sizeof(errnum)) < 0)
			_exit(126);
		_exit(127);
	}
	return pid;
}

/* The write end is close-on-exec: end of file says that exec has happened. */
static int spawn_report(int fd)
{
	int errnum = 0;
	ssize_t n;

	do
		n = read(fd, &errnum, sizeof(errnum));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(errnum) ? errnum : 0;
}

static int spawn_once(const struct spawn *spawn, pid_t *pid, int *pidfd, struct proctor_error *err)
{
	int report[2], errnum, ret;
	sigset_t all, mask;

	ret = pipe_high(report);
	if (ret < 0)
		return error_sys(err, -ret, "cannot make a pipe to start %s", spawn->path);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	*pid = spawn_vfork(spawn, report[1]);
	errnum = *pid < 0 ? errno : 0;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	close(report[1]);
	if (*pid > 0)
		errnum = spawn_report(report[0]);
	close(report[0]);
	if (*pid < 0)
		return error_sys(err, errnum, "cannot create a process for %s", spawn->path);
	if (errnum != 0) {
		/* Not registered anywhere yet: nobody else reaps it. */
		waitpid(*pid, NULL, 0);
		if (spawn->workdir && access(spawn->workdir, X_OK) < 0)
			return error_sys(err, errnum, "cannot start %s in %s", spawn->path,
					 spawn->workdir);
		return error_sys(err, errnum, "cannot start %s", spawn->path);
	}
	*pidfd = (int)syscall(SYS_pidfd_open, *pid, 0);
	if (*pidfd < 0) {
		errnum = errno;
		kill(-*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
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

int spawn_start(const struct spawn *spawn, pid_t *pid, int *pidfd, struct proctor_error *err)
{
	bool (*pause)(void *data, uint64_t us) = spawn->pause ? spawn->pause : spawn_sleep;

	for (unsigned attempt = 0;; attempt++) {
		int ret = spawn_once(spawn, pid, pidfd, err);
		uint64_t us = ret < 0 ? spawn_pause_us(-ret, attempt) : 0;

		if (us == 0 || !pause(spawn->pause_data, us))
			return ret;
	}
}
