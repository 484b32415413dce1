/* SPDX-License-Identifier: MIT */
/*
 * The loop on io_uring. Each turn is one system call: it submits the requests that are due and
 * waits until something completes. For a stream of bytes there is one read request, which takes one
 * of the buffers when there are bytes; for a readiness stream one poll request that completes again
 * and again (multishot).
 *
 * A turn first notes all completions in the feeds and delivers afterwards. So a callback may stop a
 * stream, which has to wait for further completions.
 */
#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/container.h"
#include "loop/backend.h"

#define SQ_ENTRIES 128
#define CQ_ENTRIES 512
#define NBUFFERS 32		/* a power of two */
#define BUFFER_GROUP 0
/* The buffers, and after them, page-aligned, the ring through which the kernel gets them. */
#define BUFFER_AREA_BYTES (NBUFFERS * LOOP_READ_BYTES + NBUFFERS * sizeof(struct io_uring_buf))
/* A cancelled request completes at once. If one does not, the run shall not hang. */
#define CANCEL_US 1000000
/* "For ever": without a timeout liburing would begin the wait again after a signal. */
#define FOREVER_SECONDS (1 << 30)

struct op {
	struct feed feed;
	/* A request is submitted that will complete (again): the kernel has the address of this
	 * struct. */
	bool flying;
	/* A read answered -EAGAIN instead of waiting for bytes: wait with a poll before the next
	 * read. */
	bool poll_first;
	/* What has completed and is not delivered yet: bytes `offset` to `result` of buffer number
	 * `buffer`; or, if `buffer` is -1, the end (`result` 0) or a negative errno. */
	int result;
	int buffer;
	unsigned offset;
};

struct loop {
	struct io_uring ring;
	struct io_uring_buf_ring *buf_ring;
	char *buffers;
	struct blocks blocks;
	struct link all;
	struct link arming;		/* to be submitted with the next turn */
	struct link bytes, ready;	/* completed, to be delivered */
	unsigned nflying;
	int failure;			/* a negative errno: a stop() has failed */
};

/* The analyzer does not see that a released feed has left its queue. */
static struct op *feed_op(struct feed *r)
{
	return container_of(r, struct op, feed);	/* NOLINT(clang-analyzer-unix.Malloc) */
}

static struct op *queue_first(struct link *queue)
{
	return feed_op(container_of(queue->next, struct feed, queue));
}

/* Tries the flags that cost the fewest interruptions first. A kernel that does not know one answers
 * -EINVAL. */
static int ring_open(struct io_uring *ring)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		0,
	};
	int ret = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(flags) && ret == -EINVAL; i++) {
		struct io_uring_params params = {
			.flags = flags[i] | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE |
				 IORING_SETUP_SUBMIT_ALL,
			.cq_entries = CQ_ENTRIES,
		};

		ret = io_uring_queue_init_params(SQ_ENTRIES, ring, &params);
		if (ret == 0 && !(params.features & IORING_FEAT_EXT_ARG)) {
			io_uring_queue_exit(ring);
			return -ENOSYS;
		}
	}
	return ret;
}

static char *buffer_at(struct loop *lp, int buffer)
{
	return lp->buffers + (size_t)buffer * LOOP_READ_BYTES;
}

static void buffer_return(struct loop *lp, int buffer)
{
	io_uring_buf_ring_add(lp->buf_ring, buffer_at(lp, buffer), LOOP_READ_BYTES,
			      (unsigned short)buffer, io_uring_buf_ring_mask(NBUFFERS), 0);
	io_uring_buf_ring_advance(lp->buf_ring, 1);
}

static void buffers_unmap(struct loop *lp)
{
	munmap(lp->buffers, BUFFER_AREA_BYTES);
}

