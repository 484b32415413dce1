/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor knows of a host: its process and state, its output, its deadlines, what was
 * told of it. Made by the worker, which fills in the first group and gives it away with
 * POST_STARTED; from then on it is the supervisor's.
 */
#ifndef RUN_WATCH_H
#define RUN_WATCH_H

#include "base/vector.h"
#include "hosts/capture.h"
#include "hosts/host.h"
#include "hosts/host_state.h"
#include "loop/loop.h"
#include "run/mailbox.h"

struct run;
struct supervisor;

/* Of a program that ends so soon SIGCHLD tells, and its pipes hold what it has written: the loop need not
 * know of it. A test that floods waits so long for its first reader. */
#define WATCH_LATE_US 5000u

/* Signals that one test, or the host's exit, has sent to proctor. */
struct sent {
	uint32_t serial;	/* of the test; MARKER_LAST: of the exit */
	uint64_t signals;	/* bit N - 1: signal N */
};

struct watch {
	/* The worker's before POST_STARTED, constant after; the posts are the worker's to send. */
	struct run *run;
	struct host *host;		/* the worker's until POST_RELEASED */
	struct post started, kill, released;
	unsigned worker;
	int core;			/* -1: the worker is not pinned */
	uint64_t number;		/* as host->number, and so on */
	bool alone, captured;
	bool confirms;			/* nothing is told of its tests, nor of what they write and leave */
	uint64_t watch_us;		/* watched only if it is not over by then; 0: at once */
	struct process_counts *counts;
	/* The supervisor's alone. */
	struct supervisor *supervisor;	/* for its callbacks */
	const struct loop_ops *ops;	/* of the loop that its streams are in */
	struct loop *lp;
	struct watch *next;
	pid_t pid, group;		/* as struct spawned has them; 0: reaped, or given up */
	int pidfd;
	enum host_state state;
	bool watched;			/* its streams were started; never, if it was over before */
	struct stream out, err;		/* fd -1 if not captured */
	struct stream channel;		/* fd 0 if it has none */
	struct stream death;
	struct cutter out_cut, err_cut;
	struct waiting *waiting, **waiting_tail;	/* results whose output is not complete */
	uint32_t told_serial;		/* test-start was told up to this one */
	uint32_t slow_serial;		/* test-slow was told of this one */
	bool slow_exit;			/* that its exit takes long was noted */
	uint64_t act_us;		/* when the next step against it is due, pauses not counted */
	uint64_t act_from_us;		/* since when that is waited for: pauses after it count */
	VECTOR(struct sent) sent;	/* what its tests sent to proctor, as watch_sent() finds it */
	int kill_errnum;		/* what kill(2) said of SIGKILL */
	bool has_news;			/* output came that was not looked at yet ... */
	size_t news_bytes;		/* ... so much of it */
};

/* What this test sent; MARKER_LAST: what was sent at the host's exit. NULL: nothing. */
struct sent *watch_sent(struct watch *h, uint32_t serial);
/* The same, made if need be. NULL: no memory. */
struct sent *watch_add_sent(struct watch *h, uint32_t serial);

/* Worker's: an empty one, before its host is started, so that telling cannot fail. NULL: no memory. */
struct watch *watch_new(struct run *run, unsigned worker, int core);
/* Worker's: the host was started. */
void watch_started(struct watch *h, struct host *host, const struct started *started);
/* Supervisor's: the next step against it is due `us` from now. */
static inline void watch_wait(struct watch *h, uint64_t now_us, uint64_t us)
{
	h->act_from_us = now_us;
	h->act_us = now_us + us;
}

/* Supervisor's: takes it out of a list, if it is in there. */
void watch_remove(struct watch **list, struct watch *h);
/* Closes what it has; the host is not touched. */
void watch_free(struct watch *h);

#endif
