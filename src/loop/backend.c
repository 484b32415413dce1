/* SPDX-License-Identifier: MIT */
#include "loop/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct block *block_take(struct blocks *pool)
{
	struct block *b = pool->free;

	if (b)
		pool->free = b->next;
	else
		b = malloc(sizeof(*b));
	return b;
}

static void block_put(struct blocks *pool, struct block *b)
{
	b->next = pool->free;
	pool->free = b;
}

int blocks_init(struct blocks *pool, struct proctor_error *err)
{
	struct block *b;

	pool->free = NULL;
	b = block_take(pool);
	if (!b)
		return error_sys(err, ENOMEM, "cannot allocate the event loop's buffer");
	block_put(pool, b);
	return 0;
}

void blocks_fini(struct blocks *pool)
{
	while (pool->free) {
		struct block *b = pool->free;

		pool->free = b->next;
		free(b);
	}
}

int stream_check(const struct stream *s, struct proctor_error *err)
{
	struct stat st;
	int flags;

	if (s->started)
		return error_set(err, -EALREADY, "descriptor %d is in the event loop already",
				 s->fd);
	flags = fcntl(s->fd, F_GETFL);
	if (flags < 0 || fstat(s->fd, &st) < 0)
		return error_sys(err, errno, "cannot watch descriptor %d", s->fd);
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return error_set(err, -EPERM, "cannot watch descriptor %d: it is a %s, which is "
				 "always readable and never tells when it grows", s->fd,
				 S_ISREG(st.st_mode) ? "regular file" : "directory");
	if (s->kind == STREAM_BYTES && !(flags & O_NONBLOCK))
		return error_set(err, -EINVAL, "cannot read descriptor %d in the event loop: it "
				 "is in blocking mode", s->fd);
	return 0;
}

void feed_init(struct feed *f, struct stream *s, struct link *all)
{
	f->stream = s;
	f->nholds = 0;
	link_append(all, &f->all);
	link_init(&f->queue);
	s->started = true;
	s->op = f;
}

void feed_detach(struct feed *f)
{
	f->stream->started = false;
	f->stream->op = NULL;
	f->stream = NULL;
	link_remove(&f->queue);
}

void feed_end(struct feed *f, const struct loop_ops *ops, struct loop *lp, int error)
{
	struct stream *s = f->stream;

	ops->stop(lp, s);
	s->call(s, NULL, 0, error);
}

int feed_read(struct feed *f, const struct loop_ops *ops, struct loop *lp, struct blocks *pool,
	      size_t max_bytes, bool until_short, struct proctor_error *err)
{
	struct block *b = block_take(pool);

	if (!b)
		return error_sys(err, ENOMEM, "cannot read descriptor %d", f->stream->fd);
	while (f->stream && max_bytes > 0) {
		struct stream *s = f->stream;
		size_t room = max_bytes < sizeof(b->bytes) ? max_bytes : sizeof(b->bytes);
		ssize_t n = read(s->fd, b->bytes, room);

		if (n > 0) {
			max_bytes -= (size_t)n;
			s->call(s, b->bytes, (size_t)n, 0);
			if (until_short && (size_t)n < room)
				break;
		} else if (n < 0 && errno == EAGAIN) {
			break;
		} else if (n == 0 || errno != EINTR) {
			feed_end(f, ops, lp, n < 0 ? errno : 0);
			break;
		}
	}
	block_put(pool, b);
	return 0;
}
