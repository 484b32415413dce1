/* SPDX-License-Identifier: MIT */
/*
 * Judging a hand-out: from the page of a host that is done or over to outcomes of its tests, and
 * what is to be done with the rest of the task and with the host. Worker's thread.
 */
#ifndef RUN_JUDGE_H
#define RUN_JUDGE_H

#include "hosts/host.h"
#include "run/mailbox.h"
#include "run/symbolizer.h"

struct judgement {
	unsigned nrest;		/* tests at the end of the task that must be handed out again */
	unsigned again, nagain;	/* and others before them, whose records were lost */
	bool never_began;	/* the host failed before the first of them: counts as an opening */
	bool retire;		/* the host must be replaced */
	bool condemn;		/* its page was overwritten: kill it, wait, and judge again */
	char *broken;		/* heap: why the suite cannot be opened at all; NULL: it can */
};

/* Judges `task`; outcomes are added to `post`. `over`: the host has died. */
struct judgement judge_task(struct host *host, const struct task *task, bool over,
			    struct symbolizers *symbolizers, struct post *post);

/* Judges the end of a host that was told to end and is over: adds one outcome if it was no good. */
void judge_exit(struct host *host, struct symbolizers *symbolizers, struct post *post);

/* Adds the outcome `error` for each test of the task. */
void judge_all_errors(const struct task *task, uint32_t serial, const char *message,
		      struct post *post);
/* What ran was not what the names say: each test in the post that was not cancelled is `error`. */
void judge_distrust(struct post *post, const char *message);

#endif
