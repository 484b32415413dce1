/* SPDX-License-Identifier: MIT */
#include "run/life.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/death.h"
#include "run/guard_client.h"
#include "run/orphans.h"
#include "run/results.h"
#include "run/signals.h"
#include "run/stuck.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is read at most of a dead host's pipe: all that a pipe can hold. */
#define DRAIN_BYTES (4u << 20)
/* A test that has written so much is one that floods: its pipe is widened, and a turn of the loop
 * carries more. As wide as an unprivileged process may ask for by default. */
#define FLOOD_BYTES (256u << 10)
#define FLOOD_PIPE_BYTES (1 << 20)

/* Is the host with this number one of a worker, or about to be? */
static bool host_lives(uint64_t number, void *data)
{
	const struct supervisor *sup = data;

	for (unsigned i = 0; i < sup->run->nworkers; i++)
		if (sup->run->workers[i].live_host == number)
			return true;
	return false;
}

size_t life_orphans(struct supervisor *sup, const struct watch *h, char **left)
{
	struct orphan_owner owner = { .run_id = sup->run->run_id };
	char *others = NULL;
	size_t ndying;

	if (sup->signals.fd < 0 || !orphans_reap(&sup->orphans))
		return 0;
	if (h) {
		owner.number = h->number;
		owner.group = h->group;
	}
	ndying = orphans_kill(&sup->orphans, &owner, !h, host_lives, sup, left, &others);
	sup->run->writer.lost |= sup->orphans.lost;
	if (others)
		writer_note(&sup->run->writer, "killed what a test had left behind: %s", others);
	free(others);
	return ndying;
}

/* Does something live on that it had started? Only known where the run is told of orphans. */
static bool host_has_orphans(struct supervisor *sup, const struct watch *h)
{
	const struct orphan_owner owner = { .run_id = sup->run->run_id, .number = h->number,
					    .group = h->group };

	return sup->signals.fd >= 0 && orphans_reap(&sup->orphans) && orphans_of(&sup->orphans, &owner);
}

static void host_drain(struct supervisor *sup, struct stream *s)
{
	struct proctor_error err;

	if (s->started && sup->ops->drain(sup->lp, s, DRAIN_BYTES, &err) < 0)
		writer_note(&sup->run->writer, "the last output of a test may be incomplete: %s", err.text);
}

static void host_close_stream(struct supervisor *sup, struct stream *s, struct cutter *c)
{
	if (s->fd < 0)
		return;
	/* Never waited on to its end: a child that left the group may hold it open for ever. */
	host_drain(sup, s);
	sup->ops->stop(sup->lp, s);
	cutter_end(c);
	sup->run->writer.lost |= c->lost;
	close(s->fd);
	s->fd = -1;
}

/* All that it wrote was cut, and all that is known of its end stands in `shared`. */
static void host_end(struct watch *h)
{
	uint32_t out = h->out_cut.serial, err = h->err_cut.serial;

	h->host->shared.end.marked_serial = out > err ? out : err;
	host_say_over(h->host);
}

/* From here on its number may be a stranger's. */
static void host_reap(struct supervisor *sup, struct watch *h)
{
	int status;
	pid_t pid;

	/* 0 would be any child of this process, whosever it is. */
	assert(h->pid > 0);
	guard_remove(sup->run->guard, h->group);
	do
		pid = wait4(h->pid, &status, WNOHANG, &h->host->shared.end.rusage);
	while (pid < 0 && errno == EINTR);
	h->pid = h->group = 0;
}

/*
 * How it ended, without reaping it: a zombie keeps its number, so its group cannot become a
 * stranger's. Some other part of the program may wait for any child, and have been faster.
 */
static void host_learn_status(struct supervisor *sup, struct watch *h)
{
	siginfo_t si = { 0 };
	int ret;

	do
		ret = waitid(P_PID, (id_t)h->pid, &si, WEXITED | WNOHANG | WNOWAIT);
	while (ret < 0 && errno == EINTR);
	h->host->shared.end.stolen = ret < 0 || si.si_pid != h->pid;
	if (h->host->shared.end.stolen)
		host_reap(sup, h);
	else
		h->host->shared.end.status = death_status(&si);
}

/* Dead, and nobody is waited for any longer. */
static void life_finish(struct supervisor *sup, struct watch *h, enum host_event event)
{
	/* First: what is drained below may end, and has the host looked at again. */
	h->state = host_next(h->state, event);
	h->act_us = CLOCK_NEVER;
	sup->run->workers[h->worker].live_host = 0;
	life_orphans(sup, h, &h->host->shared.end.left);
	if (!h->host->shared.end.stolen && spawned_is_zombie(h->pid))
		spawned_signal(h->pid, h->group, SIGKILL);
	host_close_stream(sup, &h->out, &h->out_cut);
	host_close_stream(sup, &h->err, &h->err_cut);
	if (!h->host->shared.end.stolen)
		host_reap(sup, h);
	results_settle(sup, h);
	host_end(h);
}

