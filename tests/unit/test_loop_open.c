/* SPDX-License-Identifier: MIT */
/* The loop: opening it, refusing a start, closing it; which back end is chosen. */
#include "loop_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_start_fails(struct bench *b, int fd, enum stream_kind kind, int code)
{
	struct stream s = { .fd = fd, .kind = kind, .call = sink_call };
	struct proctor_error err = { 0 };

	assert_int_equal(b->ops->start(b->lp, &s, &err), code);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.text, "descriptor"));
	assert_false(s.started);
}

static void a_start_that_cannot_be_is_refused_with_its_reason(void **state)
{
	struct bench *b = *state;
	struct proctor_error err = { 0 };
	struct sink sink = { 0 };
	int ends[2], fd;

	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_start_fails(b, fd, STREAM_BYTES, -EPERM);
	close(fd);
	assert_start_fails(b, fd, STREAM_READY, -EBADF);
	make_pipe(ends);
	assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
	assert_start_fails(b, ends[0], STREAM_BYTES, -EINVAL);
	sink_start(b, &sink, ends[0], STREAM_READY);
	assert_int_equal(b->ops->start(b->lp, &sink.stream, &err), -EALREADY);
	sink_stop(&sink);
	close_pipe(ends);
}

static void close_drops_streams_without_a_call(void **state)
{
	struct bench *b = *state;
	struct sink sinks[3] = { 0 };
	int ends[2], idle[2], fd = make_event();

	make_pipe(ends);
	make_pipe(idle);
	sink_start(b, &sinks[0], ends[0], STREAM_BYTES);
	sink_start(b, &sinks[1], fd, STREAM_READY);
	bench_turn(b, 0);
	sink_start(b, &sinks[2], idle[0], STREAM_BYTES);
	assert_int_equal(write(ends[1], "x", 1), 1);
	event_post(fd);
	b->ops->close(b->lp);
	b->lp = NULL;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sinks[i].ncalls, 0);
		assert_false(sinks[i].stream.started);
	}
	/* Nothing of the loop holds the pipe: its writer sees the reader go. */
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
	close_pipe(idle);
	close(fd);
}

static void without_descriptors_open_fails_and_leaves_nothing(void **state)
{
	struct bench *b = *state;
	struct proctor_error err = { 0 };
	struct rlimit before, none;
	unsigned nfds = count_fds();
	struct loop *lp = NULL;
	int ret;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	ret = b->ops->open(&lp, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(ret, -EMFILE);
	assert_int_equal(err.code, -EMFILE);
	assert_non_null(strstr(err.text, "Too many open files"));
	assert_int_equal(count_fds(), nfds);
}

/* Has the kernel answer `number` with `errnum` to this process from now on. */
static bool syscall_forbid(int number, int errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a child, where `number` answers `errnum`: 0 when the choice is epoll, and says why. */
static int choose_without(int number, int errnum)
{
	const struct loop_ops *ops = NULL;
	struct proctor_error err = { 0 };
	struct loop *lp = NULL;
	unsigned nfds = count_fds();
	char why[256] = "";

	if (!syscall_forbid(number, errnum))
		return 1;
	if (loop_choose(PROCTOR_LOOP_AUTO, &ops, &lp, why, sizeof(why), &err) != 0)
		return 2;
	if (ops != &loop_epoll || !strstr(why, "io_uring refused: ") ||
	    !strstr(why, "seccomp") || !strstr(why, "; using epoll"))
		return 3;
	ops->close(lp);
	if (loop_choose(PROCTOR_LOOP_URING, &ops, &lp, why, sizeof(why), &err) != -errnum)
		return 4;
	if (err.code != -errnum || !strstr(err.text, "io_uring refused: "))
		return 5;
	return count_fds() == nfds ? 0 : 6;
}

static void io_uring_that_is_forbidden_gives_epoll_and_the_reason(void **state)
{
	static const struct {
		int number, errnum;
	} cases[] = {
		{ SYS_io_uring_setup, EPERM },
		{ SYS_io_uring_setup, ENOSYS },
		{ SYS_io_uring_register, EPERM },
		{ SYS_io_uring_enter, EPERM },
		{ SYS_io_uring_enter, ENOSYS },
	};

	if (!*state)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = fork();
		int status = 0;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(choose_without(cases[i].number, cases[i].errnum));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("case %zu: status %#x", i, (unsigned)status);
	}
}

static void a_choice_is_kept_and_said(void **state)
{
	static const enum proctor_loop choices[] = {
		PROCTOR_LOOP_AUTO, PROCTOR_LOOP_URING, PROCTOR_LOOP_EPOLL,
	};
	unsigned nfds = count_fds();

	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		const struct loop_ops *ops = NULL;
		struct proctor_error err = { 0 };
		struct loop *lp = NULL;
		char why[256] = "";
		bool uring = *state && choices[i] != PROCTOR_LOOP_EPOLL;

		if (choices[i] == PROCTOR_LOOP_URING && !uring)
			continue;
		assert_int_equal(loop_choose(choices[i], &ops, &lp, why, sizeof(why), &err), 0);
		assert_ptr_equal(ops, uring ? &loop_uring : &loop_epoll);
		assert_non_null(strstr(why, ops->name));
		ops->close(lp);
		assert_int_equal(count_fds(), nfds);
	}
}

static const struct promise promises[] = {
	PROMISE(a_start_that_cannot_be_is_refused_with_its_reason),
	PROMISE(close_drops_streams_without_a_call),
	PROMISE(without_descriptors_open_fails_and_leaves_nothing),
};

int main(void)
{
	bool uring = loop_has_uring();
	const struct CMUnitTest choice[] = {
		cmocka_unit_test_prestate(io_uring_that_is_forbidden_gives_epoll_and_the_reason,
					  uring ? &uring : NULL),
		cmocka_unit_test_prestate(a_choice_is_kept_and_said, uring ? &uring : NULL),
	};

	return run_promises(promises, ARRAY_SIZE(promises)) +
	       cmocka_run_group_tests_name("loop_choose", choice, NULL, NULL);
}
