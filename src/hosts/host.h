/* SPDX-License-Identifier: MIT */
/*
 * A host: the child process in which tests run. `struct host` is what its worker knows of it: how it
 * was started, what it was handed, which suites are open in it. What the supervisor knows of it (its
 * state, streams and deadlines) is run/watch.h. Between the two stands `shared`, and nothing else.
 */
#ifndef HOSTS_HOST_H
#define HOSTS_HOST_H

#include "base/error.h"
#include "base/spawn.h"
#include "hosts/child_environment.h"
#include "hosts/page.h"
#include "hosts/progress.h"
#include "hosts/task.h"

#include <pthread.h>
#include <sys/resource.h>

struct coverage;
struct process;

/* What all starts of a run have in common. Constant while any host lives. */
struct launch {
	const struct proctor_plan *plan;
	const struct proctor_options *options;
	const struct inherited *inherited;
	const struct child_environment *environment;
	const char *host_path;
	struct coverage *coverage;	/* NULL: none is collected; has a lock of its own */
	bool closes_suites;		/* those that are closable */
	const _Atomic bool *stopping;	/* nothing more is to be started */
	/* Lets `us` pass; false as soon as nothing more is to be started. */
	bool (*linger)(void *data, uint64_t us);
	void *linger_data;
};

/* A process that was just started: its descriptors are the caller's from here on. */
struct started {
	struct spawned process;
	int out_fd, err_fd;		/* non-blocking; -1: it inherited stdout and stderr */
};

/* What a host is at. */
struct host_work {
	bool busy;		/* a task was handed out, or it was told to end */
	bool ending;
	struct task task;
	uint32_t serial;	/* of the task's first test */
	uint64_t handed_us;
};

enum host_stop {		/* why the supervisor stopped it */
	STOP_NOT,
	STOP_TIMEOUT,
	STOP_CANCELLED,		/* the run ends early */
	STOP_CONDEMNED,		/* its page was overwritten */
};

/* How it came to its end. */
struct host_end {
	/* Under the lock. From a stop on, the worker waits until it is over. */
	enum host_stop stop;
	uint32_t stop_serial;	/* the test that was overdue; 0: none was running */
	bool stop_exit;		/* its exit was, or seemed to hang */
	uint32_t stop_turn;	/* and whose turn it was then, as exit_suite_turn() has it */
	/* The supervisor's until it is over, the worker's to read after. */
	int status;		/* as wait(2) gives it; 0 if undead or stolen */
	bool stolen;		/* somebody else reaped it first */
	char *undead;		/* why it could not be killed; NULL: it is dead */
	struct rusage rusage;
	uint64_t died_us;
	uint32_t marked_serial;	/* of the last marker in its output; 0: none */
	char *left;		/* what it left behind, a line each; the worker takes it */
};

/* What passes between its worker and the supervisor. */
struct host_shared {
	pthread_mutex_t lock;
	struct host_work work;		/* under lock: written by the worker, read by the supervisor */
	struct host_end end;		/* written by the supervisor, read by the worker */
	_Atomic bool over;		/* released by the supervisor, acquired by the worker */
	_Atomic uint32_t own_done;	/* woken at the end of a host without a page */
};

#define HOST_SUITES_MAX 250	/* that one host opens */

struct host {
	/* Constant from its start on. */
	const struct launch *launch;
	unsigned worker;		/* PROCTOR_WORKER of its descendants */
	uint64_t number;		/* and PROCTOR_HOST */
	const struct test_settings *settings;	/* its first test's: those that share it agree */
	struct page_map map;		/* map.page NULL: an executable */
	bool alone;			/* it gets one task: its worker waits for its end */
	bool captured;			/* false: it inherited stdout and stderr */
	struct process *counts;		/* what it is to leave of coverage; NULL: nothing */
	/* The worker's alone. Others may read the suites once it was told to end. */
	struct suite *suites[HOST_SUITES_MAX];	/* open in it */
	size_t nsuites;
	unsigned nopened;		/* those that were closed, too */
	uint32_t next_serial;
	uint32_t done_seen;		/* the page's `done` when the task was handed out */
	bool given_up;			/* its start was tried again until the run ended */
	struct host_shared shared;
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

/*
 * Starts proctor-host for a library suite, or the executable of an executable suite, for `task`.
 * Worker's thread. On failure there is no process. What may pass is waited for (spawn_pause_us);
 * -ECANCELED: the run ended meanwhile.
 */
int host_start(const struct launch *launch, unsigned worker, uint64_t number,
	       const struct task *task, struct host **host, struct started *started,
	       struct proctor_error *err);
/* It is over: what it left of coverage is its collector's. Worker's thread. */
void host_leave_counts(struct host *host);
/* After it is over. */
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

/* Supervisor's: the key of the markers in its output; NULL: it writes none. */
const uint8_t *host_marker_key(const struct host *host);
/* Supervisor's, once: `shared.end` is complete, and its worker may go on. */
void host_say_over(struct host *host);

#endif
