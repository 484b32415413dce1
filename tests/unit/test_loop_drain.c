/* SPDX-License-Identifier: MIT */
/* The loop: draining a stream while others wait. */
#include "loop_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_drain_survives_the_end_of_its_stream(void **state)
{
	struct bench *b = *state;
	struct sink counter = { .bench = b };
	struct sink *sink = calloc(1, sizeof(*sink));
	size_t written = 0;
	int ends[2];

	assert_non_null(sink);
	make_pipe(ends);
	sink->then = stop_and_free;
	sink->other = &counter;
	sink_start(b, sink, ends[0], STREAM_BYTES);
	bench_turn(b, 0);
	write_pattern(ends[1], &written, 1 << 20);
	sink_drain(sink, SIZE_MAX);
	assert_int_equal(counter.ncalls, 1);
	close(ends[1]);
}

static void drain_delivers_what_was_written_before_it(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	size_t written = 0;
	int ends[2];

	make_pipe(ends);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 18) >= 1 << 18);
	sink_start(b, &sink, ends[0], STREAM_BYTES);
	for (int i = 0; i < 4; i++) {
		write_pattern(ends[1], &written, 1 << 18);
		sink_drain(&sink, SIZE_MAX);
		assert_pattern(&sink, written);
		assert_true(sink.stream.started);
		/* Later bytes come as ever. */
		write_pattern(ends[1], &written, 100);
		TURN_UNTIL(b, sink.nbytes == written);
		assert_pattern(&sink, written);
	}
	sink_drain(&sink, SIZE_MAX);
	assert_int_equal(sink.nbytes, written);
	write_pattern(ends[1], &written, 10);
	close(ends[1]);
	sink_drain(&sink, SIZE_MAX);
	assert_pattern(&sink, written);
	assert_int_equal(sink.nends, 1);
	assert_false(sink.stream.started);
	sink.ncalls = 0;
	sink_drain(&sink, SIZE_MAX);
	assert_int_equal(sink.ncalls, 0);
	close(ends[0]);
	sink_free(&sink);
}

static void drain_takes_no_more_than_its_bound(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	size_t written = 0, taken;
	int ends[2];

	make_pipe(ends);
	sink_start(b, &sink, ends[0], STREAM_BYTES);
	bench_turn(b, 0);
	write_pattern(ends[1], &written, 60000);
	for (taken = 0; taken < 50000; taken += 5000) {
		sink_drain(&sink, 5000);
		assert_int_equal(sink.nbytes, taken + 5000);
	}
	sink_drain(&sink, 0);
	assert_int_equal(sink.nbytes, taken);
	TURN_UNTIL(b, sink.nbytes == written);
	assert_pattern(&sink, written);
	sink_stop(&sink);
	close_pipe(ends);
	sink_free(&sink);
}

static void what_a_drain_of_another_stream_found_is_not_forgotten(void **state)
{
	struct bench *b = *state;
	struct sink sinks[2] = { 0 };
	size_t written = 0;
	int ends[2][2];

	for (int i = 0; i < 2; i++) {
		make_pipe(ends[i]);
		sink_start(b, &sinks[i], ends[i][0], STREAM_BYTES);
	}
	for (int round = 0; round < 3; round++) {
		bench_turn(b, 0);
		write_pattern(ends[0][1], &written, 1000);
		sink_drain(&sinks[1], SIZE_MAX);
		if (round > 0) {
			sink_drain(&sinks[0], 10);
			assert_int_equal(sinks[0].nbytes, written - 990);
		}
		TURN_UNTIL(b, sinks[0].nbytes == written);
	}
	assert_pattern(&sinks[0], written);
	for (int i = 0; i < 2; i++) {
		sink_stop(&sinks[i]);
		close_pipe(ends[i]);
		sink_free(&sinks[i]);
	}
}

