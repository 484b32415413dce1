/* SPDX-License-Identifier: MIT */
#include "run/writer.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

struct reader {
	pthread_mutex_t gate;		/* held: the reader sleeps */
	_Atomic uint64_t nevents, last_us;
	_Atomic bool in_order;
	int answer;
};

static int reader_read(const struct proctor_event *event, void *data)
{
	struct reader *r = data;

	pthread_mutex_lock(&r->gate);
	pthread_mutex_unlock(&r->gate);
	if (event->time_us != r->last_us + 1)
		r->in_order = false;
	r->last_us = event->time_us;
	r->nevents++;
	return r->answer;
}

static void reader_open(struct reader *r, struct writer *w, int answer)
{
	*r = (struct reader){ .in_order = true, .answer = answer };
	pthread_mutex_init(&r->gate, NULL);
	assert_int_equal(writer_open(w, reader_read, r, eventfd(0, EFD_CLOEXEC), NULL), 0);
}

static void reader_close(struct writer *w)
{
	writer_close(w);
	close(w->wake_fd);
}

static void add(struct writer *w, uint64_t time_us, size_t nbytes)
{
	struct writer_entry *e = writer_entry_new(PROCTOR_NOTE, time_us);

	assert_non_null(e);
	e->heap_out = malloc(nbytes + 1);
	e->nbytes = nbytes;
	writer_add(w, e);
}

static void every_event_arrives_in_order(void **state)
{
	struct writer w;
	struct reader r;

	(void)state;
	reader_open(&r, &w, 0);
	for (uint64_t i = 1; i <= 10000; i++) {
		add(&w, i, 10);
		if (i % 7 == 0)
			writer_flush(&w);
	}
	reader_close(&w);
	assert_int_equal(r.nevents, 10000);
	assert_true(r.in_order);
}

/* Nothing of the event that it was before is in it. */
static void an_entry_that_is_used_again_is_empty(void **state)
{
	static const struct proctor_test test = { .id = "a::b" };
	static const struct writer_entry none;
	struct writer w;
	struct reader r;

	(void)state;
	reader_open(&r, &w, 0);
	for (uint64_t i = 1; i <= 20000; i++) {
		struct writer_entry *e = writer_test_entry(&w, PROCTOR_TEST_END, i, &test);

		assert_non_null(e);
		assert_int_equal(e->event.kind, PROCTOR_TEST_END);
		assert_int_equal(e->event.time_us, i);
		assert_ptr_equal(e->event.test, &test);
		assert_ptr_equal(e->event.result, &e->result);
		assert_memory_equal(&e->result, &none.result, sizeof(e->result));
		assert_null(e->heap_message);
		assert_int_equal(e->nbytes, 0);
		e->heap_message = strdup("message");
		e->result.message = e->heap_message;
		e->result.verdict = PROCTOR_FAIL;
		e->nbytes = 8;
		writer_add(&w, e);
	}
	reader_close(&w);
	assert_int_equal(r.nevents, 20000);
	assert_true(r.in_order);
}

static void a_slow_reader_is_told_of_and_its_recovery_wakes(void **state)
{
	struct pollfd woken;
	struct writer w;
	struct reader r;

	(void)state;
	reader_open(&r, &w, 0);
	pthread_mutex_lock(&r.gate);
	for (uint64_t i = 1; i <= 20; i++) {
		assert_int_equal(writer_full(&w), i > 8);
		add(&w, i, WRITER_FULL_BYTES / 8);
		writer_flush(&w);
	}
	pthread_mutex_unlock(&r.gate);
	woken = (struct pollfd){ .fd = w.wake_fd, .events = POLLIN };
	assert_int_equal(poll(&woken, 1, 10000), 1);
	assert_false(writer_full(&w));
	reader_close(&w);
	assert_int_equal(r.nevents, 20);
}

static void a_failed_callback_is_told_and_still_gets_the_rest(void **state)
{
	struct pollfd woken;
	struct writer w;
	struct reader r;

	(void)state;
	reader_open(&r, &w, -EPIPE);
	add(&w, 1, 0);
	writer_flush(&w);
	woken = (struct pollfd){ .fd = w.wake_fd, .events = POLLIN };
	assert_int_equal(poll(&woken, 1, 10000), 1);
	assert_int_equal(writer_failed(&w), -EPIPE);
	add(&w, 2, 0);
	reader_close(&w);
	assert_int_equal(r.nevents, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_arrives_in_order),
		cmocka_unit_test(an_entry_that_is_used_again_is_empty),
		cmocka_unit_test(a_slow_reader_is_told_of_and_its_recovery_wakes),
		cmocka_unit_test(a_failed_callback_is_told_and_still_gets_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
