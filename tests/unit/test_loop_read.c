/* SPDX-License-Identifier: MIT */
/* The loop: streams are read, to their last byte. */
#include "loop_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

static void bytes_arrive_in_order(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	size_t written = 0;
	int ends[2];

	make_pipe(ends);
	sink_start(b, &sink, ends[0], STREAM_BYTES);
	while (written < 1 << 20) {
		write_pattern(ends[1], &written, 1 + written % 70000);
		TURN_UNTIL(b, sink.nbytes == written);
	}
	assert_pattern(&sink, written);
	assert_int_equal(sink.nends, 0);
	sink_stop(&sink);
	close_pipe(ends);
	sink_free(&sink);
}

static void what_was_written_before_the_start_arrives(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 }, event = { 0 };
	int ends[2], fd = make_event();

	make_pipe(ends);
	assert_int_equal(write(ends[1], "early", 5), 5);
	event_post(fd);
	sink_start(b, &sink, ends[0], STREAM_BYTES);
	sink_start(b, &event, fd, STREAM_READY);
	TURN_UNTIL(b, sink.nbytes == 5 && event.ncalls > 0);
	sink_stop(&sink);
	sink_stop(&event);
	close_pipe(ends);
	close(fd);
	sink_free(&sink);
}

static void the_end_comes_once_after_the_last_byte(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	int ends[2];

	make_pipe(ends);
	sink_start(b, &sink, ends[0], STREAM_BYTES);
	assert_int_equal(write(ends[1], "last", 4), 4);
	close(ends[1]);
	TURN_UNTIL(b, sink.nends > 0);
	assert_int_equal(sink.nbytes, 4);
	assert_int_equal(sink.error, 0);
	assert_false(sink.stream.started);
	bench_turn(b, 0);
	assert_int_equal(sink.nends, 1);
	close(ends[0]);
	sink_free(&sink);
}

static void a_read_error_is_an_end(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
			 0);
	sink_start(b, &sink, ends[0], STREAM_BYTES);
	bench_turn(b, 0);
	/* A peer that closes with bytes unread resets the connection. */
	assert_int_equal(write(ends[0], "unread", 6), 6);
	close(ends[1]);
	TURN_UNTIL(b, sink.nends > 0);
	assert_int_equal(sink.error, ECONNRESET);
	assert_int_equal(sink.nends, 1);
	close(ends[0]);
}

static void a_terminal_is_read_as_a_pipe_is(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	int slave;

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave >= 0);
	sink_start(b, &sink, master, STREAM_BYTES);
	bench_turn(b, 0);
	assert_int_equal(write(slave, "one", 3), 3);
	TURN_UNTIL(b, sink.nbytes == 3);
	assert_int_equal(write(slave, "two", 3), 3);
	TURN_UNTIL(b, sink.nbytes == 6);
	assert_memory_equal(sink.bytes, "onetwo", 6);
	close(slave);
	TURN_UNTIL(b, sink.nends > 0);
	assert_int_equal(sink.error, EIO);
	close(master);
	sink_free(&sink);
}

/* Older kernels answer a non-blocking read of such a file with EAGAIN instead of waiting. */
static void a_notifier_is_read_as_a_pipe_is(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int watch;

	assert_true(fd >= 0);
	sink_start(b, &sink, fd, STREAM_BYTES);
	for (int i = 0; i < 3; i++)
		bench_turn(b, 0);
	watch = inotify_add_watch(fd, "/", IN_ATTRIB);
	assert_true(watch >= 0);
	/* Its removal is an event. */
	assert_int_equal(inotify_rm_watch(fd, watch), 0);
	TURN_UNTIL(b, sink.nbytes >= sizeof(struct inotify_event));
	assert_int_equal(sink.nends, 0);
	sink_stop(&sink);
	close(fd);
	sink_free(&sink);
}

static void stop_loses_no_byte_and_is_the_last_word(void **state)
{
	struct bench *b = *state;

	for (int nturns = 0; nturns < 8; nturns++) {
		struct sink sink = { 0 };
		size_t written = 0, unread;
		int ends[2];

		make_pipe(ends);
		sink_start(b, &sink, ends[0], STREAM_BYTES);
		for (int i = 0; i < nturns / 2; i++) {
			write_pattern(ends[1], &written, 70000);
			bench_turn(b, 0);
		}
		/* Nothing left to read: now the loop waits for bytes. */
		for (int i = 0; i < 4 && nturns % 2; i++)
			bench_turn(b, 0);
		write_pattern(ends[1], &written, 1000);
		sink_stop(&sink);
		unread = unread_bytes(ends[0]);
		assert_pattern(&sink, written - unread);
		sink.ncalls = 0;
		write_pattern(ends[1], &written, 1000);
		bench_turn(b, 0);
		sink_stop(&sink);
		assert_int_equal(sink.ncalls, 0);
		assert_int_equal(unread_bytes(ends[0]), 1000);
		close_pipe(ends);
		sink_free(&sink);
	}
}

static void a_reused_number_starts_afresh(void **state)
{
	struct bench *b = *state;
	int number = -1;

	for (int i = 0; i < 20; i++) {
		struct sink sink = { 0 };
		int ends[2];

		make_pipe(ends);
		if (number >= 0)
			assert_int_equal(ends[0], number);
		number = ends[0];
		sink_start(b, &sink, ends[0], STREAM_BYTES);
		if (i % 2)
			bench_turn(b, 0);
		assert_int_equal(write(ends[1], &i, sizeof(i)), sizeof(i));
		if (i % 3) {
			TURN_UNTIL(b, sink.nbytes == sizeof(i));
			assert_memory_equal(sink.bytes, &i, sizeof(i));
		}
		sink_stop(&sink);
		close_pipe(ends);
		sink_free(&sink);
	}
}

static const struct promise promises[] = {
	PROMISE(bytes_arrive_in_order),
	PROMISE(what_was_written_before_the_start_arrives),
	PROMISE(the_end_comes_once_after_the_last_byte),
	PROMISE(a_read_error_is_an_end),
	PROMISE(a_terminal_is_read_as_a_pipe_is),
	PROMISE(a_notifier_is_read_as_a_pipe_is),
	PROMISE(stop_loses_no_byte_and_is_the_last_word),
	PROMISE(a_reused_number_starts_afresh),
};

int main(void)
{
	return run_promises(promises, ARRAY_SIZE(promises));
}
