/* SPDX-License-Identifier: MIT */
#include "base/file_size.h"

#include <pthread.h>
#include <time.h>

void file_size_hold(sigset_t *mask)
{
	struct sigaction act;
	sigset_t set;

	sigemptyset(&set);
	if (sigaction(SIGXFSZ, NULL, &act) == 0 && act.sa_handler == SIG_DFL)
		sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &set, mask);
}

void file_size_release(const sigset_t *mask)
{
	const struct timespec now = { 0 };
	sigset_t set, blocked;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	/* The kernel sends it to the thread that wrote: those that wait here are of writes of this
	 * thread. */
	if (sigismember(&blocked, SIGXFSZ) == 1 && sigismember(mask, SIGXFSZ) == 0)
		while (sigtimedwait(&set, NULL, &now) == SIGXFSZ)
			continue;
	pthread_sigmask(SIG_SETMASK, mask, NULL);
}
