/* SPDX-License-Identifier: MIT */
#include "run/pauses.h"

#include <errno.h>
#include <stdlib.h>

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

int pauses_add(struct pauses *p, uint64_t from_us, uint64_t to_us)
{
	struct pause *longer;

	pthread_mutex_lock(&p->lock);
	longer = reallocarray(p->list, p->n + 1, sizeof(*longer));
	if (longer) {
		longer[p->n++] = (struct pause){ from_us, to_us };
		p->list = longer;
	}
	pthread_mutex_unlock(&p->lock);
	return longer ? 0 : -ENOMEM;
}

uint64_t pauses_within(struct pauses *p, uint64_t from_us, uint64_t to_us)
{
	uint64_t sum = 0;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n; i++) {
		uint64_t from = p->list[i].from_us > from_us ? p->list[i].from_us : from_us;
		uint64_t to = p->list[i].to_us < to_us ? p->list[i].to_us : to_us;

		if (to > from)
			sum += to - from;
	}
	pthread_mutex_unlock(&p->lock);
	return sum;
}