static int buffers_open(struct loop *lp, struct proctor_error *err)
{
	struct io_uring_buf_reg reg = { .ring_entries = NBUFFERS, .bgid = BUFFER_GROUP };
	void *area;
	int ret;

	area = mmap(NULL, BUFFER_AREA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (area == MAP_FAILED)
		return error_sys(err, errno, "cannot map the event loop's buffers");
	lp->buffers = area;
	lp->buf_ring = (void *)(lp->buffers + NBUFFERS * LOOP_READ_BYTES);
	reg.ring_addr = (uintptr_t)lp->buf_ring;
	ret = io_uring_register_buf_ring(&lp->ring, &reg, 0);
	if (ret < 0) {
		error_sys(err, -ret, "cannot register io_uring buffers (Linux 5.19 and later)");
		buffers_unmap(lp);
		return ret;
	}
	io_uring_buf_ring_init(lp->buf_ring);
	for (int i = 0; i < NBUFFERS; i++)
		buffer_return(lp, i);
	return 0;
}

static int uring_open(struct loop **lpp, struct proctor_error *err)
{
	struct loop *lp = calloc(1, sizeof(*lp));
	int ret;

	if (!lp)
		return error_sys(err, ENOMEM, "cannot allocate the event loop");
	ret = blocks_init(&lp->blocks, err);
	if (ret < 0)
		goto free_loop;
	ret = ring_open(&lp->ring);
	if (ret < 0) {
		error_sys(err, -ret, "cannot make an io_uring");
		goto fini_blocks;
	}
	ret = buffers_open(lp, err);
	if (ret < 0)
		goto exit_ring;
	link_init(&lp->all);
	link_init(&lp->arming);
	link_init(&lp->bytes);
	link_init(&lp->ready);
	*lpp = lp;
	return 0;
exit_ring:
	io_uring_queue_exit(&lp->ring);
fini_blocks:
	blocks_fini(&lp->blocks);
free_loop:
	free(lp);
	return ret;
}

static int uring_start(struct loop *lp, struct stream *s, struct proctor_error *err)
{
	struct op *op;
	int ret = stream_check(s, err);

	if (ret < 0)
		return ret;
	op = calloc(1, sizeof(*op));
	if (!op)
		return error_sys(err, ENOMEM, "cannot watch descriptor %d", s->fd);
	op->buffer = -1;
	feed_init(&op->feed, s, &lp->all);
	link_append(&lp->arming, &op->feed.queue);
	return 0;
}

static void op_release(struct op *op)
{
	if (op->feed.stream || op->feed.nholds > 0 || op->flying)
		return;
	link_remove(&op->feed.all);
	free(op);
}

/* A free submission entry, or NULL where the kernel takes none at the moment. */
static struct io_uring_sqe *sqe_get(struct loop *lp)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&lp->ring);

	if (!sqe && io_uring_submit(&lp->ring) > 0)
		sqe = io_uring_get_sqe(&lp->ring);
	return sqe;
}

static void queue_arm(struct loop *lp)
{
	while (!link_alone(&lp->arming)) {
		struct op *op = queue_first(&lp->arming);
		struct stream *s = op->feed.stream;
		struct io_uring_sqe *sqe = sqe_get(lp);

		if (!sqe)
			return;
		switch (s->kind) {
		case STREAM_BYTES:
			if (op->poll_first) {
				io_uring_prep_poll_add(sqe, s->fd, POLLIN);
				break;
			}
			io_uring_prep_read(sqe, s->fd, NULL, LOOP_READ_BYTES, (uint64_t)-1);
			sqe->flags |= IOSQE_BUFFER_SELECT;
			sqe->buf_group = BUFFER_GROUP;
			break;
		case STREAM_READY:
			io_uring_prep_poll_multishot(sqe, s->fd, POLLIN);
			break;
		case STREAM_ONCE:
			/* Not multishot: once it has completed, nothing has to be cancelled. */
			io_uring_prep_poll_add(sqe, s->fd, POLLIN);
			break;
		}
		io_uring_sqe_set_data(sqe, op);
		op->flying = true;
		lp->nflying++;
		link_remove(&op->feed.queue);
	}
}

/* Notes the result of a read, or of the poll before it. */
static void op_note_read(struct loop *lp, struct op *op, int result, int buffer)
{
	struct link *queue = &lp->bytes;

	if (op->poll_first && result >= 0) {
		op->poll_first = false;
		queue = &lp->arming;
	} else if (result > 0) {
		op->buffer = buffer;
		op->offset = 0;
		buffer = -1;
	} else if (result == -EAGAIN) {
		op->poll_first = true;
		queue = &lp->arming;
	} else if (result == -ENOBUFS || result == -EINTR || result == -ECANCELED) {
		/* It got no buffer: it is first in line for the next turn. Streams that got one
		 * line up only after their bytes are delivered, so that those that flood cannot
		 * keep all buffers. */
		queue = &lp->arming;
	}
	op->result = result;
	if (buffer >= 0)
		buffer_return(lp, buffer);
	link_append(queue, &op->feed.queue);
}

static void op_note_ready(struct loop *lp, struct op *op, int result)
{
	struct link *queue = &lp->ready;

	/* The poll was cancelled or interrupted, which says nothing of the file: submit it
	 * again. */
	if (result == -ECANCELED || result == -EINTR)
		queue = &lp->arming;
	else
		op->result = result;
	if (link_alone(&op->feed.queue))
		link_append(queue, &op->feed.queue);
}

