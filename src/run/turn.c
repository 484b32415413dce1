/* SPDX-License-Identifier: MIT */
#include "run/turn.h"

#include "base/container.h"

#include <poll.h>
#include <time.h>

/* How long what is not urgent is left alone, unless a turn of the loop brought so much output. */
#define NAP_US 300u
#define NAP_BYTES (16u << 10)
/* How long events may be kept back. */
#define FLUSH_US 5000u

void turn_look_by(struct turn *t, uint64_t us)
{
	if (us < t->look_us)
		t->look_us = us;
}

bool turn_look_due(struct turn *t, uint64_t now_us)
{
	if (now_us < t->look_us)
		return false;
	t->look_us = now_us + TICK_US;
	return true;
}

bool turn_tick_due(struct turn *t, uint64_t now_us)
{
	if (now_us < t->ticked_us + TICK_US)
		return false;
	t->ticked_us = now_us;
	return true;
}

bool turn_flush_due(const struct turn *t, uint64_t now_us)
{
	return now_us >= t->flushed_us + FLUSH_US;
}

uint64_t turn_due_us(const struct turn *t, bool kept)
{
	uint64_t flush_us = t->flushed_us + FLUSH_US;

	return kept && flush_us < t->look_us ? flush_us : t->look_us;
}

bool turn_may_nap(const struct turn *t, const struct watch *hosts)
{
	if (!hosts || t->nread_bytes > NAP_BYTES)
		return false;
	for (const struct watch *h = hosts; h; h = h->next)
		if (h->state != HOST_RUNNING ||
		    (h->alone && (t->nread_bytes == 0 || !h->watched || h->pidfd < 0)))
			return false;
	return true;
}

void turn_nap(int signal_fd, const struct watch *hosts)
{
	static const struct timespec nap = { .tv_nsec = NAP_US * 1000 };
	struct pollfd fds[1 + PROCTOR_THREADS_MAX] = { { .fd = signal_fd, .events = POLLIN } };
	nfds_t n = 1;

	/* Where there are more of them than workers, some wait for nobody. */
	for (const struct watch *h = hosts; h && n < ARRAY_SIZE(fds); h = h->next)
		if (h->alone)
			fds[n++] = (struct pollfd){ .fd = h->pidfd, .events = POLLIN };
	ppoll(fds, n, &nap, NULL);
}
