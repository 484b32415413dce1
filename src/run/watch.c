/* SPDX-License-Identifier: MIT */
#include "run/watch.h"

#include "base/clock.h"

#include <stdlib.h>
#include <unistd.h>

struct watch *watch_new(struct run *run, unsigned worker, int core)
{
	struct watch *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->run = run;
	h->worker = worker;
	h->core = core;
	h->pidfd = h->out.fd = h->err.fd = -1;
	h->waiting_tail = &h->waiting;
	h->started = (struct post){ .kind = POST_STARTED, .worker = worker, .watch = h };
	h->kill = (struct post){ .kind = POST_KILL, .worker = worker, .watch = h };
	h->released = (struct post){ .kind = POST_RELEASED, .worker = worker, .watch = h };
	return h;
}

void watch_started(struct watch *h, struct host *host, const struct started *started)
{
	h->host = host;
	h->number = host->number;
	h->alone = host->alone;
	h->captured = host->captured;
	h->counts = host->counts;
	h->pid = started->process.pid;
	h->group = started->process.group;
	h->pidfd = started->process.pidfd;
	/* SIGCHLD comes to a run that owns the process only. */
	if (host->ops->silent && host->launch->options->own_process)
		h->watch_us = clock_us() + WATCH_LATE_US;
	h->out.fd = started->out_fd;
	h->err.fd = started->err_fd;
	h->channel.fd = started->channel_fd;
}

void watch_remove(struct watch **list, struct watch *h)
{
	while (*list && *list != h)
		list = &(*list)->next;
	if (*list)
		*list = h->next;
}

struct sent *watch_sent(struct watch *h, uint32_t serial)
{
	for (size_t i = h->sent.n; i-- > 0;)
		if (h->sent.list[i].serial == serial)
			return &h->sent.list[i];
	return NULL;
}

struct sent *watch_add_sent(struct watch *h, uint32_t serial)
{
	struct sent *sent = watch_sent(h, serial);

	if (!sent)
		sent = vector_add(&h->sent);
	if (sent)
		sent->serial = serial;
	return sent;
}

void watch_free(struct watch *h)
{
	free(h->sent.list);
	if (h->out.fd >= 0)
		close(h->out.fd);
	if (h->err.fd >= 0)
		close(h->err.fd);
	if (h->channel.fd > 0)
		close(h->channel.fd);
	if (h->pidfd >= 0)
		close(h->pidfd);
	cutter_fini(&h->out_cut);
	cutter_fini(&h->err_cut);
	free(h);
}
