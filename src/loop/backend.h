/* SPDX-License-Identifier: MIT */
/* What both back ends of the loop are made of: queues of started streams, and bytes lent out. */
#ifndef LOOP_BACKEND_H
#define LOOP_BACKEND_H

#include "loop/loop.h"

/* What one read takes at most: as much as a pipe holds unless its owner widened it. */
#define LOOP_READ_BYTES (64u << 10)
/* What one stream may take of a turn: a flood must not starve the others. */
#define LOOP_FAIR_BYTES (4 * LOOP_READ_BYTES)

/* A place in at most one queue; alone (or an empty queue) it points to itself. */
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
 * One started stream, in the heap, since a callback may free the stream's own storage. Events find
 * the feed, and whoever goes on after a call holds it and looks at `stream` again.
 */
struct feed {
	struct stream *stream;	/* NULL once stopped */
	struct link all;	/* in the loop's list of them */
	struct link queue;	/* in the one queue where it waits for something, if in any */
	unsigned nholds;
};

/* Blocks of LOOP_READ_BYTES. A callback may drain another stream while it still reads what it was
 * lent, so each depth of calls takes a block of its own. */
struct block {
	struct block *next;
	char bytes[LOOP_READ_BYTES];
};

struct blocks {
	struct block *free;
};

/* Allocates the first block, so that only nested calls may lack one. -ENOMEM. */
int blocks_init(struct blocks *pool, struct proctor_error *err);
void blocks_fini(struct blocks *pool);

/* Refuses what the stricter of the two back ends could not start; the sentence is the same. */
int stream_check(const struct stream *s, struct proctor_error *err);

void feed_init(struct feed *f, struct stream *s, struct link *all);
/* Takes the feed out of all queues and the stream away from it. */
void feed_detach(struct feed *f);
/* Stops the stream, then tells its callback of the end. */
void feed_end(struct feed *f, const struct loop_ops *ops, struct loop *lp, int error);
/*
 * Reads and delivers until the stream ends or stops, EAGAIN or `max_bytes`; with `until_short`
 * also until a read gets less than it asked for: what watches by level needs no EAGAIN. Nothing
 * else may be reading the stream; the caller holds the feed. -ENOMEM.
 */
int feed_read(struct feed *f, const struct loop_ops *ops, struct loop *lp, struct blocks *pool,
	      size_t max_bytes, bool until_short, struct proctor_error *err);

#endif
