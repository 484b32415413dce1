/* SPDX-License-Identifier: MIT */
#include "run/host_end.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/death.h"
#include "hosts/host_words.h"
#include "run/guard_client.h"
#include "run/stuck.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is read at most of a dead host's pipe: all that a pipe can hold. */
#define DRAIN_BYTES (4u << 20)
#define TAKE_BYTES (16u << 10)	/* at once, of one that was not watched */
/* A test that has written so much is one that floods: its pipe is widened, and a turn of the loop
 * carries more. As wide as an unprivileged process may ask for by default. */
#define FLOOD_BYTES (256u << 10)
#define FLOOD_PIPE_BYTES (1 << 20)
/* So much is kept of what nobody will see. */
#define UNTOLD_BYTES 256

static void stream_drain(struct watch *h, struct stream *s)
{
	struct proctor_error err;

	if (s->started && h->ops->drain(h->lp, s, DRAIN_BYTES, &err) < 0)
		writer_note(&h->run->writer, "the last output of a test may be incomplete: %s",
			    err.text);
}

/* A host may tell by its stdout where the output of a test ends; stderr is cut in that moment. */
static void feed_stdout(struct watch *h, const char *bytes, size_t nbytes)
{
	const struct output_cut *cuts = NULL;
	unsigned ncuts = h->channel.fd > 0 ? 0 : h->host->ops->output(h->host, bytes, nbytes, &cuts);
	size_t at = 0;

	/* What those tests wrote to stderr before that is in the pipe by now. */
	if (ncuts > 0)
		stream_drain(h, &h->err);
	for (unsigned i = 0; i < ncuts; i++) {
		cutter_feed(&h->out_cut, bytes + at, cuts[i].at - at);
		cutter_cut(&h->out_cut, cuts[i].serial);
		cutter_cut(&h->err_cut, cuts[i].serial);
		at = cuts[i].at;
	}
	cutter_feed(&h->out_cut, bytes + at, nbytes - at);
}

static void feed_stderr(struct watch *h, const char *bytes, size_t nbytes)
{
	if (h->host->ops->errors)
		h->host->ops->errors(h->host, bytes, nbytes);
	cutter_feed(&h->err_cut, bytes, nbytes);
}

static void feed(struct watch *h, struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct writer *w = &h->run->writer;
	struct cutter *c = s == &h->out ? &h->out_cut : &h->err_cut;
	uint64_t before = c->open.total_bytes;

	if (error != 0)
		writer_note(w, "the output of process %d can be read no further: %s", h->pid,
			    strerrordesc_np(error));
	if (s == &h->out)
		feed_stdout(h, bytes, nbytes);
	else
		feed_stderr(h, bytes, nbytes);
	w->lost |= c->lost;
	h->has_news = true;
	h->news_bytes += nbytes;
	/* Refused where the user's pipes hold too much already: then it stays as it is. */
	if (before < FLOOD_BYTES && c->open.total_bytes >= FLOOD_BYTES)
		fcntl(s->fd, F_SETPIPE_SZ, FLOOD_PIPE_BYTES);
}

static void on_out(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	feed(container_of(s, struct watch, out), s, bytes, nbytes, error);
}

static void on_err(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	feed(container_of(s, struct watch, err), s, bytes, nbytes, error);
}

static void sink_write(bool is_stderr, const char *bytes, size_t nbytes, void *data)
{
	struct watch *h = data;
	struct cutter *c = is_stderr ? &h->err_cut : &h->out_cut;

	cutter_feed(c, bytes, nbytes);
	h->run->writer.lost |= c->lost;
}

/* The output of a test ends behind what it had written by then, which is in the pipes or was read. */
static void sink_cut(uint32_t serial, void *data)
{
	struct watch *h = data;

	stream_drain(h, &h->out);
	stream_drain(h, &h->err);
	cutter_cut(&h->out_cut, serial);
	cutter_cut(&h->err_cut, serial);
}

static void on_channel(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct watch *h = container_of(s, struct watch, channel);
	const struct output_sink sink = { sink_write, sink_cut, h };

	if (error != 0)
		writer_note(&h->run->writer, "what process %d tells of its tests can be read no further: %s",
			    h->pid, strerrordesc_np(error));
	h->host->ops->channel(h->host, bytes, nbytes, &sink);
	h->has_news = true;
	h->news_bytes += nbytes;
}

void life_meet(struct watch *h, const struct loop_ops *ops, struct loop *lp,
	       stream_callback *death)
{
	const uint8_t *key = h->host->ops->marker_key(h->host);
	size_t max_bytes = h->confirms ? UNTOLD_BYTES : h->host->settings->max_output_bytes;

	h->ops = ops;
	h->lp = lp;
	cutter_init(&h->out_cut, key, max_bytes);
	cutter_init(&h->err_cut, key, max_bytes);
	h->out = (struct stream){ .fd = h->out.fd, .kind = STREAM_BYTES, .call = on_out };
	h->err = (struct stream){ .fd = h->err.fd, .kind = STREAM_BYTES, .call = on_err };
	h->channel = (struct stream){ .fd = h->channel.fd, .kind = STREAM_BYTES, .call = on_channel };
	h->death = (struct stream){ .fd = h->pidfd, .kind = STREAM_ONCE, .call = death };
}

