/* SPDX-License-Identifier: MIT */
#include "run/writer.h"

#include "base/clock.h"
#include "base/thread.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>

struct writer_entry *writer_entry_new(enum proctor_event_kind kind, uint64_t time_us)
{
	struct writer_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->event.kind = kind;
	e->event.time_us = time_us;
	return e;
}

void writer_entry_free(struct writer_entry *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->event.nexit_outputs; i++) {
		free((char *)e->heap_exit_outputs[i].out);
		free((char *)e->heap_exit_outputs[i].err);
	}
	free(e->heap_exit_outputs);
	free(e->heap_text);
	free(e->heap_message);
	free(e->heap_backtrace);
	free(e->heap_left);
	free(e->heap_out);
	free(e->heap_err);
	free(e);
}

struct writer_entry *writer_test_entry(struct writer *w, enum proctor_event_kind kind,
				       uint64_t time_us, const struct proctor_test *test)
{
	struct writer_entry *e = writer_entry_new(kind, time_us);

	if (!e) {
		w->lost = true;
		return NULL;
	}
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

static void *writer_main(void *data)
{
	struct writer *w = data;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct writer_entry *e = w->head;
		bool room;

		if (!e) {
			if (w->closing)
				break;
			pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		w->head = e->next;
		if (!w->head)
			w->tail = &w->head;
		bool more = w->head != NULL;
		pthread_mutex_unlock(&w->lock);
		writer_deliver(w, e, more);
		pthread_mutex_lock(&w->lock);
		w->nbytes -= e->nbytes;
		/* Half empty before work is handed out again: no flutter at the bound. */
		room = w->was_full && w->nbytes < WRITER_FULL_BYTES / 2;
		if (room)
			w->was_full = false;
		pthread_mutex_unlock(&w->lock);
		writer_entry_free(e);
		if (room)
			eventfd_write(w->wake_fd, 1);
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
	return w->failed;
}

void writer_add(struct writer *w, struct writer_entry *e)
{
	e->nbytes += sizeof(*e);
	*w->batch_tail = e;
	w->batch_tail = &e->next;
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
	size_t nbytes = 0;

	if (!w->batch)
		return;
	for (struct writer_entry *e = w->batch; e; e = e->next)
		nbytes += e->nbytes;
	pthread_mutex_lock(&w->lock);
	*w->tail = w->batch;
	w->tail = w->batch_tail;
	w->nbytes += nbytes;
	if (w->nbytes >= WRITER_FULL_BYTES)
		w->was_full = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	w->batch = NULL;
	w->batch_tail = &w->batch;
}

bool writer_full(struct writer *w)
{
	bool full;

	pthread_mutex_lock(&w->lock);
	full = w->was_full;
	pthread_mutex_unlock(&w->lock);
	return full;
}

int writer_failed(struct writer *w)
{
	int failed;

	pthread_mutex_lock(&w->lock);
	failed = w->failed;
	pthread_mutex_unlock(&w->lock);
	return failed;
}
