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
#include "hosts/evidence.h"
#include "hosts/fork_client.h"
#include "hosts/start.h"
#include "hosts/task.h"
#include "hosts/temp_dirs.h"

#include <pthread.h>
#include <sys/resource.h>

struct coverage;
struct process_counts;

/* What all starts of a run have in common. Constant while any host lives. */
struct launch {
	const struct proctor_plan *plan;
	const struct proctor_options *options;
	const struct inherited *inherited;
	const struct child_environment *environment;
	const char *host_path;
	const char *inject_path;	/* of what is put into programs; NULL: nothing is */
	struct crash_pool *crash_pool;	/* these three have locks of their own */
	struct fork_refusals *fork_refusals;
	struct temp_dirs *temp_dirs;
	struct coverage *coverage;	/* NULL: none is collected; has a lock of its own */
	bool closes_suites;		/* hosts close suites that are closable */
	const _Atomic bool *stopping;	/* nothing more is to be started */
	/* Lets `us` pass; false as soon as nothing more is to be started. */
	bool (*linger)(void *data, uint64_t us);
	void *linger_data;
};

/* A process that was just started: its descriptors are the caller's from here on. */
struct started {
	struct spawned process;
	int channel_fd;			/* of what it tells of its tests, non-blocking; 0: it has none */
	int out_fd, err_fd;		/* non-blocking; -1: it inherited stdout and stderr */
};

/* What a host is doing. */
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

/* How a host came to its end. */
struct host_end {
	/* Under the lock. Once `stop` is set, the worker waits until the host is over. */
	enum host_stop stop;
	uint32_t stop_serial;	/* the test that was overdue; 0: none was running */
	bool stop_exit;		/* its exit was overdue, or seemed to hang */
	uint32_t stop_turn;	/* what exit_suite_turn() said at that moment */
	/* Written by the supervisor until the host is over, read by the worker afterwards. */
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
	/* A futex that changes when the host is over; for the kinds that have no other. */
	_Atomic uint32_t own_done;
};

#define HOST_SUITES_MAX 250	/* that one host opens in its life */

struct host {
	/* Constant from its start on. */
	const struct host_ops *ops;
	const struct launch *launch;
	unsigned worker;		/* PROCTOR_WORKER of its descendants */
	uint64_t number;		/* PROCTOR_HOST of its descendants */
	const struct test_settings *settings;	/* of its first test; all its tests have these */
	bool alone;			/* it gets one task: its worker waits for its end */
	bool captured;			/* false: it inherited stdout and stderr */
	struct process_counts *counts;	/* what it is to leave of coverage; NULL: nothing */
	struct crash_map crash;		/* of a program that something is put into; else closed */
	/* Its directories, until they are removed. */
	char *temp;			/* for its tests: TMPDIR names it */
	char *dir;			/* for its adapter's files; NULL: it needs none */
	/* The worker's alone. Others may read the suites once it was told to end. */
	struct suite *suites[HOST_SUITES_MAX];	/* open in it */
	size_t nsuites;
	unsigned nopened;		/* how many it has opened, also those that it has closed */
	uint32_t next_serial;
	bool given_up;			/* its start was tried again until the run ended */
	struct fork_server *server;	/* its worker's, for a program to be forked from */
	char *note;			/* to be told with its start (heap); NULL: nothing */
	struct host_shared shared;
};

/* Where a test's output ends within what was just read: a cut behind `at` bytes. */
struct output_cut {
	uint32_t serial;
	size_t at;
};

/* Where a host puts what it learns of its tests' output from elsewhere than their streams. */
struct output_sink {
	void (*write)(bool is_stderr, const char *bytes, size_t nbytes, void *data);
	/* What came so far, by whatever way, is of test `serial` and those before it. */
	void (*cut)(uint32_t serial, void *data);
	void *data;
};

/*
 * A kind of host, as a table of functions. Each kind has a struct of its own that begins with a
 * `struct host`. A function is called on the worker's thread where nothing else is said.
 */
