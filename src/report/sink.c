/* SPDX-License-Identifier: MIT */
#include "report/sink.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* Waits until the descriptor takes more: others who have it open may have made it non-blocking. */
static int sink_wait(const struct sink *s)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLOUT };

	if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

int sink_flush(struct sink *s, struct proctor_error *err)
{
	bool failed = s->bytes.failed;
	int ret = 0;

	for (size_t at = 0; ret == 0 && at < s->bytes.nbytes;) {
		ssize_t n = write(s->fd, s->bytes.data + at, s->bytes.nbytes - at);

		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN)
			ret = sink_wait(s);
		else if (errno != EINTR)
			ret = -errno;
	}
	bytes_clear(&s->bytes);
	if (ret < 0)
		return error_sys(err, -ret, "cannot write %s", s->name);
	if (failed)
		return error_sys(err, ENOMEM, "cannot write all of %s", s->name);
	return 0;
}

int sink_relieve(struct sink *s, struct proctor_error *err)
{
	return s->bytes.nbytes >= SINK_FLUSH_BYTES || s->bytes.failed ? sink_flush(s, err) : 0;
}

void sink_fini(struct sink *s)
{
	bytes_fini(&s->bytes);
}
