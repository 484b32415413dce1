/* SPDX-License-Identifier: MIT */
/*
 * The shared queue: everything that is still to be run, handed out as tasks. Workers pop; the
 * supervisor pauses, closes and ends it. All functions may be called by any thread.
 *
 * Work is kept in lanes, one for each suite, as ranges of items; a task is cut off a lane when it
 * is asked for, so that its size fits what remains. A worker stays in the lane of the suite it has
 * open, then takes a lane that nobody works in, and only then helps another worker with its lane:
 * a suite is opened in as few hosts as possible.
 *
 * A program that runs many tests is started anew for each task, which costs as much as a thousand small tests. How
 * long its tests are is learned from its first task: meanwhile nobody else starts one, for a moment.
 */
#ifndef RUN_QUEUE_H
#define RUN_QUEUE_H

#include "hosts/task.h"

#include <pthread.h>

struct range {
	struct range *next;
	item_t first, end;
	unsigned attempt, nopens;
	bool own_host;
};

struct lane {
	struct suite *suite;	/* constant */
	struct range *head;
	uint64_t cost_us;	/* of what is in it */
	unsigned nworkers;	/* that popped from it last */
	struct program_times times;	/* as measured, in earlier runs at first */
	bool measured;			/* in this run, too */
	uint64_t probe_until_us;	/* its first task is being measured: others wait so long; 0: no */
	size_t prev, next;	/* of the lanes that have ranges; index, or the number of lanes */
};

struct queue {
	const struct proctor_plan *plan;	/* constant from here ... */
	unsigned nworkers;
	uint64_t unknown_us;			/* cost of a test nothing is known of; ... to here */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_cond_t over;			/* `ended` was set */
	struct lane *lanes;
	size_t nlanes, first_lane;
	size_t at_lane[PROCTOR_THREADS_MAX];	/* whose lane a worker is in; nlanes: none */
	uint64_t cost_us;			/* of all that is queued */
	bool paused;				/* nothing is handed out: the writer is full */
	bool ended;				/* nothing more will come: workers go home */
};

/* Queues every test of the plan, whose settings are resolved, `repeat` times. -ENOMEM. */
int queue_init(struct queue *q, const struct proctor_plan *plan, unsigned nworkers, unsigned repeat,
	       struct proctor_error *err);
void queue_fini(struct queue *q);

/*
 * Waits for a task for `worker`. `open` are the `nopen` suites its host has open, which a new lane
 * should be compatible with; none if it has no host. Returns false when the queue has ended.
 */
bool queue_pop(struct queue *q, unsigned worker, struct suite *const *open, size_t nopen,
	       struct task *task);
/* The same, but false too where it would have to wait. */
bool queue_try_pop(struct queue *q, unsigned worker, struct suite *const *open, size_t nopen,
		   struct task *task);

/* How long a process took: until its first test began, and for the `ntests` that it ran. */
struct queue_measure {
	uint64_t start_us, tests_us;
	unsigned ntests;		/* 0: it ran none */
};

/* What was learned from a task's process; whoever waits for that goes on. */
void queue_measured(struct queue *q, const struct task *task, const struct queue_measure *m);

/*
 * Puts `ntests` tests of a task, from its `skip`-th on, back at the head of the queue. -ENOMEM: they
 * are not in the queue then.
 */
int queue_push_head(struct queue *q, const struct task *task, unsigned skip, unsigned ntests);
/* Queues another attempt at one item, at the end of its suite's lane, in a host of its own. */
int queue_push_retry(struct queue *q, const struct suite *suite, item_t item, unsigned attempt);

/* After the run: keeps what was learned for the next one. */
void queue_keep_times(const struct queue *q);

void queue_pause(struct queue *q, bool paused);
/* Ends the queue; what is still in it was never handed out. */
void queue_end(struct queue *q);
/* Lets `us` pass; false as soon as the queue has ended. */
bool queue_linger(struct queue *q, uint64_t us);
/* After the end: calls `each` for every item that is still queued, with its attempt. */
void queue_rest(struct queue *q, void (*each)(item_t item, unsigned attempt, void *data),
		void *data);

#endif
