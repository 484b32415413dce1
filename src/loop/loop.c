/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"

/* On a scratch descriptor an operation completes at once or never: this is long enough. */
#define TRIAL_US 1000000

struct trial {
	struct stream stream;
	bool called;
};

static void trial_called(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct trial *t = container_of(s, struct trial, stream);

	(void)bytes;
	t->called = error == 0 && (nbytes > 0) == (s->kind == STREAM_BYTES);
}

/* Makes the loop use each operation once: a watch and a read that wait, complete, wait again and
 * are cancelled, and a timeout. */
static int trial_run(const struct loop_ops *ops, struct loop *lp, struct trial *event,
		     struct trial *pipe, int event_in, int pipe_in, struct proctor_error *err)
{
	static const uint64_t one = 1;
	uint64_t until_us = clock_us() + TRIAL_US;
	int ret;

	ret = ops->start(lp, &event->stream, err);
	if (ret == 0)
		ret = ops->start(lp, &pipe->stream, err);
	if (ret == 0)
		ret = ops->turn(lp, 0, err);
	if (ret == 0 && (write(event_in, &one, sizeof(one)) < 0 || write(pipe_in, "", 1) < 0))
		ret = error_sys(err, errno, "cannot write to a scratch descriptor");
	while (ret == 0 && !(event->called && pipe->called)) {
		if (clock_us() >= until_us)
			return error_set(err, -ETIMEDOUT, "%s did not complete on a scratch %s",
					 event->called ? "a read" : "a poll",
					 event->called ? "pipe" : "eventfd");
		ret = ops->turn(lp, until_us, err);
	}
	if (ret == 0)
		ret = ops->turn(lp, clock_us() + 1, err);
	ops->stop(lp, &event->stream);
	ops->stop(lp, &pipe->stream);
	return ret < 0 ? ret : ops->turn(lp, 0, err);
}

static int loop_try(const struct loop_ops *ops, struct loop *lp, struct proctor_error *err)
{
	struct trial event = { .stream = { .kind = STREAM_READY, .call = trial_called } };
	struct trial pipe = { .stream = { .kind = STREAM_BYTES, .call = trial_called } };
	int ends[2], ret;

	event.stream.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event.stream.fd < 0)
		return error_sys(err, errno, "cannot make a scratch eventfd");
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		ret = error_sys(err, errno, "cannot make a scratch pipe");
		goto close_event;
	}
	pipe.stream.fd = ends[0];
	ret = trial_run(ops, lp, &event, &pipe, event.stream.fd, ends[1], err);
	ops->stop(lp, &event.stream);
	ops->stop(lp, &pipe.stream);
	close(ends[0]);
	close(ends[1]);
close_event:
	close(event.stream.fd);
	return ret;
}

/* kernel.io_uring_disabled, or -1 where the kernel has no such switch. */
static int uring_disabled(void)
{
	int fd = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
	char digit = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, &digit, 1);
	close(fd);
	return n == 1 && digit >= '0' && digit <= '9' ? digit - '0' : -1;
}

/* Why io_uring was refused, in words: the errno alone does not say who forbids it. */
static void refusal_explain(struct proctor_error *err)
{
	int disabled = uring_disabled();

	if (err->code == -EPERM && disabled > 0)
		error_set(err, -EPERM, "kernel.io_uring_disabled is %d", disabled);
	else if (err->code == -EPERM)
		error_set(err, -EPERM, "Operation not permitted (a seccomp filter, as in "
			  "containers?)");
	else if (err->code == -ENOSYS)
		error_set(err, -ENOSYS, "Function not implemented (a kernel without it, or a "
			  "seccomp filter?)");
}

static int uring_open(struct loop **lp, struct proctor_error *err)
{
	int ret = loop_uring.open(lp, err);

	if (ret == 0) {
		ret = loop_try(&loop_uring, *lp, err);
		if (ret < 0)
			loop_uring.close(*lp);
	}
	if (ret < 0)
		refusal_explain(err);
	return ret;
}

int loop_choose(enum proctor_loop which, const struct loop_ops **ops, struct loop **lp, char *why,
		size_t nwhy, struct proctor_error *err)
{
	struct proctor_error refusal;
	int ret = 0;

	switch (which) {
	case PROCTOR_LOOP_AUTO:
		if (uring_open(lp, &refusal) == 0) {
			*ops = &loop_uring;
			snprintf(why, nwhy, "io_uring: every operation used completed on a "
				 "scratch eventfd and pipe");
			return 0;
		}
		*ops = &loop_epoll;
		ret = loop_epoll.open(lp, err);
		snprintf(why, nwhy, "io_uring refused: %s; using epoll", refusal.text);
		break;
	case PROCTOR_LOOP_URING:
		*ops = &loop_uring;
		ret = uring_open(lp, &refusal);
		if (ret < 0)
			return error_set(err, ret, "io_uring refused: %s", refusal.text);
		snprintf(why, nwhy, "io_uring, as asked for");
		break;
	case PROCTOR_LOOP_EPOLL:
		*ops = &loop_epoll;
		ret = loop_epoll.open(lp, err);
		snprintf(why, nwhy, "epoll, as asked for");
		break;
	}
	return ret;
}
