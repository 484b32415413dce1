/* SPDX-License-Identifier: MIT */
/*
 * The one thread through which all events leave the run. Fed by a queue that never blocks its
 * feeder, the supervisor: when it holds too much, writer_full() says so and no new task is handed
 * out, while deaths, deadlines and signals go on.
 */
#ifndef RUN_WRITER_H
#define RUN_WRITER_H

#include "base/error.h"

#include <pthread.h>

#define WRITER_FULL_BYTES (8u * 1024 * 1024)

/* An event on its way. Strings named `heap_` and the captured bytes are freed after delivery. */
struct writer_entry {
	struct writer_entry *next;
	struct proctor_event event;
	struct proctor_result result;	/* event.result points here where it is set */
	struct proctor_exit_output *heap_exit_outputs;	/* and their bytes */
	char *heap_text, *heap_message, *heap_backtrace, *heap_left, *heap_temp_dir, *heap_out, *heap_err;
	size_t nbytes;			/* what it holds, for the bound */
};

struct writer {
	proctor_callback *callback;	/* constant */
	void *data;
	int wake_fd;			/* constant: an eventfd posted when there is room again,
					 * or when the callback asks for the end */
	/* The supervisor's. */
	struct writer_entry *batch, **batch_tail;
	size_t batch_bytes;
	struct writer_entry *spare;	/* to be used again */
	bool lost;			/* no memory for an event, or for a part of one */
	/* Under lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct writer_entry *head, **tail;
	bool closing;
	int failed;			/* what the callback returned first that was not 0 */
	/* Of all that is not delivered yet. `was_full` is set under the lock, with the entries that made it so. */
	_Atomic size_t nbytes;
	_Atomic bool was_full;
	struct writer_entry *_Atomic delivered;	/* given back by the thread, empty, for `spare` */
	pthread_t thread;
};

/* Starts the thread. `wake_fd` stays the caller's. */
int writer_open(struct writer *w, proctor_callback *callback, void *data, int wake_fd,
		struct proctor_error *err);
/* Delivers what is queued, then ends the thread. Blocks for as long as the callback does. Returns
 * what writer_failed() would. */
int writer_close(struct writer *w);

/* A zeroed entry; NULL: no memory. */
struct writer_entry *writer_entry_new(enum proctor_event_kind kind, uint64_t time_us);
void writer_entry_free(struct writer_entry *e);
/* The same of an event about a test, with its `result` in place. Without memory `lost` is set. */
struct writer_entry *writer_test_entry(struct writer *w, enum proctor_event_kind kind,
				       uint64_t time_us, const struct proctor_test *test);
/* Adds to the batch, which is handed to the thread where it has become large; takes the entry over. Supervisor's
 * thread. */
void writer_add(struct writer *w, struct writer_entry *e);
/* Adds a sentence for people, a PROCTOR_NOTE. Without memory `lost` is set. Supervisor's thread. */
void writer_note(struct writer *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Hands the batch to the thread. Once a turn, so that the thread is not woken for each event. */
void writer_flush(struct writer *w);

bool writer_full(const struct writer *w);
/* 0, or the negative errno with which the callback asked for the end of the run. */
int writer_failed(struct writer *w);

#endif
