/* SPDX-License-Identifier: MIT */
#include "run/own_signals.h"

#include <signal.h>

enum signal_use signal_use(int signo)
{
	switch (signo) {
	case SIGKILL: case SIGSTOP:
	/* By default they do no harm. */
	case SIGCONT: case SIGURG: case SIGWINCH:
	/* A reader that went away, or a file that may not grow, is told by the write that fails. */
	case SIGPIPE: case SIGXFSZ:
		return SIGNAL_NOT_TAKEN;
	case SIGCHLD:
		return SIGNAL_CHILD;
	case SIGUSR1:
		return SIGNAL_SHOW;
	case SIGTSTP: case SIGTTIN: case SIGTTOU:
		return SIGNAL_STOP;
	default:
		/* Between the two kinds stand those of the C library. */
		return signo < 1 || (signo > 31 && signo < SIGRTMIN) || signo > SIGRTMAX ?
		       SIGNAL_NOT_TAKEN : SIGNAL_END;
	}
}
