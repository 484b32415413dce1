/* SPDX-License-Identifier: MIT */
#include "run/kernel.h"

#include "base/death.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A descriptor that was only to be had. */
static int probe_fd(int fd)
{
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int probe_memfd(void)
{
	return probe_fd(memfd_create("proctor-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

static int probe_eventfd(void)
{
	return probe_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

static int probe_signalfd(void)
{
	sigset_t none;

	sigemptyset(&none);
	return probe_fd(signalfd(-1, &none, SFD_CLOEXEC | SFD_NONBLOCK));
}

static int probe_pipe(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	close(fds[0]);
	close(fds[1]);
	return 0;
}

static int probe_waitid(void)
{
	siginfo_t si;

	if (waitid(P_PID, (id_t)getpid(), &si, WEXITED | WNOHANG | WNOWAIT) == 0)
		return 0;
	return errno == ECHILD ? 0 : -errno;
}

static int probe_getaffinity(void)
{
	cpu_set_t set;

	/* EINVAL: the mask is larger than that. */
	return sched_getaffinity(0, sizeof(set), &set) == 0 || errno == EINVAL ? 0 : -errno;
}

static int probe_setaffinity(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 0;
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

static int probe_getrandom(void)
{
	char byte;

	return getrandom(&byte, 1, GRND_NONBLOCK) < 0 && errno != EAGAIN ? -errno : 0;
}

static int probe_close_range(void)
{
	/* No descriptor has so high a number. */
	return syscall(SYS_close_range, ~0u, ~0u, 0) < 0 ? -errno : 0;
}

static int probe_process_vm_readv(void)
{
	char from = 0, to;
	struct iovec remote = { &from, 1 }, local = { &to, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0 ? -errno : 0;
}

static int probe_subreaper(void)
{
	int was;

	if (prctl(PR_GET_CHILD_SUBREAPER, &was) < 0)
		return -errno;
	return prctl(PR_SET_CHILD_SUBREAPER, was) < 0 ? -errno : 0;
}

/* Its exit status is the errno: memory is not shared where vfork is a fork (ThreadSanitizer). */
static int probe_child(int (*call)(void))
{
	int status = 0;
	pid_t pid = vfork();	/* NOLINT(clang-analyzer-security.insecureAPI.vfork): no exec */

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(call && call() < 0 ? errno : 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : 0;
}

static int probe_vfork(void)
{
	return probe_child(NULL);
}

static int call_setsid(void)
{
	return setsid() < 0 ? -1 : 0;
}

static int probe_setsid(void)
{
	return probe_child(call_setsid);
}

static int call_pdeathsig(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int probe_pdeathsig(void)
{
	return probe_child(call_pdeathsig);
}

const struct kernel_call kernel_calls[] = {
	{ .name = "pipe2", .use = "the output of tests", .probe = probe_pipe },
	{ .name = "eventfd", .use = "waking the supervisor", .probe = probe_eventfd },
	{ .name = "waitid", .use = "looking at what has died", .probe = probe_waitid },
	{ .name = "sched_getaffinity", .use = "giving tests the cores that proctor was given",
	  .probe = probe_getaffinity },
	{ .name = "memfd_create", .since = "Linux 3.17", .need = NEEDED_BY_LIBRARIES,
	  .use = "the page through which libraries tell their progress", .probe = probe_memfd },
	{ .name = "signalfd", .need = NEEDED_BY_OWNER, .use = "signals to proctor",
	  .probe = probe_signalfd },
	{ .name = "vfork", .need = NEEDED_BY_STARTS, .use = "starting processes", .probe = probe_vfork },
	{ .name = "setsid", .need = NEEDED_BY_STARTS, .use = "a session for each test process",
	  .probe = probe_setsid },
	{ .name = "pidfd_open", .since = "Linux 5.3", .need = NEEDED_BY_NONE,
	  .use = "the death of processes",
	  .instead = "a thread waits for each process", .probe = death_pidfd_refused },
	{ .name = "close_range", .since = "Linux 5.11", .need = NEEDED_BY_NONE,
	  .use = "keeping descriptors from tests",
	  .instead = "open descriptors are looked up in /proc", .probe = probe_close_range },
	{ .name = "getrandom", .since = "Linux 3.17", .need = NEEDED_BY_NONE,
	  .use = "the run's id", .instead = "/dev/urandom is read", .probe = probe_getrandom },
	{ .name = "sched_setaffinity", .need = NEEDED_BY_NONE, .use = "a core for each worker",
	  .instead = "workers and tests run on whatever core the kernel picks",
	  .probe = probe_setaffinity },
	{ .name = "prctl(PR_SET_CHILD_SUBREAPER)", .since = "Linux 3.4", .need = NEEDED_BY_NONE,
	  .use = "finding what tests leave behind",
	  .instead = "of what tests leave behind only their process groups are found",
	  .probe = probe_subreaper, .shows = true },
	{ .name = "prctl(PR_SET_PDEATHSIG)", .need = NEEDED_BY_NONE,
	  .use = "the death of tests with proctor", .instead = "the guard alone kills them",
	  .probe = probe_pdeathsig },
	{ .name = "process_vm_readv", .since = "Linux 3.2", .need = NEEDED_BY_NONE,
	  .use = "coverage of processes that are killed",
	  .instead = "what such a process had counted is lost", .probe = probe_process_vm_readv },
	{ .name = NULL },
};

int kernel_refuses(const struct kernel_call *call)
{
	switch (call->probe()) {
	case -EPERM:
	case -EACCES:
		return EPERM;
	case -ENOSYS:
		return ENOSYS;
	}
	return 0;
}

int kernel_refusal(const struct kernel_call *call, int refused, struct proctor_error *err)
{
	return error_set(err, -ENOSYS, "%s is refused: %s (a seccomp filter, as in containers%s%s)",
			 call->name, strerrordesc_np(refused),
			 call->since ? ", or a kernel older than " : "?",
			 call->since ? call->since : "");
}

static bool call_needed(const struct kernel_call *call, bool libraries, bool owner)
{
	switch (call->need) {
	case NEEDED_BY_ALL:		return true;
	case NEEDED_BY_LIBRARIES:	return libraries;
	case NEEDED_BY_OWNER:		return owner;
	case NEEDED_BY_STARTS:
	case NEEDED_BY_NONE:		return false;
	}
	return false;	/* not reached */
}

static int call_check(const struct kernel_call *call, struct proctor_error *err)
{
	int refused = kernel_refuses(call);

	return refused ? kernel_refusal(call, refused, err) : 0;
}

int kernel_check(bool libraries, bool owner, struct proctor_error *err)
{
	int ret = 0;

	for (const struct kernel_call *call = kernel_calls; ret == 0 && call->name; call++)
		if (call_needed(call, libraries, owner))
			ret = call_check(call, err);
	return ret;
}

int kernel_check_start(struct proctor_error *err)
{
	int ret = 0;

	for (const struct kernel_call *call = kernel_calls; ret == 0 && call->name; call++)
		if (call->need == NEEDED_BY_STARTS)
			ret = call_check(call, err);
	return ret;
}

int kernel_check_proc(struct proctor_error *err)
{
	char link[32];
	ssize_t n = readlink("/proc/self", link, sizeof(link) - 1);
	int self;

	if (n < 0 && access("/proc/1", F_OK) < 0)
		return 0;
	link[n < 0 ? 0 : n] = '\0';
	self = atoi(link);
	if (self == getpid())
		return 0;
	return error_set(err, -ENODEV, "/proc is that of another pid namespace (/proc/self is %s, "
			 "this is process %d): mount one of this namespace, as unshare --mount-proc "
			 "does", n < 0 ? "nobody" : link, getpid());
}
