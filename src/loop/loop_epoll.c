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
	bool has_pwait2;		/* until the kernel says that it has not */
	struct link all;
	struct link bytes, ready;	/* reported in this turn, not yet delivered */
	struct blocks blocks;
	int failure;			/* a negative errno that a stop() could not return */
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
	struct record *r;
	int ret = stream_check(s, err);

	if (ret < 0)
		return ret;
	r = malloc(sizeof(*r));
	if (!r)
		return error_sys(err, ENOMEM, "cannot watch descriptor %d", s->fd);
	/* By level, a stream that used up its share is reported again. By edge, readiness means
	 * the same under both back ends: what the callback leaves unread is not repeated. */
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
	event.data.ptr = r;
	if (epoll_ctl(lp->epfd, EPOLL_CTL_ADD, s->fd, &event) < 0) {
		ret = error_sys(err, errno, "cannot watch descriptor %d", s->fd);
		free(r);
		return ret;
	}
	record_init(r, s, &lp->all);
	return 0;
}

static void record_release(struct record *r)
{
	/* The analyzer does not see that a hold keeps the record. */
	if (r->stream || r->nholds > 0)		/* NOLINT(clang-analyzer-unix.Malloc) */
		return;
	link_remove(&r->all);
	free(r);
}

static void epoll_stop(struct loop *lp, struct stream *s)
{
	struct record *r = s->op;

	if (!s->started)
		return;
	/* epoll knows open files, not numbers: closed before this, a file that lives on in a dup
	 * would go on reporting a record that is free. */
	if (epoll_ctl(lp->epfd, EPOLL_CTL_DEL, s->fd, NULL) < 0) {
		lp->failure = -errno;
		r->nholds++;
	}
	record_detach(r);
	record_release(r);
}

static int epoll_drain(struct loop *lp, struct stream *s, size_t max_bytes,
		       struct proctor_error *err)
{
	struct record *r = s->op;
	int ret;

	if (!s->started)
		return 0;
	assert(s->kind == STREAM_BYTES);
	r->nholds++;
	ret = record_read(r, &loop_epoll, lp, &lp->blocks, max_bytes, false, err);
	r->nholds--;
	record_release(r);
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
		/* Seccomp profiles older than the call answer EPERM. */
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
	/* All events leave the array before the first call: a stream that a callback stops then
	 * leaves its queue, and nothing points to its record any more. */
	for (int i = 0; i < n; i++) {
		struct record *r = lp->events[i].data.ptr;

		if (!r->stream)
			continue;	/* could not be stopped */
		link_append(r->stream->kind == STREAM_BYTES ? &lp->bytes : &lp->ready, &r->queue);
	}
	while (!link_alone(&lp->bytes)) {
		struct record *r = container_of(lp->bytes.next, struct record, queue);

		link_remove(&r->queue);
		r->nholds++;
		if (ret == 0)
			ret = record_read(r, &loop_epoll, lp, &lp->blocks, LOOP_FAIR_BYTES, true, err);
		r->nholds--;
		record_release(r);
	}
	while (!link_alone(&lp->ready)) {
		struct record *r = container_of(lp->ready.next, struct record, queue);

		link_remove(&r->queue);
		r->stream->call(r->stream, NULL, 0, 0);
	}
	if (lp->failure < 0)
		return error_sys(err, -lp->failure, "cannot stop watching a descriptor");
	return ret;
}

static void epoll_close_loop(struct loop *lp)
{
	while (!link_alone(&lp->all)) {
		struct record *r = container_of(lp->all.next, struct record, all);

		/* The analyzer does not see that a released record has left the list. */
		if (r->stream)		/* NOLINT(clang-analyzer-unix.Malloc) */
			record_detach(r);
		r->nholds = 0;
		record_release(r);
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
