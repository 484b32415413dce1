/* SPDX-License-Identifier: MIT */
#include "cli/listing_signals.h"

#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/container.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* A handler is given the signal's number alone. */
static volatile sig_atomic_t came;
static int wake_fd;

static void on_signal(int signo)
{
	const uint64_t one = 1;

	came = signo;
	(void)!write(wake_fd, &one, sizeof(one));
}

int listing_await(struct proctor_plan *plan)
{
	/* The next one finds what is usual. */
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction before[ARRAY_SIZE(signals)];

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return 0;
	proctor_plan_set_cancel(plan, wake_fd);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], NULL, &before[i]);
		/* What was ignored when proctor was started, as under nohup, stays so. */
		if (before[i].sa_handler == SIG_DFL)
			sigaction(signals[i], &act, NULL);
	}
	proctor_plan_ntests(plan);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	proctor_plan_set_cancel(plan, -1);
	close(wake_fd);
	return came;
}
