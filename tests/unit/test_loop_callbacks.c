/* SPDX-License-Identifier: MIT */
/* The loop: what a callback may do to its own stream and to others. */
#include "loop_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_callback_may_stop_and_free_its_own_stream(void **state)
{
	struct bench *b = *state;
	struct sink counter = { 0 };
	size_t written = 0;
	int ends[2];

	for (int kind = STREAM_BYTES; kind <= STREAM_ONCE; kind++) {
		struct sink *sink = calloc(1, sizeof(*sink));

		assert_non_null(sink);
		make_pipe(ends);
		sink->then = stop_and_free;
		sink->other = &counter;
		sink_start(b, sink, ends[0], (enum stream_kind)kind);
		write_pattern(ends[1], &written, 1 << 20);
		counter.ncalls = 0;
		TURN_UNTIL(b, counter.ncalls > 0);
		bench_turn(b, 0);
		assert_int_equal(counter.ncalls, 1);
		close(ends[1]);
	}
}

static void stop_other(struct sink *sink)
{
	if (sink->other->stream.started)
		sink_stop(sink->other);
	sink->other->then = NULL;
	sink->other->ncalls = 1000;	/* from here on, no call */
}

static void a_callback_may_stop_another_stream_of_its_batch(void **state)
{
	struct bench *b = *state;
	int ends[2][2];

	for (int kind = STREAM_BYTES; kind <= STREAM_ONCE; kind++) {
		struct sink sinks[2] = { 0 };
		struct sink *stopped;

		for (int i = 0; i < 2; i++) {
			make_pipe(ends[i]);
			sinks[i].then = stop_other;
			sinks[i].other = &sinks[1 - i];
			sink_start(b, &sinks[i], ends[i][0], (enum stream_kind)kind);
		}
		bench_turn(b, 0);
		for (int i = 0; i < 2; i++)
			assert_int_equal(write(ends[i][1], "12345", 5), 5);
		TURN_UNTIL(b, sinks[0].ncalls > 0 && sinks[1].ncalls > 0);
		bench_turn(b, 0);
		stopped = &sinks[sinks[0].ncalls < sinks[1].ncalls];
		assert_int_equal(stopped->ncalls, 1000);
		assert_false(stopped->stream.started);
		/* Delivered or still in the pipe, but not lost. */
		assert_int_equal(stopped->nbytes + unread_bytes(stopped->stream.fd), 5);
		sink_stop(stopped->other);
		for (int i = 0; i < 2; i++) {
			close_pipe(ends[i]);
			sink_free(&sinks[i]);
		}
	}
}

static void start_other(struct sink *sink)
{
	int fd = sink->other->stream.fd;

	if (!sink->other->stream.started)
		sink_start(sink->bench, sink->other, fd, STREAM_BYTES);
}

static void a_callback_may_start_streams_also_its_own_at_its_end(void **state)
{
	struct bench *b = *state;
	struct sink first = { 0 }, second = { 0 };
	int ends[2], next[2];

	make_pipe(ends);
	make_pipe(next);
	assert_int_equal(write(next[1], "next", 4), 4);
	first.then = start_other;
	first.other = &second;
	second.stream.fd = next[0];
	sink_start(b, &first, ends[0], STREAM_BYTES);
	assert_int_equal(write(ends[1], "x", 1), 1);
	TURN_UNTIL(b, second.nbytes == 4);
	/* At its end a stream is stopped, so that it can be started again. */
	first.other = &first;
	close(ends[1]);
	TURN_UNTIL(b, first.nends >= 3);
	sink_stop(&first);
	sink_stop(&second);
	close(ends[0]);
	close_pipe(next);
	sink_free(&first);
	sink_free(&second);
}

static const struct promise promises[] = {
	PROMISE(a_callback_may_stop_and_free_its_own_stream),
	PROMISE(a_callback_may_stop_another_stream_of_its_batch),
	PROMISE(a_callback_may_start_streams_also_its_own_at_its_end),
};

int main(void)
{
	return run_promises(promises, ARRAY_SIZE(promises));
}
