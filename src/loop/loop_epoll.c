/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"

#include <errno.h>
#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"
#include "loop/backend.h"

#define EVENTS_PER_TURN 256

struct loop {
	int epfd;
	bool has_pwait2;		/* assumed until the kernel refuses epoll_pwait2() */
	struct link all;
	struct link bytes, ready;	/* reported in this turn, not yet delivered */
	struct blocks blocks;
	int failure;			/* a negative errno: a stop() has failed */
	struct epoll_event events[EVENTS_PER_TURN];
};

static int epoll_open(struct loop **lpp, struct proctor_error *err)
{
	struct loop *lp = malloc(sizeof(*lp));
	int ret;

	if (!lp)
		return error_sys(err, ENOMEM, "cannot allocate the event loop");
	ret = blocks_init(&lp->blocks, err);
	if (ret < 0)
		goto free_loop;
	lp->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (lp->epfd < 0) {
		ret = error_sys(err, errno, "cannot make an epoll descriptor");
		goto fini_blocks;
	}
	lp->has_pwait2 = true;
	lp->failure = 0;
	link_init(&lp->all);
	link_init(&lp->bytes);
	link_init(&lp->ready);
	*lpp = lp;
	return 0;
fini_blocks:
	blocks_fini(&lp->blocks);
free_loop:
	free(lp);
	return ret;
}

static int epoll_start(struct loop *lp, struct stream *s, struct proctor_error *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct feed *f;
	int ret = stream_check(s, err);

	if (ret < 0)
		return ret;
	f = malloc(sizeof(*f));
	if (!f)
		return error_sys(err, ENOMEM, "cannot watch descriptor %d", s->fd);
	/* Bytes are watched by level: a stream that had more than its share of this turn is
	 * reported again in the next. Readiness is watched by edge: as with io_uring, what a
	 * callback left unread is not told again. */
	switch (s->kind) {
	case STREAM_BYTES:
		break;
	case STREAM_READY:
		event.events |= EPOLLET;
		break;
	case STREAM_ONCE:
		event.events |= EPOLLONESHOT;
		break;
	}
	event.data.ptr = f;
	if (epoll_ctl(lp->epfd, EPOLL_CTL_ADD, s->fd, &event) < 0) {
		ret = error_sys(err, errno, "cannot watch descriptor %d", s->fd);
		free(f);
		return ret;
	}
	feed_init(f, s, &lp->all);
	return 0;
}

static void feed_release(struct feed *f)
{
	/* The analyzer does not see that a hold keeps the feed. */
	if (f->stream || f->nholds > 0)		/* NOLINT(clang-analyzer-unix.Malloc) */
		return;
	link_remove(&f->all);
	free(f);
}

static void epoll_stop(struct loop *lp, struct stream *s)
{
	struct feed *f = s->op;

	if (!s->started)
		return;
	/* epoll watches open files, not descriptors. If the owner closed the descriptor too early
	 * and another process has a copy of it, the file is still watched, its events lead to this
	 * feed, and it cannot be removed any more: then the feed has to stay. */
	if (epoll_ctl(lp->epfd, EPOLL_CTL_DEL, s->fd, NULL) < 0) {
		lp->failure = -errno;
		f->nholds++;
	}
	feed_detach(f);
	feed_release(f);
}

static int epoll_drain(struct loop *lp, struct stream *s, size_t max_bytes,
		       struct proctor_error *err)
{
	struct feed *f = s->op;
	int ret;

	if (!s->started)
		return 0;
	assert(s->kind == STREAM_BYTES);
	f->nholds++;
	ret = feed_read(f, &loop_epoll, lp, &lp->blocks, max_bytes, false, err);
	f->nholds--;
	feed_release(f);
	return ret;
}

/* Returns the number of events, or a negative errno. */
static int epoll_await(struct loop *lp, uint64_t until_us)
{
	uint64_t now_us = until_us == 0 || until_us == CLOCK_NEVER ? 0 : clock_us();
	uint64_t left_us = until_us > now_us ? until_us - now_us : 0;
	int timeout_ms, n;

	if (lp->has_pwait2) {
		struct timespec ts = {
			.tv_sec = (time_t)(left_us / 1000000),
			.tv_nsec = (long)(left_us % 1000000 * 1000),
		};

		n = epoll_pwait2(lp->epfd, lp->events, EVENTS_PER_TURN,
				 until_us == CLOCK_NEVER ? NULL : &ts, NULL);
		/* Seccomp profiles that are older than this call answer EPERM. */
		if (n >= 0 || (errno != ENOSYS && errno != EPERM))
			return n < 0 ? -errno : n;
		lp->has_pwait2 = false;
	}
	if (until_us == CLOCK_NEVER)
		timeout_ms = -1;
	else if (left_us > (uint64_t)INT32_MAX * 1000)
		timeout_ms = INT32_MAX;
	else
		timeout_ms = (int)((left_us + 999) / 1000);
	n = epoll_wait(lp->epfd, lp->events, EVENTS_PER_TURN, timeout_ms);
	return n < 0 ? -errno : n;
}

static int epoll_turn(struct loop *lp, uint64_t until_us, struct proctor_error *err)
{
	int n = epoll_await(lp, until_us);
	int ret = 0;

	if (n == -EINTR)
		return 0;
	if (n < 0)
		return error_sys(err, -n, "cannot wait for events");
	/* All events are moved from the array to queues before the first call: if a callback stops
	 * a stream, that takes its feed out of the queue, and no event of this turn leads to it any
	 * more. */
	for (int i = 0; i < n; i++) {
		struct feed *f = lp->events[i].data.ptr;

		if (!f->stream)
			continue;	/* stop() could not make epoll forget it */
		link_append(f->stream->kind == STREAM_BYTES ? &lp->bytes : &lp->ready, &f->queue);
	}
	while (!link_alone(&lp->bytes)) {
		struct feed *f = container_of(lp->bytes.next, struct feed, queue);

		link_remove(&f->queue);
		f->nholds++;
		if (ret == 0)
			ret = feed_read(f, &loop_epoll, lp, &lp->blocks, LOOP_FAIR_BYTES, true, err);
		f->nholds--;
		feed_release(f);
	}
	while (!link_alone(&lp->ready)) {
		struct feed *f = container_of(lp->ready.next, struct feed, queue);

		link_remove(&f->queue);
		f->stream->call(f->stream, NULL, 0, 0);
	}
	if (lp->failure < 0)
		return error_sys(err, -lp->failure, "cannot stop watching a descriptor");
	return ret;
}

static void epoll_close_loop(struct loop *lp)
{
	while (!link_alone(&lp->all)) {
		struct feed *f = container_of(lp->all.next, struct feed, all);

		/* The analyzer does not see that a released feed has left the list. */
		if (f->stream)		/* NOLINT(clang-analyzer-unix.Malloc) */
			feed_detach(f);
		f->nholds = 0;
		feed_release(f);
	}
	close(lp->epfd);
	blocks_fini(&lp->blocks);
	free(lp);
}

const struct loop_ops loop_epoll = {
	.name = "epoll",
	.open = epoll_open,
	.start = epoll_start,
	.stop = epoll_stop,
	.drain = epoll_drain,
	.turn = epoll_turn,
	.close = epoll_close_loop,
};