int life_watch(struct watch *h, struct proctor_error *err)
{
	int ret = h->ops->start(h->lp, &h->death, err);

	h->watched = true;
	if (ret == 0 && h->captured)
		ret = h->ops->start(h->lp, &h->out, err);
	if (ret == 0 && h->captured)
		ret = h->ops->start(h->lp, &h->err, err);
	if (ret == 0 && h->channel.fd > 0)
		ret = h->ops->start(h->lp, &h->channel, err);
	return ret;
}

/* Takes what the pipe of one that was not watched holds. Where something else holds the other end, the
 * loop waits for that. */
static void stream_take(struct watch *h, struct stream *s)
{
	struct proctor_error err;
	char bytes[TAKE_BYTES];
	size_t ntaken = 0;
	ssize_t n;

	while (s->fd >= 0 && ntaken < DRAIN_BYTES) {
		n = read(s->fd, bytes, sizeof(bytes));
		if (n == 0)
			return;
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			s->call(s, bytes, (size_t)n, 0);
		ntaken += n > 0 ? (size_t)n : 0;
	}
	if (s->fd >= 0 && h->ops->start(h->lp, s, &err) < 0)
		writer_note(&h->run->writer, "the last output of a test may be incomplete: %s",
			    err.text);
}

/* From now on it need not be watched any more. */
static void take_unwatched(struct watch *h)
{
	if (h->watched)
		return;
	h->watched = true;
	stream_take(h, &h->out);
	stream_take(h, &h->err);
}

void life_drain(struct watch *h)
{
	stream_drain(h, &h->out);
	stream_drain(h, &h->err);
	stream_drain(h, &h->channel);
}

/* Before its stdout, which it cuts. */
static void channel_close(struct watch *h)
{
	if (h->channel.fd <= 0)
		return;
	stream_drain(h, &h->channel);
	h->ops->stop(h->lp, &h->channel);
	close(h->channel.fd);
	h->channel.fd = 0;
}

static void stream_close(struct watch *h, struct stream *s, struct cutter *c)
{
	if (s->fd < 0)
		return;
	/* Never waited on to its end: a child that left the group may hold it open for ever. */
	stream_drain(h, s);
	h->ops->stop(h->lp, s);
	cutter_end(c);
	h->run->writer.lost |= c->lost;
	close(s->fd);
	s->fd = -1;
}

bool life_output_ended(const struct watch *h)
{
	return !h->out.started && !h->err.started;
}

/* From here on its number may be a stranger's. */
static void reap(struct watch *h)
{
	int status;
	pid_t pid;

	/* 0 would be any child of this process, whosever it is. */
	assert(h->pid > 0);
	guard_remove(h->run->guard, h->group);
	do
		pid = wait4(h->pid, &status, WNOHANG, &h->host->shared.end.rusage);
	while (pid < 0 && errno == EINTR);
	h->pid = h->group = 0;
}

/*
 * How it ended, without reaping it: a zombie keeps its number, so its group cannot become a
 * stranger's. Some other part of the program may wait for any child, and have been faster.
 */
static void learn_status(struct watch *h)
{
	struct host_end *end = &h->host->shared.end;
	siginfo_t si;

	end->stolen = !death_look(h->pid, &si);
	if (end->stolen)
		reap(h);
	else
		end->status = death_status(&si);
}

void life_died(struct watch *h)
{
	struct host_end *end = &h->host->shared.end;

	h->ops->stop(h->lp, &h->death);
	end->died_us = clock_us();
	take_unwatched(h);
	learn_status(h);
	h->state = host_next(h->state, HOST_DIED);
	/* Also if it was killed: the rest of its group is on its way out, and is no leak for that. */
	watch_wait(h, end->died_us, h->run->options.leak_us);
}

void life_close(struct watch *h)
{
	channel_close(h);
	stream_close(h, &h->out, &h->out_cut);
	stream_close(h, &h->err, &h->err_cut);
	if (!h->host->shared.end.stolen)
		reap(h);
}

void life_give_up(struct watch *h)
{
	struct host_end *end = &h->host->shared.end;
	char why[STUCK_BYTES];

	stuck_words(h->pid, h->kill_errnum, why, sizeof(why));
	if (asprintf(&end->undead, "process %d could not be killed: %s", h->pid, why) < 0)
		end->undead = strdup("its process could not be killed");
	end->died_us = clock_us();
	h->ops->stop(h->lp, &h->death);
	take_unwatched(h);
	channel_close(h);
	stream_close(h, &h->out, &h->out_cut);
	stream_close(h, &h->err, &h->err_cut);
}

void life_tell_left(const struct watch *h)
{
	char name[HOST_WORDS_BYTES];

	if (!h->host->shared.end.left)
		return;
	host_words(h->host, name, sizeof(name));
	writer_note(&h->run->writer, "killed what %s had left behind: %s",
		    h->host->nsuites > 0 ? name : "a host", h->host->shared.end.left);
}

void life_end(struct watch *h)
{
	uint32_t out = h->out_cut.serial, err = h->err_cut.serial;

	h->host->shared.end.marked_serial = out > err ? out : err;
	host_say_over(h->host);
}
