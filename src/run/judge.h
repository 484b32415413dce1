/* SPDX-License-Identifier: MIT */
/*
 * Judging: what a host tells of a task (hosts/evidence.h) becomes outcomes of its tests. What is to be
 * done with the rest of the task and with the host is only told; the worker does it. Worker's thread.
 */
#ifndef RUN_JUDGE_H
#define RUN_JUDGE_H

#include "hosts/host.h"
#include "run/mailbox.h"
#include "run/symbolizer.h"

struct judgement {
	/* Tests of the task that have no outcome and must run in another host: the last `nrest`, and
	 * `nlost` from number `first_lost` on, which ran, but their records were overwritten. */
	unsigned nrest;
	unsigned first_lost, nlost;
	/* Outcomes that are `again` are none: those tests must run in a host of their own. */
	bool never_began;	/* none of the task's tests began: it has cost one of two hosts */
	bool retire;		/* the host must not get another task */
	bool condemn;		/* what it tells cannot be believed: kill it, wait, and judge again */
	char *broken;		/* heap: why no test of the suite can run at all; NULL: they can */
};

/* Judges `task`; outcomes are added to `post`, and one of its host's exit where that has to be told apart. Those that
 * are `settled` were told before (host_ops.settled). `over`: the host has died. `symbolizers` NULL: nobody asks for
 * backtraces. */
struct judgement judge_task(struct host *host, const struct task *task, bool over,
			    struct symbolizers *symbolizers, struct post *post);

/* Judges the end of a host that was told to end and is over: adds one outcome if it was no good. */
void judge_exit(struct host *host, struct symbolizers *symbolizers, struct post *post);

/* Adds the outcome `error` for each test of the task. */
void judge_all_errors(const struct task *task, uint32_t serial, const char *message,
		      struct post *post);
/* Adds the outcomes of tests for which no process is started: a skip, or an error where there is no such test. */
void judge_unrun(const struct proctor_plan *plan, const struct task *task, struct post *post);
/* What ran was not what the names say: each test in the post that was not cancelled is `error`. */
void judge_distrust(struct post *post, const char *message);

#endif
