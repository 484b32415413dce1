/* SPDX-License-Identifier: MIT */
#include "coverage/sums.h"

#include <errno.h>
#include <stdlib.h>

/* The two largest numbers are no counts for LLVM, but marks of its own. */
#define COUNT_MAX (UINT64_MAX - 2)

int sums_init(struct sums *s, const struct objects *objects, struct functions *functions)
{
	*s = (struct sums){ .objects = objects, .functions = functions };
	s->counters = calloc(objects->n + 1, sizeof(uint64_t *));
	if (!s->counters)
		return -ENOMEM;
	pthread_mutex_init(&s->lock, NULL);
	return 0;
}

void sums_fini(struct sums *s)
{
	if (!s->counters)
		return;
	for (size_t i = 0; i < s->objects->n; i++)
		free(s->counters[i]);
	free(s->counters);
	pthread_mutex_destroy(&s->lock);
	*s = (struct sums){ .counters = NULL };
}

int sums_add(struct sums *s, size_t object, const uint64_t *image)
{
	uint64_t n = object_image_bytes(&s->objects->list[object]) / sizeof(*image), *sum;

	pthread_mutex_lock(&s->lock);
	sum = s->counters[object];
	if (!sum)
		sum = s->counters[object] = calloc(n + 1, sizeof(*sum));
	for (uint64_t i = 0; sum && i < n; i++) {
		uint64_t count = image[i];

		if (count)
			sum[i] = count > COUNT_MAX - sum[i] ? COUNT_MAX : sum[i] + count;
	}
	pthread_mutex_unlock(&s->lock);
	return sum ? 0 : -ENOMEM;
}

int sums_add_functions(struct sums *s, const void *index)
{
	int ret;

	pthread_mutex_lock(&s->lock);
	ret = functions_add_area(s->functions, index);
	pthread_mutex_unlock(&s->lock);
	return ret;
}
