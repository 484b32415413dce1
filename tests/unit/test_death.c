/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "base/death.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool readable(int fd, int within_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, within_ms) == 1;
}

/* 0 if the descriptor tells of the end of a child, not before, and leaves the child to be reaped. */
static int check_death(void)
{
	int status = 0, fd;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	fd = death_fd(pid);
	if (fd < 0 || readable(fd, 20))
		return 1;
	kill(pid, SIGKILL);
	if (!readable(fd, 10000))
		return 2;
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		return 3;
	close(fd);
	return 0;
}

static void a_pidfd_tells_of_an_end(void **state)
{
	(void)state;
	assert_int_equal(check_death(), 0);
}

/* Looks at the end of the child `pid` of somebody else, as strace does, and takes its time for it. */
static _Noreturn void trace(pid_t pid, int ready_fd)
{
	const struct timespec slow = { .tv_nsec = 20000000 };
	siginfo_t si;
	char ok = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;

	if (write(ready_fd, &ok, 1) != 1 || !ok)
		_exit(1);
	waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
	nanosleep(&slow, NULL);
	waitid(P_PID, (id_t)pid, &si, WEXITED);
	_exit(0);
}

static void a_traced_child_is_not_taken_for_a_reaped_one(void **state)
{
	int ready[2], fd;
	char ok = 0;
	pid_t pid, tracer;
	siginfo_t si;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	tracer = fork();
	if (tracer == 0)
		trace(pid, ready[1]);
	fd = death_fd(pid);
	assert_true(fd >= 0);
	assert_int_equal(read(ready[0], &ok, 1), 1);
	kill(pid, SIGKILL);
	assert_true(readable(fd, 10000));
	assert_true(death_look(pid, &si));
	assert_int_equal(death_status(&si), SIGKILL);
	assert_int_equal(death_reap(pid, fd, 0), SIGKILL);
	assert_false(death_look(pid, &si));
	waitpid(tracer, NULL, 0);
	close(fd);
	close(ready[0]);
	close(ready[1]);
	/* Where nothing may be traced, nothing was tried. */
	if (!ok)
		skip();
}

static int refuse_pidfds(int errnum)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void so_does_a_thread_where_pidfds_are_refused(void **state)
{
	static const int errors[] = { EPERM, ENOSYS };

	(void)state;
	for (int i = 0; i < 2; i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			if (refuse_pidfds(errors[i]) < 0)
				_exit(77);
			_exit(death_pidfd_refused() == -errors[i] ? check_death() : 9);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			skip();
		assert_int_equal(status, 0);
	}
}

/* A table that is full is no refusal. */
static void other_failures_are_told(void **state)
{
	(void)state;
	assert_int_equal(death_fd(-1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pidfd_tells_of_an_end),
		cmocka_unit_test(a_traced_child_is_not_taken_for_a_reaped_one),
		cmocka_unit_test(so_does_a_thread_where_pidfds_are_refused),
		cmocka_unit_test(other_failures_are_told),
	};

	return cmocka_run_group_tests_name("death", tests, NULL, NULL);
}
