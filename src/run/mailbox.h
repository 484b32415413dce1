/* SPDX-License-Identifier: MIT */
/*
 * What workers tell the supervisor, in order. Posts are made before the run starts or live in what
 * they tell of, so that telling cannot fail.
 */
#ifndef RUN_MAILBOX_H
#define RUN_MAILBOX_H

#include "run/queue.h"

#include <sys/resource.h>

struct suspect;
struct watch;

enum post_kind {
	POST_STARTED,		/* the host of `watch` is alive */
	POST_RESULTS,		/* outcomes of tests of its host (NULL: of no host) */
	POST_KILL,		/* the host cannot be trusted any more: kill it */
	POST_RELEASED,		/* the worker is through with the host: free both */
	POST_CONFIRMED,		/* something was found out about `suspect` */
	POST_WORKER_ENDED,	/* the worker's last */
};

/* The end of a host rather than of a test, judged like one. */
#define ITEM_EXIT UINT32_MAX

/* One attempt at one test, judged; the output is added by the supervisor. */
struct outcome {
	item_t item;			/* or ITEM_EXIT, of `suite` */
	const struct suite *suite;
	uint32_t serial;		/* of the marker that ends its output */
	bool crash_recorded;		/* the crash record is of its end: a backtrace can be made */
	bool open_output;		/* it died: what follows the last marker is its own */
	struct proctor_result result;	/* strings and output are not set */
	char *message, *backtrace, *left, *temp_dir;	/* heap; NULL: none */
	bool lost;			/* no memory for the message, or what the test left */
	bool again;			/* no outcome: it has to run alone */
	bool settled;			/* it was told before: here it is for what is learned from all of them */
	bool by_exit;			/* its test passed, and the exit of its process says that something failed */
	struct suspect *suspect;	/* to be looked into at the end of the run; NULL: it is not */
};

/* Frees its texts, which nobody took. */
void outcome_fini(struct outcome *o);

struct post {
	struct post *next;
	enum post_kind kind;
	unsigned worker;
	struct watch *watch;
	struct suspect *suspect;
	unsigned noutcomes;
	struct outcome *outcomes;	/* of POST_RESULTS: room for `cap_outcomes`, TASK_TESTS_MAX + 1 at least */
	unsigned cap_outcomes;
};

/* A worker with small tests goes on while the supervisor naps. */
#define POSTS_PER_WORKER 16

struct mailbox {
	int wake_fd;			/* eventfd, posted when the box was empty */
	bool quiet;			/* there is post of which the supervisor was not told */
	pthread_mutex_t lock;
	pthread_cond_t returned;
	struct post *head, **tail;
	struct post *unused[PROCTOR_THREADS_MAX];	/* result posts, by worker */
	struct post *all[PROCTOR_THREADS_MAX * POSTS_PER_WORKER];
	unsigned nall;
};

int mailbox_open(struct mailbox *m, unsigned nworkers, struct proctor_error *err);
void mailbox_close(struct mailbox *m);

/* Worker's: an empty result post; waits while all of this worker's are on their way. */
struct post *mailbox_results(struct mailbox *m, unsigned worker);
/* Makes room for so many outcomes in a result post; false: there is no memory for it. */
bool post_reserve(struct post *post, unsigned noutcomes);
void mailbox_post(struct mailbox *m, struct post *post);
/*
 * The same without waking the supervisor, which costs a switch of processes: for a worker that will
 * post again at once, or call mailbox_wake() before it waits for anything.
 */
void mailbox_post_quietly(struct mailbox *m, struct post *post);
void mailbox_wake(struct mailbox *m);

/* Supervisor's: all that was posted, oldest first; NULL: nothing. */
struct post *mailbox_take(struct mailbox *m);
/* Gives a result post back to its worker. */
void mailbox_return(struct mailbox *m, struct post *post);

#endif