static void completion_note(struct loop *lp, const struct io_uring_cqe *cqe)
{
	struct op *op = io_uring_cqe_get_data(cqe);
	int buffer = -1;

	if (!op)
		return;		/* of a cancel request: the cancelled one completes by itself */
	if (cqe->flags & IORING_CQE_F_BUFFER)
		buffer = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	if (!(cqe->flags & IORING_CQE_F_MORE)) {
		op->flying = false;
		lp->nflying--;
	}
	if (!op->feed.stream) {
		if (buffer >= 0)
			buffer_return(lp, buffer);
		op_release(op);
	} else if (op->feed.stream->kind == STREAM_BYTES) {
		op_note_read(lp, op, cqe->res, buffer);
	} else {
		op_note_ready(lp, op, cqe->res);
	}
}

/* Notes all completions; calls nobody. Those that the queue had no room for are kept by the kernel,
 * which then ends the next wait at once. */
static void completions_note(struct loop *lp)
{
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&lp->ring, head, cqe) {
		completion_note(lp, cqe);
		n++;
	}
	io_uring_cq_advance(&lp->ring, n);
}

/*
 * Submits, waits for a completion until `until_us` (0: not at all) and notes all there are.
 * Returns 0 also where the kernel wants to be asked again, after a signal or for want of memory.
 */
static int ring_enter(struct loop *lp, uint64_t until_us)
{
	uint64_t now_us = until_us == 0 || until_us == CLOCK_NEVER ? 0 : clock_us();
	int ret;

	if (until_us > now_us) {
		struct __kernel_timespec ts = { .tv_sec = FOREVER_SECONDS };
		struct io_uring_cqe *cqe;

		if (until_us != CLOCK_NEVER) {
			ts.tv_sec = (int64_t)((until_us - now_us) / 1000000);
			ts.tv_nsec = (int64_t)((until_us - now_us) % 1000000 * 1000);
		}
		ret = io_uring_submit_and_wait_timeout(&lp->ring, &cqe, 1, &ts, NULL);
	} else {
		ret = io_uring_submit_and_get_events(&lp->ring);
	}
	completions_note(lp);
	switch (ret) {
	case -ETIME:
	case -EINTR:
	case -EAGAIN:
	case -EBUSY:
		return 0;
	}
	return ret < 0 ? ret : 0;
}

