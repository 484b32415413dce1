/* SPDX-License-Identifier: MIT */
#include "lib/audience.h"

int audience_event(const struct proctor_event *event, void *data)
{
	const struct audience *a = data;
	int ret = 0;

	for (size_t i = 0; i < a->nreporters; i++) {
		int failed = a->reporters[i].event(event, a->reporters[i].data);

		ret = ret == 0 ? failed : ret;
	}
	return ret;
}
