/* SPDX-License-Identifier: MIT */
#include "run/pauses.h"

#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* A look that comes so much later than it was due: the run itself stood still. */
#define LATE_US 500000u

void pauses_init(struct pauses *p)
{
	*p = (struct pauses){ 0 };
	pthread_mutex_init(&p->lock, NULL);
}

void pauses_fini(struct pauses *p)
{
	free(p->list);
	pthread_mutex_destroy(&p->lock);
}

/* Under the lock. */
static int add(struct pauses *p, struct pause pause)
{
	struct pause *longer = reallocarray(p->list, p->n + 1, sizeof(*longer));

	if (p->seen_us != 0)
		p->seen_us = pause.to_us;
	if (!longer)
		return -ENOMEM;
	longer[p->n++] = pause;
	p->list = longer;
	return 0;
}

/* Under the lock: what no look has noticed yet; of no length, mostly. */
static struct pause unnoticed(const struct pauses *p, uint64_t now_us)
{
	uint64_t due_us = p->due_us > p->seen_us ? p->due_us : p->seen_us;
	bool late = p->seen_us != 0 && now_us > due_us && now_us - due_us > LATE_US;

	return (struct pause){ p->seen_us, late ? now_us : p->seen_us };
}

int pauses_look(struct pauses *p, uint64_t now_us)
{
	struct pause pause;
	int ret = 0;

	pthread_mutex_lock(&p->lock);
	pause = unnoticed(p, now_us);
	if (pause.to_us > pause.from_us)
		ret = add(p, pause);
	p->seen_us = now_us;
	pthread_mutex_unlock(&p->lock);
	return ret;
}

void pauses_expect(struct pauses *p, uint64_t due_us)
{
	pthread_mutex_lock(&p->lock);
	p->due_us = due_us;
	pthread_mutex_unlock(&p->lock);
}

int pauses_add(struct pauses *p, uint64_t from_us, uint64_t to_us)
{
	int ret;

	pthread_mutex_lock(&p->lock);
	ret = add(p, (struct pause){ from_us, to_us });
	pthread_mutex_unlock(&p->lock);
	return ret;
}

static uint64_t overlap(struct pause pause, uint64_t from_us, uint64_t to_us)
{
	uint64_t from = pause.from_us > from_us ? pause.from_us : from_us;
	uint64_t to = pause.to_us < to_us ? pause.to_us : to_us;

	return to > from ? to - from : 0;
}

uint64_t pauses_within(struct pauses *p, uint64_t from_us, uint64_t to_us)
{
	uint64_t sum;

	pthread_mutex_lock(&p->lock);
	sum = overlap(unnoticed(p, clock_us()), from_us, to_us);
	for (size_t i = 0; i < p->n; i++)
		sum += overlap(p->list[i], from_us, to_us);
	pthread_mutex_unlock(&p->lock);
	return sum;
}
