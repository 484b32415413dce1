/* SPDX-License-Identifier: MIT */
#include "base/gather.h"

#include "base/clock.h"
#include "base/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE_MAX 64

/* The programs that run now, `most` at the same time. */
struct lanes {
	struct gathering *running[AT_ONCE_MAX];
	size_t n, most;
	const struct gather_limits *limits;
	const struct inherited *inherited;
};

static int spawn_it(struct gathering *g, const struct inherited *in, int out_fd, int err_fd)
{
	const int fds[] = { in->null_fd, out_fd, err_fd };
	struct spawn spawn = { .path = g->path, .argv = g->argv, .envp = g->envp, .inherited = in,
			       .workdir = g->workdir, .leads = g->leads, .dies_with_parent = true,
			       .oom_first = true, .fds = fds, .nfds = ARRAY_SIZE(fds) };
	struct spawned started;
	sigset_t all, mask;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	ret = spawn_start(&spawn, &started, &g->why);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (ret < 0)
		return ret;
	g->pid = started.pid;
	g->group = started.group;
	g->pidfd = started.pidfd;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int start_it(struct gathering *g, const struct lanes *lanes)
{
	int out[2], errs[2], ret = pipe_high(out);

	g->end = GATHER_NOT_STARTED;
	g->out_fd = g->err_fd = -1;
	if (ret < 0)
		return error_sys(&g->why, -ret, "cannot make a pipe to %s", g->path);
	ret = pipe_high(errs);
	if (ret < 0) {
		close(out[0]);
		close(out[1]);
		return error_sys(&g->why, -ret, "cannot make a pipe to %s", g->path);
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(errs[0], F_SETFL, O_NONBLOCK);
	g->out_fd = out[0];
	g->err_fd = errs[0];
	ret = spawn_it(g, lanes->inherited, out[1], errs[1]);
	close(out[1]);
	close(errs[1]);
	if (ret < 0) {
		close_fd(&g->out_fd);
		close_fd(&g->err_fd);
		return ret;
	}
	g->until_us = clock_us() + lanes->limits->timeout_us;
	return 0;
}

/* Reads all that is in a pipe now, and closes it at its end. False: that would be more than `max_bytes`. */
static bool hear(int *fd, struct bytes *to, size_t max_bytes)
{
	char part[16384];
	ssize_t n;

	while (*fd >= 0) {
		n = read(*fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0) {
			close_fd(fd);
			return true;
		}
		if ((size_t)n > max_bytes - to->nbytes)
			return false;
		bytes_append(to, part, (size_t)n);
	}
	return true;
}

static bool hear_both(struct gathering *g, size_t max_bytes)
{
	return hear(&g->out_fd, &g->out, max_bytes) && hear(&g->err_fd, &g->err, max_bytes);
}

/* Kills the program and its process group. It is reaped only after that: until then the kernel gives its number to
 * no other process or group. */
static void end_it(struct gathering *g, enum gather_end end, size_t max_bytes)
{
	spawned_signal(g->pid, g->group, SIGKILL);
	while (waitpid(g->pid, &g->status, 0) < 0 && errno == EINTR)
		continue;
	if (end == GATHER_ENDED && !hear_both(g, max_bytes))
		end = GATHER_TOO_MUCH;
	g->end = end;
	close_fd(&g->out_fd);
	close_fd(&g->err_fd);
	close_fd(&g->pidfd);
}

/* Something happened to it, or its time may be over. True: it has ended. */
static bool look_at(struct gathering *g, const struct pollfd fds[3], const struct gather_limits *limits)
{
	if ((fds[1].revents || fds[2].revents) && !hear_both(g, limits->max_bytes))
		end_it(g, GATHER_TOO_MUCH, limits->max_bytes);
	else if (fds[0].revents)
		end_it(g, GATHER_ENDED, limits->max_bytes);
	else if (clock_us() >= g->until_us)
		end_it(g, GATHER_OVERDUE, limits->max_bytes);
	else
		return false;
	return true;
}

static int wait_ms(const struct lanes *lanes)
{
	uint64_t now_us = clock_us(), until_us = UINT64_MAX, ms;

	for (size_t i = 0; i < lanes->n; i++)
		if (lanes->running[i]->until_us < until_us)
			until_us = lanes->running[i]->until_us;
	ms = until_us > now_us ? (until_us - now_us) / 1000 + 1 : 0;
	return ms < 60000 ? (int)ms : 60000;
}

/* Waits until something happens to those that run, and takes out what is over. False: they are to be ended. */
static bool turn(struct lanes *lanes)
{
	struct pollfd fds[3 * AT_ONCE_MAX + 1];
	struct pollfd *cancel = &fds[3 * lanes->n];
	size_t nleft = 0;

	*cancel = (struct pollfd){ .fd = lanes->limits->cancel_fd, .events = POLLIN };

	for (size_t i = 0; i < lanes->n; i++) {
		const struct gathering *g = lanes->running[i];

		fds[3 * i] = (struct pollfd){ .fd = g->pidfd, .events = POLLIN };
		fds[3 * i + 1] = (struct pollfd){ .fd = g->out_fd, .events = POLLIN };
		fds[3 * i + 2] = (struct pollfd){ .fd = g->err_fd, .events = POLLIN };
	}
	if (poll(fds, 3 * lanes->n + 1, wait_ms(lanes)) < 0)
		return true;
	if (cancel->revents)
		return false;
	for (size_t i = 0; i < lanes->n; i++)
		if (!look_at(lanes->running[i], &fds[3 * i], lanes->limits))
			lanes->running[nleft++] = lanes->running[i];
	lanes->n = nleft;
	return true;
}

static int cancel(struct lanes *lanes, struct proctor_error *err)
{
	for (size_t i = 0; i < lanes->n; i++)
		end_it(lanes->running[i], GATHER_OVERDUE, lanes->limits->max_bytes);
	lanes->n = 0;
	return error_set(err, -ECANCELED, "the listing of tests was cancelled");
}

static size_t lanes_most(const struct gather_limits *limits, const struct inherited *in)
{
	size_t most = limits->at_once;

	if (most == 0)
		most = (size_t)CPU_COUNT_S(in->naffinity_bytes, in->affinity);
	return most < 1 ? 1 : most > AT_ONCE_MAX ? AT_ONCE_MAX : most;
}

int gather(struct gathering *list, size_t n, const struct gather_limits *limits,
	   struct proctor_error *err)
{
	struct inherited inherited;
	struct lanes lanes = { .limits = limits, .inherited = &inherited };
	int ret = inherited_open(&inherited, err);

	if (ret < 0)
		return ret;
	lanes.most = lanes_most(limits, &inherited);
	for (size_t next = 0; next < n || lanes.n > 0;) {
		for (; next < n && lanes.n < lanes.most; next++)
			if (start_it(&list[next], &lanes) == 0)
				lanes.running[lanes.n++] = &list[next];
		if (lanes.n > 0 && !turn(&lanes)) {
			ret = cancel(&lanes, err);
			break;
		}
	}
	inherited_close(&inherited);
	return ret;
}