/* A cancel request that succeeds has no completion of its own (CQE_SKIP_SUCCESS). */
static void cancel_submit(struct loop *lp, struct op *op, int flags)
{
	struct io_uring_sqe *sqe = sqe_get(lp);

	if (!sqe)
		return;
	io_uring_prep_cancel(sqe, op, flags);
	io_uring_sqe_set_data(sqe, NULL);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/*
 * Cancels the request that is in flight and waits until it has completed, one way or another. If it
 * does not, that is a failure of the loop; its feed then stays until it does.
 */
static int op_recall(struct loop *lp, struct op *op)
{
	uint64_t until_us = clock_us() + CANCEL_US;
	int ret = 0;

	if (!op->flying)
		return 0;
	cancel_submit(lp, op, 0);
	while (op->flying && ret == 0)
		ret = clock_us() < until_us ? ring_enter(lp, until_us) : -ETIMEDOUT;
	if (op->flying)
		lp->failure = ret;
	return op->flying ? ret : 0;
}

static void uring_stop(struct loop *lp, struct stream *s)
{
	struct op *op = s->op;
	unsigned offset, nbytes;
	int buffer;

	if (!s->started)
		return;
	op_recall(lp, op);
	buffer = op->buffer;
	offset = op->offset;
	nbytes = buffer < 0 ? 0 : (unsigned)op->result - offset;
	feed_detach(&op->feed);
	op_release(op);
	if (buffer >= 0) {
		s->call(s, buffer_at(lp, buffer) + offset, nbytes, 0);
		buffer_return(lp, buffer);
	}
}

/* Delivers up to `max_bytes` of a completed read, or the end; returns how many bytes. */
static size_t op_deliver(struct loop *lp, struct op *op, size_t max_bytes)
{
	struct stream *s = op->feed.stream;
	int buffer = op->buffer;
	const char *bytes;
	size_t nbytes;

	if (buffer < 0) {
		feed_end(&op->feed, &loop_uring, lp, -op->result);
		return 0;
	}
	bytes = buffer_at(lp, buffer) + op->offset;
	nbytes = (unsigned)op->result - op->offset;
	if (nbytes > max_bytes) {
		/* Only a part may be delivered now: the buffer is kept for the rest. */
		op->offset += (unsigned)max_bytes;
		s->call(s, bytes, max_bytes, 0);
		return max_bytes;
	}
	/* All changes to the feed come before the call, which may stop the stream and so free the
	 * feed. */
	op->buffer = -1;
	link_remove(&op->feed.queue);
	link_append(&lp->arming, &op->feed.queue);
	s->call(s, bytes, nbytes, 0);
	buffer_return(lp, buffer);
	return nbytes;
}

/*
 * Delivers a completed read. If it filled its buffer, the writer floods: the rest of the fair share
 * is read here at once, since a request for each buffer would take a turn each.
 */
static int op_deliver_share(struct loop *lp, struct op *op, struct proctor_error *err)
{
	bool full = op->buffer >= 0 && op->result == (int)LOOP_READ_BYTES;
	int ret = 0;

	op->feed.nholds++;
	op_deliver(lp, op, SIZE_MAX);
	if (full && op->feed.stream)
		ret = feed_read(&op->feed, &loop_uring, lp, &lp->blocks,
				LOOP_FAIR_BYTES - LOOP_READ_BYTES, true, err);
	op->feed.nholds--;
	op_release(op);
	return ret;
}

static int uring_drain(struct loop *lp, struct stream *s, size_t max_bytes,
		       struct proctor_error *err)
{
	struct op *op = s->op;
	int ret;

	if (!s->started)
		return 0;
	assert(s->kind == STREAM_BYTES);
	ret = op_recall(lp, op);
	if (ret < 0)
		return error_sys(err, -ret, "cannot stop reading descriptor %d", s->fd);
	op->feed.nholds++;
	if (op->buffer < 0) {
		/* If an end or an error had been noted, the read below meets it again. */
		link_remove(&op->feed.queue);
		link_append(&lp->arming, &op->feed.queue);
	} else if (max_bytes > 0) {
		max_bytes -= op_deliver(lp, op, max_bytes);
	}
	if (op->feed.stream)
		ret = feed_read(&op->feed, &loop_uring, lp, &lp->blocks, max_bytes, false, err);
	op->feed.nholds--;
	op_release(op);
	return ret;
}

static void op_tell_ready(struct loop *lp, struct op *op)
{
	struct stream *s = op->feed.stream;

	if (op->result < 0) {
		feed_end(&op->feed, &loop_uring, lp, -op->result);
		return;
	}
	if (!op->flying && s->kind != STREAM_ONCE)
		link_append(&lp->arming, &op->feed.queue);
	s->call(s, NULL, 0, 0);
}

static int uring_turn(struct loop *lp, uint64_t until_us, struct proctor_error *err)
{
	struct link bytes, ready;
	int ret, read_ret = 0;

	queue_arm(lp);
	/* While they waited for a cancelled request, drain() or stop() noted completions of other
	 * streams: these are delivered without waiting for new ones. */
	if (!link_alone(&lp->bytes) || !link_alone(&lp->ready))
		until_us = 0;
	ret = ring_enter(lp, until_us);
	/* What completes while these are delivered waits for the next turn. */
	link_init(&bytes);
	link_init(&ready);
	link_move_all(&lp->bytes, &bytes);
	link_move_all(&lp->ready, &ready);
	while (!link_alone(&bytes)) {
		struct op *op = queue_first(&bytes);

		if (op_deliver_share(lp, op, err) < 0)
			read_ret = -ENOMEM;
	}
	while (!link_alone(&ready)) {
		struct op *op = queue_first(&ready);

		link_remove(&op->feed.queue);
		op_tell_ready(lp, op);
	}
	if (ret < 0)
		return error_sys(err, -ret, "cannot wait for io_uring completions");
	ret = lp->failure;
	lp->failure = 0;
	if (ret < 0)
		return error_sys(err, -ret, "cannot have a cancelled io_uring request back");
	return read_ret;
}

static void uring_close(struct loop *lp)
{
	uint64_t until_us = clock_us() + CANCEL_US;

	if (lp->nflying > 0)
		cancel_submit(lp, NULL, IORING_ASYNC_CANCEL_ANY);
	while (lp->nflying > 0 && clock_us() < until_us)
		if (ring_enter(lp, until_us) < 0)
			break;
	io_uring_unregister_buf_ring(&lp->ring, BUFFER_GROUP);
	io_uring_queue_exit(&lp->ring);
	/* A read that has not completed may still write into its buffer: then the memory is rather
	 * lost. */
	if (lp->nflying == 0)
		buffers_unmap(lp);
	while (!link_alone(&lp->all)) {
		struct op *op = feed_op(container_of(lp->all.next, struct feed, all));

		if (op->feed.stream)
			feed_detach(&op->feed);
		op->flying = false;
		op_release(op);
	}
	blocks_fini(&lp->blocks);
	free(lp);
}

const struct loop_ops loop_uring = {
	.name = "io_uring",
	.open = uring_open,
	.start = uring_start,
	.stop = uring_stop,
	.drain = uring_drain,
	.turn = uring_turn,
	.close = uring_close,
};
