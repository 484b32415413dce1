/* SPDX-License-Identifier: MIT */
/* What both back ends of the loop share: lists of started streams, and memory that bytes are read
 * into. */
#ifndef LOOP_BACKEND_H
#define LOOP_BACKEND_H

#include "loop/loop.h"

/* What one read takes at most: as much as a pipe can hold, unless somebody enlarged it. */
#define LOOP_READ_BYTES (64u << 10)
/* What is read of one stream in a turn at most: one that floods must not keep the others
 * waiting. */
#define LOOP_FAIR_BYTES (4 * LOOP_READ_BYTES)

/* Part of what can stand in a queue, in one at a time; and the queue itself. A link that is in
 * none, and an empty queue, point to themselves. */
struct link {
	struct link *prev, *next;
};

static inline void link_init(struct link *l)
{
	l->prev = l->next = l;
}

static inline bool link_alone(const struct link *l)
{
	return l->next == l;
}

static inline void link_remove(struct link *l)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): see feed_op() */
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}

static inline void link_append(struct link *queue, struct link *l)
{
	l->prev = queue->prev;
	l->next = queue;
	queue->prev->next = l;
	queue->prev = l;
}

/* Moves all of `from` to the empty queue `to`. */
static inline void link_move_all(struct link *from, struct link *to)
{
	if (link_alone(from))
		return;
	*to = *from;
	to->prev->next = to->next->prev = to;
	link_init(from);
}

/*
 * What the loop has of one started stream. It is not in the stream itself, since a callback may
 * stop and free that. Events lead to the feed. Code that needs the feed after it has made a call
 * counts itself in `nholds` during the call, so that the feed is still there, and then looks
 * whether `stream` is still set.
 */
struct feed {
	struct stream *stream;	/* NULL once stopped */
	struct link all;	/* in the loop's list of them */
	struct link queue;	/* where it waits: to be submitted, to be delivered; or nowhere */
	unsigned nholds;
};

/* Memory for one read. A callback may drain another stream while it still uses the bytes that it
 * was lent, so a call within a call needs another block. */
struct block {
	struct block *next;
	char bytes[LOOP_READ_BYTES];
};

struct blocks {			/* those that nobody uses now */
	struct block *free;
};

/* Allocates the first block now, so that only a call within a call can fail for want of memory.
 * -ENOMEM. */
int blocks_init(struct blocks *pool, struct proctor_error *err);
void blocks_fini(struct blocks *pool);

/* Refuses what one of the back ends could not start, so that both refuse the same, in the same
 * words. */
int stream_check(const struct stream *s, struct proctor_error *err);

void feed_init(struct feed *f, struct stream *s, struct link *all);
/* Takes the feed out of all queues and the stream away from it. */
void feed_detach(struct feed *f);
/* Stops the stream, then tells its callback of the end. */
void feed_end(struct feed *f, const struct loop_ops *ops, struct loop *lp, int error);
/*
 * Reads and delivers until the stream ends or is stopped, or has nothing more (EAGAIN), or
 * `max_bytes` were delivered; with `until_short` also until a read got less than it asked for: that
 * there is nothing more need not be asked where the stream is watched again in any case. Nothing
 * else may be reading the stream; the caller holds the feed. -ENOMEM.
 */
int feed_read(struct feed *f, const struct loop_ops *ops, struct loop *lp, struct blocks *pool,
	      size_t max_bytes, bool until_short, struct proctor_error *err);

#endif
