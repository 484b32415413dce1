/* SPDX-License-Identifier: MIT */
#include "host/fork.h"

#include "host/standard_files.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t timeval_us(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000u + (uint64_t)tv->tv_usec;
}

/* When a test's time is up, SIGTERM is sent to the whole process group, and meant for the child.
 * The host blocks it while the child runs: if it died first, the child would be killed before it
 * could react. When the child has ended, the host unblocks the signal and dies of it. */
static void term_block(sigset_t *before)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, before);
}

static void child_main(const struct fork_call *call, pid_t host, _Atomic uint32_t *finished)
{
	/* A fork clears this, so it is asked for again. If the host died in between, the parent is
	 * another process by now. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != host)
		_exit(1);
	call->run(call->data);
	stdio_flush();
	atomic_store(finished, 1);
	/* Without exit handlers: the host runs those of the suite, once, when it ends. */
	_exit(0);
}

static bool child_wait(pid_t child, int *status, struct rusage *ru)
{
	while (wait4(child, status, __WALL, ru) < 0)
		if (errno != EINTR)
			return false;
	return true;
}

bool fork_run(const struct fork_call *call, struct fork_end *end)
{
	/* Shared with the child, which sets it when its test has returned: a test that calls
	 * exit(0) does not. */
	static _Atomic uint32_t *finished;
	pid_t host = getpid(), child;
	struct rusage ru;
	sigset_t mask;
	bool ended;
	int status;

	if (!finished) {
		void *shared = mmap(NULL, sizeof(*finished), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (shared == MAP_FAILED)
			return false;
		finished = shared;
	}
	atomic_store(finished, 0);
	/* What stdout and stderr still hold would otherwise be written by the child as well. */
	stdio_flush();
	term_block(&mask);
	child = fork();
	if (child == 0) {
		pthread_sigmask(SIG_SETMASK, &mask, NULL);
		child_main(call, host, finished);
	}
	ended = child > 0 && child_wait(child, &status, &ru);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (!ended)
		return false;
	*end = (struct fork_end){
		.finished = atomic_load(finished), .status = status,
		.user_us = timeval_us(&ru.ru_utime), .sys_us = timeval_us(&ru.ru_stime),
		.max_rss_kb = (uint64_t)ru.ru_maxrss,
	};
	return true;
}
