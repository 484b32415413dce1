/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's event loop: two back ends behind one table of functions. Only the supervisor's
 * thread may call any of this (loop_choose too). Contract, the same for both back ends:
 *
 * - A stream is either read (STREAM_BYTES: the loop reads, the callback gets the bytes) or watched
 *   (STREAM_READY: the callback is told at least once each time the descriptor becomes readable,
 *   and when it is readable at the start. It is not told again of what it left unread: it reads to
 *   EAGAIN, or, as for a pidfd, stops the stream).
 * - Nothing is lost: of a byte stream up to a fair share is read in a turn, and it is read again in
 *   the next one if there may be more. io_uring's special cases (a multishot request that ended, no
 *   buffers left, an overflow of the completion queue) make the request be submitted again.
 * - A callback may start and stop any stream, its own included. After stop() returns the stream
 *   gets no call, its storage may be freed and its descriptor closed.
 * - Within one turn, bytes are delivered before readiness: a batch's output before its deaths.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct stream;

enum stream_kind {
	STREAM_BYTES,
	STREAM_READY,
	STREAM_ONCE,		/* as STREAM_READY, but told once: for what happens once */
};

/*
 * `bytes` are lent until it returns. For STREAM_BYTES nbytes 0 is the end: end of file (error 0)
 * or a read error (`error` an errno); the loop has stopped the stream before that call. For
 * STREAM_READY bytes is NULL; an `error` says that it cannot be watched any longer and was stopped.
 */
typedef void stream_callback(struct stream *s, const char *bytes, size_t nbytes, int error);

/* In the storage of its owner. All zero but the first three fields when it is started. */
struct stream {
	/* The owner's, closed only after stop(); non-blocking if STREAM_BYTES. One stream each. */
	int fd;
	enum stream_kind kind;
	stream_callback *call;
	/* The loop's own. */
	bool started;
	void *op;		/* what the back end has of it: struct feed (loop/backend.h) */
};

struct loop_ops {
	const char *name;	/* "io_uring" or "epoll", as the run header shows it */
	/* -ENOSYS, -EPERM, …: not to be had here; nothing is left open then. */
	int (*open)(struct loop **lp, struct proctor_error *err);
	/* -EINVAL: a blocking STREAM_BYTES; -EPERM: nothing that can be waited for, as a regular
	 * file; -EALREADY: started. */
	int (*start)(struct loop *lp, struct stream *s, struct proctor_error *err);
	/* No call to `s` after this one; unread bytes stay in the pipe, but bytes that the back
	 * end already took out are delivered before it returns. A stopped stream is no error. */
	void (*stop)(struct loop *lp, struct stream *s);
	/* Delivers every byte that was written to the stream before this call (reads to EAGAIN or
	 * the end, whatever the fair share). The stream stays started unless it ended. A stopped
	 * stream is left alone. At most `max_bytes` are taken: a living writer may never pause. */
	int (*drain)(struct loop *lp, struct stream *s, size_t max_bytes, struct proctor_error *err);
	/* Waits for events until `until_us` (CLOCK_NEVER: for ever; 0 or past: not at all) and
	 * delivers one batch of them. Returns 0 early, perhaps without a call, after a signal.
	 * Never from inside a callback. */
	int (*turn)(struct loop *lp, uint64_t until_us, struct proctor_error *err);
	/* Streams still started are dropped without a call. */
	void (*close)(struct loop *lp);
};

extern const struct loop_ops loop_uring, loop_epoll;

/*
 * Picks a back end by trying it: for io_uring each operation used completes once on a scratch
 * eventfd and pipe. On success the loop is open and `why` (of `nwhy` bytes) says in one sentence
 * why it is this one. A forced back end that cannot be had is an error; a refused default is epoll.
 */
int loop_choose(enum proctor_loop which, const struct loop_ops **ops, struct loop **lp, char *why,
		size_t nwhy, struct proctor_error *err);

#endif
