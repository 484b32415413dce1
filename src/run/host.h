/* SPDX-License-Identifier: MIT */
/*
 * A host: the child process in which tests run, from its start to its last byte. The worker starts
 * it, feeds it and judges; the supervisor watches it, stops it and reaps it. Which thread may touch
 * what stands over each group of fields.
 */
#ifndef RUN_HOST_H
#define RUN_HOST_H

#include "hosts/capture.h"
#include "hosts/page.h"
#include "hosts/progress.h"
#include "loop/loop.h"
#include "run/mailbox.h"

struct process;
struct run;

enum host_state {
	HOST_RUNNING,
	HOST_STOPPING,		/* was sent SIGTERM, has its grace time */
	HOST_KILLED,		/* was sent SIGKILL */
	HOST_UNDEAD,		/* does not die of it: given up, its worker waits no longer */
	HOST_DRAINING,		/* died; what it left may still write, for the leak time */
	HOST_OVER,
};

enum host_event {
	HOST_OVERDUE,		/* a deadline, the grace or the leak time has passed, or it is to stop */
	HOST_CONDEMNED,		/* it is to die at once */
	HOST_DIED,
	HOST_ENDED,		/* its output is complete, and nothing of it lives */
};

/* The next state; effects belong to entering it. */
enum host_state host_next(enum host_state state, enum host_event event);

enum host_stop {		/* why the supervisor stopped it */
	STOP_NOT,
	STOP_TIMEOUT,
	STOP_CANCELLED,		/* the run ends early */
	STOP_CONDEMNED,		/* its page was overwritten */
};

/* What a host is at, as its worker knows it. */
struct host_work {
	bool busy;		/* a task was handed out, or it was told to end */
	bool ending;
	struct task task;
	uint32_t serial;	/* of the task's first test */
	uint64_t handed_us;
};

#define HOST_SUITES_MAX 250	/* that one host opens */

struct host {
	/* The worker's before POST_STARTED, constant after. */
	struct run *run;
	unsigned worker;
	int core;			/* -1: the worker is not pinned */
	uint64_t number;		/* PROCTOR_HOST of its descendants */
	pid_t pid, group;		/* as struct spawned has them */
	int pidfd;
	struct page_map map;		/* map.page NULL: an executable */
	bool alone;			/* it gets one task: its worker waits for its end */
	bool captured;			/* false: it inherited stdout and stderr */
	struct stream out, err;		/* fd -1 if not captured */
	struct post started, kill, released;
	struct process *counts;		/* what it is to leave of coverage; NULL: nothing */
	/* The worker's alone. */
	struct suite *suites[HOST_SUITES_MAX];	/* open in it */
	size_t nsuites;
	unsigned nopened;		/* those that were closed, too */
	uint32_t next_serial;
	uint32_t done_seen;		/* the page's `done` when the task was handed out */
	bool given_up;			/* its start was tried again until the run ended */
	/* Under lock: written by the worker, read by the supervisor. */
	pthread_mutex_t lock;
	struct host_work work;
	/* Under lock: written by the supervisor. From a stop on, the worker waits for the end. */
	enum host_stop stop;
	uint32_t stop_serial;		/* the test that was overdue; 0: none was running */
	bool stop_exit;			/* its exit was, or seemed to hang */
	uint32_t stop_turn;		/* and whose turn it was then, as the page has it */
	/* The supervisor's until `over`, the worker's to read after. */
	int status;			/* as wait(2) gives it; 0 if undead or stolen */
	bool stolen;			/* somebody else reaped it first */
	char *undead;			/* why it could not be killed; NULL: it is dead */
	struct rusage rusage;
	uint64_t died_us;
	char *left;			/* what it left behind, a line each; the worker takes it */
	_Atomic bool over;		/* released by the supervisor, acquired by the worker */
	_Atomic uint32_t own_done;	/* woken at the end of a host without a page */
	/* The supervisor's alone. */
	struct host *next;
	enum host_state state;
	struct stream death;
	struct cutter out_cut, err_cut;
	struct waiting *waiting, **waiting_tail;	/* results whose output is not complete */
	uint32_t told_serial;		/* test-start was told up to this one */
	uint32_t slow_serial;		/* test-slow was told of this one */
	bool slow_exit;			/* that its exit takes long was noted */
	uint64_t act_us;		/* when the next step against it is due */
	struct sent {			/* what tests sent to proctor, as host_sent() finds it */
		uint32_t serial;	/* 0: none */
		uint64_t signals;	/* bit N - 1: signal N */
	} sent[TASK_TESTS_MAX + 1];
	int kill_errnum;		/* what kill(2) said of SIGKILL */
};

/* For progress_read(); `work` as it was under the lock. */
static inline struct hand_out host_hand_out_of(const struct host *h, const struct host_work *work)
{
	return (struct hand_out){ .page = h->map.page, .ntests = work->task.ntests,
				  .ending = work->ending, .handed_us = work->handed_us };
}

/* Is the test whose end has this serial one of the task? */
static inline bool host_work_has(const struct host_work *work, uint32_t serial)
{
	return serial >= work->serial && serial - work->serial < work->task.ntests;
}

/* Where what this test sent is kept; MARKER_LAST: what was sent at the host's exit. */
static inline struct sent *host_sent(struct host *h, uint32_t serial)
{
	return &h->sent[serial == MARKER_LAST ? TASK_TESTS_MAX : serial % TASK_TESTS_MAX];
}

/*
 * Starts proctor-host for a library suite, or the executable of an executable suite, for `task`.
 * Worker's thread. On success the host is alive but not posted; on failure there is none. What may
 * pass is waited for (spawn_pause_us); -ECANCELED: the run ended meanwhile.
 */
int host_start(struct run *run, unsigned worker, int core, const struct task *task,
	       struct host **host, struct proctor_error *err);
/* It is over: what it left of coverage is its collector's. Worker's thread. */
void host_leave_counts(struct host *host);
/* After it is over, or before it was posted and after its process was reaped. */
void host_free(struct host *host);

/* Will it close the suite before it opens another? */
bool host_closes(const struct host *host, const struct suite *suite);
/* Hands a task to a host with a page. -ENOSPC: its names do not fit; -ECANCELED: the run is being
 * stopped, and nothing was begun. */
int host_hand_out(struct host *host, const struct task *task, struct proctor_error *err);
/* Tells a host with a page to exit. */
void host_tell_end(struct host *host);
/* Waits until the hand-out is done or the host is over; true if it is over. */
bool host_wait(struct host *host);
/* Waits until the host is over. */
void host_wait_over(struct host *host);

#endif
