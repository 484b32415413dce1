/* SPDX-License-Identifier: MIT */
/* Sleeping until a word of memory changes. The memory may be shared with other processes: so these
 * do without FUTEX_PRIVATE_FLAG. */
#ifndef BASE_FUTEX_H
#define BASE_FUTEX_H

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Sleeps while `*word` is `value`, for `timeout_us` at most (CLOCK_NEVER: no limit). May return
 * early: the caller looks at the word again. 0; -EAGAIN: was another value; -ETIMEDOUT; -EINTR.
 */
static inline int futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_us)
{
	struct timespec ts = {
		.tv_sec = (time_t)(timeout_us / 1000000u),
		.tv_nsec = (long)(timeout_us % 1000000u * 1000u),
	};
	int saved = errno, ret = 0;

	if (syscall(SYS_futex, word, FUTEX_WAIT, value, timeout_us == CLOCK_NEVER ? NULL : &ts,
		    NULL, 0) < 0)
		ret = -errno;
	errno = saved;
	return ret;
}

/* Wakes everyone who sleeps on `word`. Async-signal-safe. */
static inline void futex_wake(_Atomic uint32_t *word)
{
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	errno = saved;
}

#endif
