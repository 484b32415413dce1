/* SPDX-License-Identifier: MIT */
/* The loop: many streams, floods, and whose turn it is. */
#include "loop_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void bytes_come_before_readiness(void **state)
{
	struct bench *b = *state;
	struct sink event = { 0 }, sink = { 0 };
	int ends[2], fd = make_event();

	make_pipe(ends);
	sink_start(b, &event, fd, STREAM_READY);
	sink_start(b, &sink, ends[0], STREAM_BYTES);
	bench_turn(b, 0);
	event_post(fd);
	assert_int_equal(write(ends[1], "words", 5), 5);
	TURN_UNTIL(b, event.ncalls > 0);
	assert_int_equal(sink.nbytes, 5);
	assert_true(sink.turn_order < event.turn_order);
	sink_stop(&event);
	sink_stop(&sink);
	close_pipe(ends);
	close(fd);
	sink_free(&sink);
}

/* Pipes enough for every place where the back ends keep a limit. */
static void many_streams(struct bench *b, size_t nstreams, size_t nbytes)
{
	struct sink *sinks = calloc(nstreams, sizeof(*sinks));
	int (*ends)[2] = calloc(nstreams, sizeof(*ends));
	size_t written = 0, ndone;

	assert_non_null(sinks);
	assert_non_null(ends);
	for (size_t i = 0; i < nstreams; i++) {
		make_pipe(ends[i]);
		sink_start(b, &sinks[i], ends[i][0], STREAM_BYTES);
	}
	bench_turn(b, 0);
	for (size_t i = 0; i < nstreams; i++) {
		written = 0;
		write_pattern(ends[i][1], &written, nbytes);
	}
	do {
		bench_turn(b, clock_us() + PATIENCE_US);
		ndone = 0;
		for (size_t i = 0; i < nstreams; i++)
			ndone += sinks[i].nbytes == written;
	} while (ndone < nstreams);
	for (size_t i = 0; i < nstreams; i++) {
		assert_pattern(&sinks[i], written);
		close(ends[i][1]);
	}
	for (size_t i = 0; i < nstreams; i++) {
		TURN_UNTIL(b, sinks[i].nends == 1);
		close(ends[i][0]);
		sink_free(&sinks[i]);
	}
	free(sinks);
	free(ends);
}

static void two_hundred_streams_at_once(void **state)
{
	many_streams(*state, 200, 10);
}

static void more_streams_are_ready_than_there_are_buffers(void **state)
{
	many_streams(*state, 100, 1 << 16);
}

static void more_events_than_the_completion_queue_holds(void **state)
{
	enum { NEVENTS = 600 };
	struct bench *b = *state;
	struct sink *sinks = calloc(NEVENTS, sizeof(*sinks));

	assert_non_null(sinks);
	for (int i = 0; i < NEVENTS; i++) {
		sinks[i].then = read_event;
		sink_start(b, &sinks[i], make_event(), STREAM_READY);
	}
	bench_turn(b, 0);
	for (unsigned round = 1; round <= 3; round++) {
		for (int i = 0; i < NEVENTS; i++)
			event_post(sinks[i].stream.fd);
		for (int i = 0; i < NEVENTS; i++)
			TURN_UNTIL(b, sinks[i].nbytes == round);
	}
	for (int i = 0; i < NEVENTS; i++) {
		assert_in_range(sinks[i].ncalls, 3, 6);
		sink_stop(&sinks[i]);
		close(sinks[i].stream.fd);
	}
	free(sinks);
}

static void a_flood_leaves_the_others_their_turn(void **state)
{
	enum { NFLOODS = 40 };
	struct bench *b = *state;
	struct sink floods[NFLOODS] = { 0 }, quiet = { 0 };
	int ends[NFLOODS][2], other[2];
	size_t written[NFLOODS] = { 0 };
	int nturns = 0;

	for (int i = 0; i < NFLOODS; i++) {
		make_pipe(ends[i]);
		assert_true(fcntl(ends[i][1], F_SETPIPE_SZ, 1 << 17) > 0);
		sink_start(b, &floods[i], ends[i][0], STREAM_BYTES);
	}
	make_pipe(other);
	sink_start(b, &quiet, other[0], STREAM_BYTES);
	assert_int_equal(write(other[1], "here", 4), 4);
	/* More floods than buffers, and they never run dry. */
	for (; quiet.nbytes < 4 && nturns < 100; nturns++) {
		for (int i = 0; i < NFLOODS; i++)
			write_pattern(ends[i][1], &written[i], 1 << 17);
		bench_turn(b, clock_us() + PATIENCE_US);
	}
	assert_in_range(nturns, 1, 4);
	for (int turn = 0; turn < 4; turn++) {
		for (int i = 0; i < NFLOODS; i++)
			write_pattern(ends[i][1], &written[i], 1 << 17);
		bench_turn(b, clock_us() + PATIENCE_US);
	}
	for (int i = 0; i < NFLOODS; i++) {
		assert_true(floods[i].nbytes > 0);
		sink_stop(&floods[i]);
		assert_pattern(&floods[i], written[i] - unread_bytes(ends[i][0]));
		close_pipe(ends[i]);
		sink_free(&floods[i]);
	}
	sink_stop(&quiet);
	close_pipe(other);
	sink_free(&quiet);
}

static const struct promise promises[] = {
	PROMISE(bytes_come_before_readiness),
	PROMISE(two_hundred_streams_at_once),
	PROMISE(more_streams_are_ready_than_there_are_buffers),
	PROMISE(more_events_than_the_completion_queue_holds),
	PROMISE(a_flood_leaves_the_others_their_turn),
};

int main(void)
{
	return run_promises(promises, ARRAY_SIZE(promises));
}