struct host_ops {
	const char *name;
	size_t nbytes;			/* of the kind's own struct */
	/* The suite's file is what is executed; the process begins and ends with its one task. */
	bool is_task;
	/* The process says nothing that has to be read before its end. */
	bool silent;
	unsigned tests_max;		/* that one task of it may have */
	/* Completes the start of a process for `task`. What it opens is given back by close(), which is
	 * called after a failure, too. */
	int (*prepare)(struct host *h, const struct task *task, struct start *start,
		       struct proctor_error *err);
	/* The kernel has refused the start, as `err` says: adds why, if the kind knows. */
	void (*explain)(const struct task *task, struct proctor_error *err);
	int (*hand_out)(struct host *h, const struct task *task, struct proctor_error *err);
	void (*tell_end)(struct host *h);
	/* The futex that changes when the host has something to tell, and when it is over. */
	_Atomic uint32_t *(*word)(struct host *h);
	/* Does this value of the word say that the hand-out is done? A test may have written it
	 * there: so what is read after it is checked. */
	bool (*is_done)(const struct host *h, uint32_t word);
	/* Supervisor's or worker's, under the lock: how far it is with its task. */
	struct progress (*progress)(const struct host *h, const struct host_work *work, uint64_t now_us);
	/* Supervisor's: whose functions run at its exit: 1 + the number of the suite; 0: not known. */
	uint32_t (*exit_turn)(const struct host *h);
	/* Supervisor's: the key of the markers in its output; NULL: it writes none. */
	const uint8_t *(*marker_key)(const struct host *h);
	/* Supervisor's: when test `i` of the task began, which by `p`, just read, it has. */
	uint64_t (*start_us)(const struct host *h, const struct host_work *work,
			     const struct progress *p, unsigned i);
	/* Supervisor's: the host, which has no channel, wrote these bytes to stdout. Tells the `cuts` among them, in order, lent
	 * until the next call, and returns their number. */
	unsigned (*output)(struct host *h, const char *bytes, size_t nbytes,
			   const struct output_cut **cuts);
	/* Supervisor's: it wrote this to stderr. NULL: it is not read for anything. */
	void (*errors)(struct host *h, const char *bytes, size_t nbytes);
	/* Supervisor's: the host wrote these bytes to its channel. NULL: the kind has none. */
	void (*channel)(struct host *h, const char *bytes, size_t nbytes,
			const struct output_sink *sink);
	/*
	 * Supervisor's, while the process lives: fills in what was told of the next test of which nothing that is yet
	 * to come can change the verdict, and that was not asked for before; its number in the task. -1: there is none.
	 * `hurry`: what is kept for tests that have ended takes much memory. NULL: of this kind nothing is told so.
	 */
	int (*settled)(struct host *h, bool hurry, struct test_evidence *t);
	/* Supervisor's: the host is dead, its output complete and `shared.end` filled in. */
	void (*died)(struct host *h);
	/* Fills in `e`, which has room for the task's tests and nothing in it, with what the host tells of its
	 * task. Called when the hand-out is done, or the host is over. */
	void (*read)(struct host *h, const struct task *task, bool over, struct evidence *e);
	/* Fills in only what is recorded of its crash. */
	void (*read_crash)(const struct host *h, struct evidence *e);
	void (*close)(struct host *h);
};

/* proctor-host, with a page; a program that is one test; a program whose output tells of its tests. */
extern const struct host_ops page_host_ops, exe_host_ops, stream_host_ops;

/* The same for a kind whose progress knows it. */
static inline uint64_t host_progress_start_us(const struct host *h, const struct host_work *work,
					      const struct progress *p, unsigned i)
{
	(void)h, (void)work;
	return p->start_us[i];
}

/* The kind of host in which tests of this suite run. */
const struct host_ops *host_ops_of(const struct suite *suite);

/* Is the test with this serial one of the task's? */
static inline bool host_work_has(const struct host_work *work, uint32_t serial)
{
	return serial >= work->serial && serial - work->serial < work->task.ntests;
}

/*
 * Starts a process for `task`, from its worker's fork `server` if the program can be forked: that is started,
 * ended and put in another's place as need be. Worker's thread. On failure there is none. A failure that may pass
 * by itself is waited out (spawn_pause_us()); -ECANCELED: the run ended meanwhile.
 */
int host_start(const struct launch *launch, unsigned worker, uint64_t number,
	       struct fork_server *server, const struct task *task, struct host **host,
	       struct started *started, struct proctor_error *err);
/* When the host is over: hands what it has left of coverage to the collector. Worker's thread. */
void host_leave_counts(struct host *host);
/* The same where none of it counts. */
void host_drop_counts(struct host *host);
/* When the host is over, and all that it left was read: removes its directories. Worker's thread. */
void host_remove_dirs(struct host *host);
/* The directory of test `i` of its task, on the heap, if it will stay and the test has left something in it; else
 * NULL, as where there is no memory. Worker's or, while it works, supervisor's thread. */
char *host_kept_dir(const struct host *host, unsigned i);
/* When the host is over. */
void host_free(struct host *host);

/* Will the host close the suite before it opens another? */
bool host_closes(const struct host *host, const struct suite *suite);
/* Hands a task to a host. (A process that is its own task has had it since its start.) -ENOSPC: the
 * names do not fit; -ECANCELED: the run is being stopped, and nothing was begun. */
int host_hand_out(struct host *host, const struct task *task, struct proctor_error *err);
/* Tells an idle host to exit. */
void host_tell_end(struct host *host);
/* Waits until the hand-out is done or the host is over; true if it is over. */
bool host_wait(struct host *host);
/* Waits until the host is over. */
void host_wait_over(struct host *host);
/* The same, but for `us` at most; true if it is over. */
bool host_wait_briefly(struct host *host, uint64_t us);

/* Supervisor's, once: `shared.end` is complete, and its worker may go on. */
void host_say_over(struct host *host);

/* For the kinds: notes the tests that are handed out. If the process leaves no counts, the report
 * says that theirs are missing. */
int host_note_tests(struct host *host, const struct task *task, struct proctor_error *err);
/* For the kinds: notes, under the lock, that the host has this task from now on. False: the run is
 * being stopped, and the task is not to be begun. */
bool host_begin(struct host *host, const struct task *task);

#endif