static bool host_output_ended(const struct watch *h)
{
	return !h->out.started && !h->err.started;
}

void life_look(struct supervisor *sup, struct watch *h, uint64_t now_us)
{
	if (h->state != HOST_DRAINING)
		return;
	if (now_us >= h->act_us)
		life_finish(sup, h, HOST_OVERDUE);
	else if (host_output_ended(h) && !host_has_orphans(sup, h))
		life_finish(sup, h, HOST_ENDED);
}

void life_orphan_ended(struct supervisor *sup)
{
	for (struct watch *h = sup->hosts; h; h = h->next)
		if (h->state == HOST_DRAINING && host_output_ended(h))
			life_look(sup, h, clock_us());
}

void life_died(struct supervisor *sup, struct watch *h)
{
	sup->ops->stop(sup->lp, &h->death);
	h->host->shared.end.died_us = clock_us();
	host_learn_status(sup, h);
	h->state = host_next(h->state, HOST_DIED);
	/* Also if it was killed: the rest of its group is on its way out, and is no leak for that. */
	h->act_us = h->host->shared.end.died_us + sup->run->options.leak_us;
	supervisor_look_by(sup, h->act_us);
	/* Each of these may look at it and find that it is over. While it is not reaped it can be told
	 * whom a signal came from; what it wrote is in the pipes by now, and mostly their end, too. */
	signals_take(sup);
	host_drain(sup, &h->out);
	host_drain(sup, &h->err);
	life_look(sup, h, h->host->shared.end.died_us);
}

static void life_on_death(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct watch *h = container_of(s, struct watch, death);

	(void)bytes, (void)nbytes, (void)error;
	life_died(h->run->supervisor, h);
}

static void host_output(struct watch *h, struct stream *s, struct cutter *c, const char *bytes,
			size_t nbytes, int error)
{
	struct supervisor *sup = h->run->supervisor;
	uint64_t before = c->open.total_bytes;

	if (error != 0)
		writer_note(&sup->run->writer, "the output of process %d can be read no further: %s", h->pid,
				strerrordesc_np(error));
	sup->nread_bytes += nbytes;
	cutter_feed(c, bytes, nbytes);
	sup->run->writer.lost |= c->lost;
	/* Refused where the user's pipes hold too much already: then it stays as it is. */
	if (before < FLOOD_BYTES && c->open.total_bytes >= FLOOD_BYTES)
		fcntl(s->fd, F_SETPIPE_SZ, FLOOD_PIPE_BYTES);
	if (h->waiting)
		results_settle(sup, h);
	if (nbytes == 0 && h->state == HOST_DRAINING && host_output_ended(h))
		life_look(sup, h, clock_us());
}

static void life_on_out(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct watch *h = container_of(s, struct watch, out);

	host_output(h, s, &h->out_cut, bytes, nbytes, error);
}

static void life_on_err(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct watch *h = container_of(s, struct watch, err);

	host_output(h, s, &h->err_cut, bytes, nbytes, error);
}

int life_watch(struct supervisor *sup, struct watch *h, struct proctor_error *err)
{
	const uint8_t *key = host_marker_key(h->host);
	size_t max_bytes = h->host->settings->max_output_bytes;
	int ret;

	cutter_init(&h->out_cut, key, max_bytes);
	cutter_init(&h->err_cut, key, max_bytes);
	h->out = (struct stream){ .fd = h->out.fd, .kind = STREAM_BYTES, .call = life_on_out };
	h->err = (struct stream){ .fd = h->err.fd, .kind = STREAM_BYTES, .call = life_on_err };
	h->death = (struct stream){ .fd = h->pidfd, .kind = STREAM_ONCE, .call = life_on_death };
	ret = sup->ops->start(sup->lp, &h->death, err);
	if (ret == 0 && h->captured)
		ret = sup->ops->start(sup->lp, &h->out, err);
	if (ret == 0 && h->captured)
		ret = sup->ops->start(sup->lp, &h->err, err);
	return ret;
}

void life_give_up(struct supervisor *sup, struct watch *h)
{
	char why[STUCK_BYTES];

	stuck_words(h->pid, h->kill_errnum, why, sizeof(why));
	if (asprintf(&h->host->shared.end.undead, "process %d could not be killed: %s", h->pid, why) < 0)
		h->host->shared.end.undead = strdup("its process could not be killed");
	h->host->shared.end.died_us = clock_us();
	h->state = host_next(h->state, HOST_OVERDUE);
	h->act_us = CLOCK_NEVER;
	/* Once its worker has ended it is a child of this thread, as orphans are. */
	orphans_give_up(&sup->orphans, h->pid);
	sup->run->workers[h->worker].live_host = 0;
	host_close_stream(sup, &h->out, &h->out_cut);
	host_close_stream(sup, &h->err, &h->err_cut);
	h->pid = 0;
	results_settle(sup, h);
	host_end(h);
}
