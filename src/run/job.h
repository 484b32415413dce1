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
/* Sets the terminal's modes back: a test that has inherited stdout may have changed them, or
 * another process in proctor's session. The caller has SIGTTOU blocked. */
void job_close(const struct job *job);

/* Would a stop signal stop this process? The kernel drops such a signal if there is no shell that
 * could continue the process: then the rest of proctor has to ignore it as well. */
bool job_can_stop(void);
/* Stops this process as `signo` does, and returns when it is continued. The caller has the signal
 * blocked; its action is the default. */
void job_stop(int signo);

#endif
