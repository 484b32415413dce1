/* SPDX-License-Identifier: MIT */
/* What each signal to proctor is for, where the run owns the process. */
#ifndef RUN_OWN_SIGNALS_H
#define RUN_OWN_SIGNALS_H

enum signal_use {
	SIGNAL_NOT_TAKEN,	/* harmless, impossible to take, or the C library's */
	SIGNAL_CHILD,	/* an orphan may have ended */
	SIGNAL_SHOW,	/* says what runs */
	SIGNAL_STOP,	/* the run stands still until it is continued */
	SIGNAL_END,	/* ends a process by default: an interrupt of the run, with its reports */
};

enum signal_use signal_use(int signo);

#endif
