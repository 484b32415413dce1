/* SPDX-License-Identifier: MIT */
/*
 * Signals to proctor, where the run owns the process: people's interrupts, questions what runs,
 * stops from a terminal, and what tests send by mistake. All come through one signalfd. Here it is
 * found out who has sent a signal and what is to be done; the supervisor does it. Supervisor's thread.
 */
#ifndef RUN_INTERRUPTS_H
#define RUN_INTERRUPTS_H

#include "base/process.h"
#include "run/job.h"
#include "run/orphans.h"
#include "run/run.h"

/* Written by interrupts.c. */
struct interrupts {
	struct run *run;
	struct stream stream;		/* the signalfd; -1: the run does not own the process */
	sigset_t saved_mask;		/* as it was before the run, as are the next two */
	int saved_subreaper;
	struct job job;
	unsigned nobeyed;		/* that were to end the run; all in the first second are one */
	uint64_t first_us;		/* when the first of them came */
	uint64_t of_files;		/* bit N - 1: it was noted that signal N was of a file */
	struct early {			/* sent by a test whose host is not known yet */
		int host_pid, pid;
		uint64_t signals;	/* bit N - 1: signal N */
	} early[PROCTOR_THREADS_MAX];
	unsigned nearly;
};

/* A signal that was taken. */
struct interrupt {
	int signo;
	int pid;			/* of its sender; 0: the kernel, or one that cannot be seen */
	bool gone;			/* the sender had ended before it could be looked at */
	struct process_stat stat;	/* else what it was */
};

/* What a signal asks for. */
enum request {
	REQUEST_NOTHING,	/* it is not obeyed, and noted */
	REQUEST_SHOW,		/* say what runs */
	REQUEST_SUSPEND,	/* stand still, with all tests, until the process is continued */
	REQUEST_STOP,		/* end the run: running tests have their grace time */
	REQUEST_KILL,		/* end it at once: they have not */
};

/* Blocks the signals, becomes a subreaper and opens the signalfd; the caller sets the stream's
 * callback. -EBUSY: another thread has SIGCHLD unblocked. Before any other thread of the run exists. */
int interrupts_open(struct interrupts *in, struct run *run, struct proctor_error *err);
/* Puts mask, subreaper and terminal back; a second call does nothing. Signals that are still pending
 * were meant for the run, and are dropped. Its stream is stopped. */
void interrupts_close(struct interrupts *in);
/* Puts SIGPIPE back, after the last event was written. */
void interrupts_restore_pipe(const struct interrupts *in);

/*
 * Takes the next signal, and looks at its sender at once: it may be gone a moment later. False: there
 * is none. `orphan_ended` is set if a SIGCHLD was among those taken: a child of this thread has ended.
 */
bool interrupts_next(struct interrupts *in, struct interrupt *i, bool *orphan_ended);
/*
 * Finds out whether it is to be obeyed. `hosts` are all that have been started, so that a test which
 * has sent it is found. `*doubt`: why it may have been of a test, for the reason of the run's end;
 * NULL: it was not.
 */
enum request interrupts_judge(struct interrupts *in, struct interrupt *i, struct watch *hosts,
			      const struct orphans *orphans, const char **doubt);

/* A host has become known: it may have sent a signal before. */
void interrupts_met(struct interrupts *in, struct watch *host);
/* At the end of the run: notes what was sent by a child of a worker that ran no test. */
void interrupts_note_early(struct interrupts *in);

/* A descriptor that is readable once a signal waits that is to end the run; the caller closes it.
 * -1: none, as the run does not own the process. */
int interrupts_cancel_fd(const struct interrupts *in);

#endif
