/* SPDX-License-Identifier: MIT */
#include "run/rescue.h"

#include <poll.h>

unsigned rescue_wait(int wake_fd, struct watch *hosts, uint64_t us,
		     struct watch *dead[PROCTOR_THREADS_MAX])
{
	struct pollfd fds[PROCTOR_THREADS_MAX + 1] = { { .fd = wake_fd, .events = POLLIN } };
	struct watch *watched[PROCTOR_THREADS_MAX];
	unsigned n = 0, ndead = 0;

	/* What finds no room is waited for the next time. */
	for (struct watch *h = hosts; h && n < PROCTOR_THREADS_MAX; h = h->next) {
		if (h->state != HOST_KILLED)
			continue;
		fds[n + 1] = (struct pollfd){ .fd = h->pidfd, .events = POLLIN };
		watched[n++] = h;
	}
	poll(fds, n + 1, (int)(us / 1000));
	for (unsigned i = 0; i < n; i++)
		if (fds[i + 1].revents)
			dead[ndead++] = watched[i];
	return ndead;
}
