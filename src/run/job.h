/* SPDX-License-Identifier: MIT */
/*
 * Proctor as a job of the shell that started it: it stops and goes on with its group, and leaves
 * the terminal as it found it. Supervisor's thread, only where the run owns the process.
 */
#ifndef RUN_JOB_H
#define RUN_JOB_H

#include <stdbool.h>
#include <termios.h>

struct job {
	bool terminal;		/* there is one, and it was this process's to use */
	struct termios modes;	/* as they were when the run began */
};

void job_open(struct job *job);
/* What a test has set with the help of an inherited stdout, or a child in proctor's own session, is
 * set back. SIGTTOU is blocked. */
void job_close(const struct job *job);

/* May a stop signal stop this process? Not where nobody is there who could continue it: then the
 * kernel drops it, as all of proctor has to. */
bool job_can_stop(void);
/* Stops as `signo` does; returns when it is continued. The signal is blocked, with its default. */
void job_stop(int signo);

#endif
