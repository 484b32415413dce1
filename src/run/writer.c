/* SPDX-License-Identifier: MIT */
#include "run/writer.h"

#include "base/clock.h"
#include "base/thread.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

/* More is not kept back for the next turn of the loop. */
#define BATCH_BYTES (128u * 1024)

struct writer_entry *writer_entry_new(enum proctor_event_kind kind, uint64_t time_us)
{
	struct writer_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->event.kind = kind;
	e->event.time_us = time_us;
	return e;
}

/* Frees what it holds. */
static void entry_empty(struct writer_entry *e)
{
	for (size_t i = 0; i < e->event.nexit_outputs; i++) {
		free((char *)e->heap_exit_outputs[i].out);
		free((char *)e->heap_exit_outputs[i].err);
	}
	free(e->heap_exit_outputs);
	free(e->heap_text);
	free(e->heap_message);
	free(e->heap_backtrace);
	free(e->heap_left);
	free(e->heap_temp_dir);
	free(e->heap_out);
	free(e->heap_err);
}

void writer_entry_free(struct writer_entry *e)
{
	if (!e)
		return;
	entry_empty(e);
	free(e);
}

static void entries_free(struct writer_entry *list)
{
	while (list) {
		struct writer_entry *e = list;

		list = e->next;
		free(e);
	}
}

/* One that was delivered: what one thread allocates and another one frees costs both more than an event does. */
static struct writer_entry *entry_again(struct writer *w)
{
	struct writer_entry *e;

	if (!w->spare)
		w->spare = atomic_exchange(&w->delivered, NULL);
	e = w->spare;
	if (e) {
		w->spare = e->next;
		memset(e, 0, sizeof(*e));
	}
	return e;
}

struct writer_entry *writer_test_entry(struct writer *w, enum proctor_event_kind kind,
				       uint64_t time_us, const struct proctor_test *test)
{
	struct writer_entry *e = entry_again(w);

	if (!e)
		e = writer_entry_new(kind, time_us);
	if (!e) {
		w->lost = true;
		return NULL;
	}
	e->event.kind = kind;
	e->event.time_us = time_us;
	e->event.test = test;
	e->event.result = &e->result;
	return e;
}

/* Delivers one entry without the lock. After a failure the callback still gets every event: it
 * may keep more than one record of the run, and only one of them broke. */
static void writer_deliver(struct writer *w, struct writer_entry *e, bool more)
{
	int ret;

	e->event.more = more;
	ret = w->callback(&e->event, w->data);
	if (ret == 0)
		return;
	pthread_mutex_lock(&w->lock);
	if (w->failed == 0)
		w->failed = ret;
	pthread_mutex_unlock(&w->lock);
	eventfd_write(w->wake_fd, 1);
}

/* Is there something behind `e`, the last of those that were taken? */
static bool writer_has_more(struct writer *w, const struct writer_entry *e)
{
	bool more = e->next != NULL;

	if (!more) {
		pthread_mutex_lock(&w->lock);
		more = w->head != NULL;
		pthread_mutex_unlock(&w->lock);
	}
	return more;
}

/* Half empty before work is handed out again: no flutter at the bound. */
static void writer_delivered(struct writer *w, size_t nbytes)
{
	size_t left = atomic_fetch_sub(&w->nbytes, nbytes) - nbytes;

	if (left < WRITER_FULL_BYTES / 2 && atomic_exchange(&w->was_full, false))
		eventfd_write(w->wake_fd, 1);
}

/* Gives them back; they are few enough to be kept. */
static void entries_return(struct writer *w, struct writer_entry *first, struct writer_entry *last)
{
	struct writer_entry *left;

	/* What is there was not taken yet. This thread alone puts something there. */
	left = atomic_exchange(&w->delivered, NULL);
	if (left)
		entries_free(first);
	else
		last->next = NULL;
	atomic_store(&w->delivered, left ? left : first);
}

/* Delivers all of the list. */
static void writer_deliver_all(struct writer *w, struct writer_entry *list)
{
	struct writer_entry *first = list, *last = list;

	for (struct writer_entry *e = list; e; e = e->next) {
		size_t nbytes = e->nbytes;

		writer_deliver(w, e, writer_has_more(w, e));
		entry_empty(e);
		writer_delivered(w, nbytes);
		last = e;
	}
	entries_return(w, first, last);
}

static void *writer_main(void *data)
{
	struct writer *w = data;

	pthread_mutex_lock(&w->lock);
	while (w->head || !w->closing) {
		struct writer_entry *list = w->head;

		if (!list) {
			pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		w->head = NULL;
		w->tail = &w->head;
		pthread_mutex_unlock(&w->lock);
		writer_deliver_all(w, list);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int writer_open(struct writer *w, proctor_callback *callback, void *data, int wake_fd,
		struct proctor_error *err)
{
	int ret;

	*w = (struct writer){ .callback = callback, .data = data, .wake_fd = wake_fd };
	w->tail = &w->head;
	w->batch_tail = &w->batch;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	ret = thread_start(&w->thread, THREAD_STACK_BYTES, writer_main, w);
	if (ret < 0) {
		pthread_cond_destroy(&w->changed);
		pthread_mutex_destroy(&w->lock);
		return error_sys(err, -ret, "cannot start the writer's thread (clone3)");
	}
	return 0;
}

int writer_close(struct writer *w)
{
	writer_flush(w);
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	entries_free(w->spare);
	entries_free(atomic_exchange(&w->delivered, NULL));
	return w->failed;
}

void writer_add(struct writer *w, struct writer_entry *e)
{
	e->nbytes += sizeof(*e);
	*w->batch_tail = e;
	w->batch_tail = &e->next;
	w->batch_bytes += e->nbytes;
	/* Many results may be told at once: the thread works on them meanwhile, and their memory is used again. */
	if (w->batch_bytes >= BATCH_BYTES)
		writer_flush(w);
}

void writer_note(struct writer *w, const char *fmt, ...)
{
	struct writer_entry *e = writer_entry_new(PROCTOR_NOTE, clock_us());
	va_list args;
	int n;

	if (!e) {
		w->lost = true;
		return;
	}
	va_start(args, fmt);
	n = vasprintf(&e->heap_text, fmt, args);
	va_end(args);
	if (n < 0) {
		e->heap_text = NULL;
		w->lost = true;
	}
	e->event.text = e->heap_text ? e->heap_text : "no memory for a note";
	writer_add(w, e);
}

void writer_flush(struct writer *w)
{
	if (!w->batch)
		return;
	pthread_mutex_lock(&w->lock);
	*w->tail = w->batch;
	w->tail = w->batch_tail;
	if (atomic_fetch_add(&w->nbytes, w->batch_bytes) + w->batch_bytes >= WRITER_FULL_BYTES)
		atomic_store(&w->was_full, true);
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	w->batch = NULL;
	w->batch_tail = &w->batch;
	w->batch_bytes = 0;
}

bool writer_full(const struct writer *w)
{
	return atomic_load(&w->was_full);
}

int writer_failed(struct writer *w)
{
	int failed;

	pthread_mutex_lock(&w->lock);
	failed = w->failed;
	pthread_mutex_unlock(&w->lock);
	return failed;
}