static void drain_other_in_small_parts(struct sink *sink)
{
	size_t before = sink->other->nbytes;

	sink->then = sink->other->then = NULL;
	sink_drain(sink->other, 7);
	assert_int_equal(sink->other->nbytes, before + 7);
	sink_drain(sink->other, 9);
	assert_int_equal(sink->other->nbytes, before + 16);
}

static void a_bounded_drain_in_the_middle_of_a_batch_keeps_the_order(void **state)
{
	struct bench *b = *state;
	struct sink sinks[2] = { 0 };
	size_t written[2] = { 0, 0 };
	int ends[2][2];

	for (int i = 0; i < 2; i++) {
		make_pipe(ends[i]);
		sinks[i].other = &sinks[1 - i];
		sink_start(b, &sinks[i], ends[i][0], STREAM_BYTES);
	}
	bench_turn(b, 0);
	for (int round = 0; round < 3; round++) {
		/* The other's bytes may have been taken already, in the same batch. */
		for (int i = 0; i < 2; i++) {
			write_pattern(ends[i][1], &written[i], 40000);
			sinks[i].then = drain_other_in_small_parts;
		}
		TURN_UNTIL(b, sinks[0].nbytes == written[0] && sinks[1].nbytes == written[1]);
	}
	for (int i = 0; i < 2; i++) {
		assert_pattern(&sinks[i], written[i]);
		sink_stop(&sinks[i]);
		close_pipe(ends[i]);
		sink_free(&sinks[i]);
	}
}

struct lender {
	struct sink sink;
	bool harmed;
};

static void lender_call(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct lender *l = container_of(s, struct lender, sink.stream);

	sink_drain(l->sink.other, SIZE_MAX);
	for (size_t i = 0; i < nbytes; i++)
		l->harmed |= bytes[i] != 'a';
	l->sink.nbytes += nbytes;
	assert_int_equal(error, 0);
}

static void lent_bytes_stay_while_another_stream_is_drained(void **state)
{
	struct bench *b = *state;
	struct lender lender = { 0 };
	struct proctor_error err;
	struct sink other = { 0 };
	char block[4096];
	int ends[2][2];

	for (int i = 0; i < 2; i++) {
		make_pipe(ends[i]);
		memset(block, 'a' + i, sizeof(block));
		assert_int_equal(write(ends[i][1], block, sizeof(block)), sizeof(block));
	}
	lender.sink.other = &other;
	lender.sink.stream.fd = ends[0][0];
	lender.sink.stream.call = lender_call;
	sink_start(b, &other, ends[1][0], STREAM_BYTES);
	assert_int_equal(b->ops->start(b->lp, &lender.sink.stream, &err), 0);
	/* Drained, then by a turn: both ways of lending. */
	assert_int_equal(b->ops->drain(b->lp, &lender.sink.stream, SIZE_MAX, &err), 0);
	assert_int_equal(lender.sink.nbytes, sizeof(block));
	assert_int_equal(other.nbytes, sizeof(block));
	for (int i = 0; i < 2; i++) {
		memset(block, 'a' + i, sizeof(block));
		assert_int_equal(write(ends[i][1], block, sizeof(block)), sizeof(block));
	}
	TURN_UNTIL(b, lender.sink.nbytes == 2 * sizeof(block));
	assert_int_equal(other.nbytes, 2 * sizeof(block));
	assert_false(lender.harmed);
	b->ops->stop(b->lp, &lender.sink.stream);
	sink_stop(&other);
	for (int i = 0; i < 2; i++)
		close_pipe(ends[i]);
	sink_free(&other);
}

static const struct promise promises[] = {
	PROMISE(a_drain_survives_the_end_of_its_stream),
	PROMISE(drain_delivers_what_was_written_before_it),
	PROMISE(drain_takes_no_more_than_its_bound),
	PROMISE(what_a_drain_of_another_stream_found_is_not_forgotten),
	PROMISE(a_bounded_drain_in_the_middle_of_a_batch_keeps_the_order),
	PROMISE(lent_bytes_stay_while_another_stream_is_drained),
};

int main(void)
{
	return run_promises(promises, ARRAY_SIZE(promises));
}
