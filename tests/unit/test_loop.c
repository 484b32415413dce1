/* SPDX-License-Identifier: MIT */
/* One table of promises, held to under both back ends of the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"
#include "loop/loop.h"

/* Nothing here takes long; what takes this long does not come. */
#define PATIENCE_US 20000000

struct bench {
	const struct loop_ops *ops;
	struct loop *lp;
	unsigned nfds;		/* open before the loop was */
};

/* A stream that keeps what it gets. */
struct sink {
	struct stream stream;
	struct bench *bench;
	char *bytes;
	size_t nbytes;
	unsigned ncalls, nends;
	int error;
	unsigned turn_order;	/* of its last call, in `ncalls_total` */
	void (*then)(struct sink *sink);
	struct sink *other;	/* for `then` */
};

static unsigned ncalls_total;

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static int bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct proctor_error err;

	assert_non_null(b);
	b->ops = *state;
	b->nfds = count_fds();
	if (b->ops->open(&b->lp, &err) < 0)
		fail_msg("%s", err.text);
	*state = b;
	return 0;
}

/* Every test gives back each descriptor, and so does the loop. */
static int bench_teardown(void **state)
{
	struct bench *b = *state;

	if (b->lp)
		b->ops->close(b->lp);
	assert_int_equal(count_fds(), b->nfds);
	free(b);
	return 0;
}

static void sink_call(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct sink *sink = container_of(s, struct sink, stream);

	sink->ncalls++;
	sink->turn_order = ++ncalls_total;
	if (s->kind != STREAM_BYTES) {
		assert_null(bytes);
		assert_int_equal(nbytes, 0);
	} else if (nbytes == 0) {
		assert_false(s->started);
		sink->nends++;
		sink->error = error;
	} else {
		assert_int_equal(error, 0);
		sink->bytes = realloc(sink->bytes, sink->nbytes + nbytes);
		assert_non_null(sink->bytes);
		memcpy(sink->bytes + sink->nbytes, bytes, nbytes);
		sink->nbytes += nbytes;
	}
	if (sink->then)
		sink->then(sink);
}

static void sink_start(struct bench *b, struct sink *sink, int fd, enum stream_kind kind)
{
	struct proctor_error err;

	sink->bench = b;
	sink->stream.fd = fd;
	sink->stream.kind = kind;
	sink->stream.call = sink_call;
	if (b->ops->start(b->lp, &sink->stream, &err) < 0)
		fail_msg("%s", err.text);
}

static void sink_stop(struct sink *sink)
{
	sink->bench->ops->stop(sink->bench->lp, &sink->stream);
	assert_false(sink->stream.started);
}

static void sink_drain(struct sink *sink, size_t max_bytes)
{
	struct proctor_error err;

	if (sink->bench->ops->drain(sink->bench->lp, &sink->stream, max_bytes, &err) < 0)
		fail_msg("%s", err.text);
}

static void sink_free(struct sink *sink)
{
	free(sink->bytes);
	sink->bytes = NULL;
}

static void bench_turn(struct bench *b, uint64_t until_us)
{
	struct proctor_error err;

	if (b->ops->turn(b->lp, until_us, &err) < 0)
		fail_msg("%s", err.text);
}

/* Turns while `condition` does not hold. */
#define TURN_UNTIL(b, condition) do {						\
	uint64_t until_us_ = clock_us() + PATIENCE_US;				\
										\
	while (!(condition)) {							\
		if (clock_us() >= until_us_)					\
			fail_msg("waited in vain for " #condition);		\
		bench_turn(b, until_us_);					\
	}									\
} while (0)

static void make_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static int make_event(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static void event_post(int fd)
{
	static const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void close_pipe(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* Bytes that tell their place. */
static char pattern(size_t at)
{
	return (char)(at % 251);
}

/* Writes pattern bytes from `*at` on, as many as `nbytes` or the pipe takes. */
static void write_pattern(int fd, size_t *at, size_t nbytes)
{
	char block[4096];

	while (nbytes > 0) {
		size_t n = nbytes < sizeof(block) ? nbytes : sizeof(block);
		ssize_t done;

		for (size_t i = 0; i < n; i++)
			block[i] = pattern(*at + i);
		done = write(fd, block, n);
		if (done < 0) {
			assert_int_equal(errno, EAGAIN);
			return;
		}
		*at += (size_t)done;
		nbytes -= (size_t)done;
	}
}

static void assert_pattern(const struct sink *sink, size_t nbytes)
{
	assert_int_equal(sink->nbytes, nbytes);
	for (size_t i = 0; i < nbytes; i++)
		if (sink->bytes[i] != pattern(i))
			fail_msg("byte %zu of %zu is out of order", i, nbytes);
}

/* What the loop left in the descriptor. */
static size_t unread_bytes(int fd)
{
	char block[4096];
	size_t nbytes = 0;
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0 || (n < 0 && errno == EINTR))
		nbytes += n > 0 ? (size_t)n : 0;
	return nbytes;
}

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

/* Stops and frees its own stream: whoever touches it after that is found by a sanitizer. */
static void stop_and_free(struct sink *sink)
{
	struct sink *other = sink->other;

	sink_stop(sink);
	close(sink->stream.fd);
	sink_free(sink);
	memset(sink, 0x5a, sizeof(*sink));
	free(sink);
	other->ncalls++;
}

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

static void read_event(struct sink *sink)
{
	uint64_t n;

	ssize_t ret;

	while ((ret = read(sink->stream.fd, &n, sizeof(n))) > 0 || (ret < 0 && errno == EINTR))
		sink->nbytes += ret > 0 ? n : 0;
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

/* A turn may return early, but the time comes no earlier than asked for. */
static void a_quiet_loop_waits_for_its_time(void **state)
{
	static const uint64_t waits_us[] = { 1, 300, 1500, 20000 };
	struct bench *b = *state;
	struct sink sink = { 0 };
	int fd = make_event();

	sink_start(b, &sink, fd, STREAM_READY);
	for (size_t i = 0; i < ARRAY_SIZE(waits_us); i++) {
		uint64_t until_us = clock_us() + waits_us[i];
		int nturns = 0;

		for (; clock_us() < until_us; nturns++)
			bench_turn(b, until_us);
		assert_in_range(nturns, 0, 2);
	}
	assert_int_equal(sink.ncalls, 0);
	sink_stop(&sink);
	close(fd);
}

static void a_time_that_is_past_does_not_block(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	uint64_t before_us = clock_us();
	int fd = make_event();

	sink_start(b, &sink, fd, STREAM_READY);
	for (int i = 0; i < 10; i++) {
		bench_turn(b, 0);
		bench_turn(b, before_us - 1);
	}
	assert_true(clock_us() - before_us < PATIENCE_US);
	/* Not to block is not to be blind. */
	event_post(fd);
	for (int i = 0; i < 10; i++)
		bench_turn(b, 0);
	assert_int_equal(sink.ncalls, 1);
	sink_stop(&sink);
	close(fd);
}

enum { NPOSTS = 2000 };

static void *post_events(void *arg)
{
	int fd = *(int *)arg;

	for (int i = 0; i < NPOSTS; i++)
		event_post(fd);
	return NULL;
}

static void an_event_from_another_thread_wakes_the_loop(void **state)
{
	struct bench *b = *state;
	struct sink sink = { .then = read_event };
	int fd = make_event();
	pthread_t thread;

	sink_start(b, &sink, fd, STREAM_READY);
	assert_int_equal(pthread_create(&thread, NULL, post_events, &fd), 0);
	while (sink.nbytes < NPOSTS)
		bench_turn(b, CLOCK_NEVER);
	assert_int_equal(sink.nbytes, NPOSTS);
	pthread_join(thread, NULL);
	/* One by one: each is told. */
	for (unsigned i = 1; i <= 100; i++) {
		event_post(fd);
		TURN_UNTIL(b, sink.nbytes == NPOSTS + i);
	}
	sink_stop(&sink);
	close(fd);
}

static void what_a_callback_left_unread_is_not_repeated(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	int fd = make_event();

	sink_start(b, &sink, fd, STREAM_READY);
	event_post(fd);
	TURN_UNTIL(b, sink.ncalls > 0);
	for (int i = 0; i < 5; i++)
		bench_turn(b, 0);
	assert_int_equal(sink.ncalls, 1);
	event_post(fd);
	TURN_UNTIL(b, sink.ncalls > 1);
	sink_stop(&sink);
	close(fd);
}

static void reap(struct sink *sink)
{
	siginfo_t si = { 0 };

	assert_int_equal(waitid(P_PIDFD, (id_t)sink->stream.fd, &si, WEXITED | WNOHANG), 0);
	sink->error = si.si_status;
	sink_stop(sink);
}

static void the_death_of_a_child_is_told(void **state)
{
	struct bench *b = *state;
	struct sink sink = { .then = reap };
	int ends[2], fd;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char byte;

		_exit(read(ends[0], &byte, 1) == 1 ? 7 : 1);
	}
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(fd >= 0);
	sink_start(b, &sink, fd, STREAM_ONCE);
	bench_turn(b, 0);
	assert_int_equal(sink.ncalls, 0);
	assert_int_equal(write(ends[1], "", 1), 1);
	TURN_UNTIL(b, sink.ncalls > 0);
	assert_int_equal(sink.error, 7);
	bench_turn(b, 0);
	assert_int_equal(sink.ncalls, 1);
	close(fd);
	close_pipe(ends);
}

static void once_is_told_once(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	sink_start(b, &sink, fd, STREAM_ONCE);
	TURN_UNTIL(b, sink.ncalls > 0);
	assert_int_equal(eventfd_write(fd, 1), 0);
	bench_turn(b, 0);
	bench_turn(b, 0);
	assert_int_equal(sink.ncalls, 1);
	sink_stop(&sink);
	sink_start(b, &sink, fd, STREAM_ONCE);
	TURN_UNTIL(b, sink.ncalls > 1);
	sink_stop(&sink);
	close(fd);
}

static void no_action(int signum)
{
	(void)signum;
}

static void a_signal_ends_a_turn_without_an_error(void **state)
{
	struct bench *b = *state;
	struct sink sink = { 0 };
	struct sigaction action = { .sa_handler = no_action }, before;
	/* Again and again: the first may come before the wait begins. */
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { { 0, 0 }, { 0, 0 } };
	uint64_t before_us = clock_us();
	int fd = make_event();

	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	sink_start(b, &sink, fd, STREAM_READY);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (int i = 0; i < 5; i++)
		bench_turn(b, CLOCK_NEVER);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_true(clock_us() - before_us < PATIENCE_US);
	assert_int_equal(sink.ncalls, 0);
	sigaction(SIGALRM, &before, NULL);
	sink_stop(&sink);
	close(fd);
}

static void assert_start_fails(struct bench *b, int fd, enum stream_kind kind, int code)
{
	struct stream s = { .fd = fd, .kind = kind, .call = sink_call };
	struct proctor_error err = { 0 };

	assert_int_equal(b->ops->start(b->lp, &s, &err), code);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.text, "descriptor"));
	assert_false(s.started);
}

static void a_start_that_cannot_be_is_refused_with_its_reason(void **state)
{
	struct bench *b = *state;
	struct proctor_error err = { 0 };
	struct sink sink = { 0 };
	int ends[2], fd;

	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_start_fails(b, fd, STREAM_BYTES, -EPERM);
	close(fd);
	assert_start_fails(b, fd, STREAM_READY, -EBADF);
	make_pipe(ends);
	assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
	assert_start_fails(b, ends[0], STREAM_BYTES, -EINVAL);
	sink_start(b, &sink, ends[0], STREAM_READY);
	assert_int_equal(b->ops->start(b->lp, &sink.stream, &err), -EALREADY);
	sink_stop(&sink);
	close_pipe(ends);
}

static void close_drops_streams_without_a_call(void **state)
{
	struct bench *b = *state;
	struct sink sinks[3] = { 0 };
	int ends[2], idle[2], fd = make_event();

	make_pipe(ends);
	make_pipe(idle);
	sink_start(b, &sinks[0], ends[0], STREAM_BYTES);
	sink_start(b, &sinks[1], fd, STREAM_READY);
	bench_turn(b, 0);
	sink_start(b, &sinks[2], idle[0], STREAM_BYTES);
	assert_int_equal(write(ends[1], "x", 1), 1);
	event_post(fd);
	b->ops->close(b->lp);
	b->lp = NULL;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sinks[i].ncalls, 0);
		assert_false(sinks[i].stream.started);
	}
	/* Nothing of the loop holds the pipe: its writer sees the reader go. */
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
	close_pipe(idle);
	close(fd);
}

static void without_descriptors_open_fails_and_leaves_nothing(void **state)
{
	struct bench *b = *state;
	struct proctor_error err = { 0 };
	struct rlimit before, none;
	unsigned nfds = count_fds();
	struct loop *lp = NULL;
	int ret;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	ret = b->ops->open(&lp, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(ret, -EMFILE);
	assert_int_equal(err.code, -EMFILE);
	assert_non_null(strstr(err.text, "Too many open files"));
	assert_int_equal(count_fds(), nfds);
}

#define PROMISE(function) { #function, function }

static const struct {
	const char *name;
	CMUnitTestFunction function;
} promises[] = {
	PROMISE(bytes_arrive_in_order),
	PROMISE(what_was_written_before_the_start_arrives),
	PROMISE(the_end_comes_once_after_the_last_byte),
	PROMISE(a_read_error_is_an_end),
	PROMISE(a_terminal_is_read_as_a_pipe_is),
	PROMISE(a_notifier_is_read_as_a_pipe_is),
	PROMISE(a_callback_may_stop_and_free_its_own_stream),
	PROMISE(a_drain_survives_the_end_of_its_stream),
	PROMISE(a_callback_may_stop_another_stream_of_its_batch),
	PROMISE(stop_loses_no_byte_and_is_the_last_word),
	PROMISE(a_reused_number_starts_afresh),
	PROMISE(a_callback_may_start_streams_also_its_own_at_its_end),
	PROMISE(drain_delivers_what_was_written_before_it),
	PROMISE(drain_takes_no_more_than_its_bound),
	PROMISE(what_a_drain_of_another_stream_found_is_not_forgotten),
	PROMISE(a_bounded_drain_in_the_middle_of_a_batch_keeps_the_order),
	PROMISE(lent_bytes_stay_while_another_stream_is_drained),
	PROMISE(bytes_come_before_readiness),
	PROMISE(two_hundred_streams_at_once),
	PROMISE(more_streams_are_ready_than_there_are_buffers),
	PROMISE(more_events_than_the_completion_queue_holds),
	PROMISE(a_flood_leaves_the_others_their_turn),
	PROMISE(a_quiet_loop_waits_for_its_time),
	PROMISE(a_time_that_is_past_does_not_block),
	PROMISE(an_event_from_another_thread_wakes_the_loop),
	PROMISE(what_a_callback_left_unread_is_not_repeated),
	PROMISE(the_death_of_a_child_is_told),
	PROMISE(once_is_told_once),
	PROMISE(a_signal_ends_a_turn_without_an_error),
	PROMISE(a_start_that_cannot_be_is_refused_with_its_reason),
	PROMISE(close_drops_streams_without_a_call),
	PROMISE(without_descriptors_open_fails_and_leaves_nothing),
};

/* Has the kernel answer `number` with `errnum` to this process from now on. */
static bool syscall_forbid(int number, int errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a child, where `number` answers `errnum`: 0 when the choice is epoll, and says why. */
static int choose_without(int number, int errnum)
{
	const struct loop_ops *ops = NULL;
	struct proctor_error err = { 0 };
	struct loop *lp = NULL;
	unsigned nfds = count_fds();
	char why[256] = "";

	if (!syscall_forbid(number, errnum))
		return 1;
	if (loop_choose(PROCTOR_LOOP_AUTO, &ops, &lp, why, sizeof(why), &err) != 0)
		return 2;
	if (ops != &loop_epoll || !strstr(why, "io_uring refused: ") ||
	    !strstr(why, "seccomp") || !strstr(why, "; using epoll"))
		return 3;
	ops->close(lp);
	if (loop_choose(PROCTOR_LOOP_URING, &ops, &lp, why, sizeof(why), &err) != -errnum)
		return 4;
	if (err.code != -errnum || !strstr(err.text, "io_uring refused: "))
		return 5;
	return count_fds() == nfds ? 0 : 6;
}

static void io_uring_that_is_forbidden_gives_epoll_and_the_reason(void **state)
{
	static const struct {
		int number, errnum;
	} cases[] = {
		{ SYS_io_uring_setup, EPERM },
		{ SYS_io_uring_setup, ENOSYS },
		{ SYS_io_uring_register, EPERM },
		{ SYS_io_uring_enter, EPERM },
		{ SYS_io_uring_enter, ENOSYS },
	};

	if (!*state)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = fork();
		int status = 0;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(choose_without(cases[i].number, cases[i].errnum));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("case %zu: status %#x", i, (unsigned)status);
	}
}

static void a_choice_is_kept_and_said(void **state)
{
	static const enum proctor_loop choices[] = {
		PROCTOR_LOOP_AUTO, PROCTOR_LOOP_URING, PROCTOR_LOOP_EPOLL,
	};
	unsigned nfds = count_fds();

	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		const struct loop_ops *ops = NULL;
		struct proctor_error err = { 0 };
		struct loop *lp = NULL;
		char why[256] = "";
		bool uring = *state && choices[i] != PROCTOR_LOOP_EPOLL;

		if (choices[i] == PROCTOR_LOOP_URING && !uring)
			continue;
		assert_int_equal(loop_choose(choices[i], &ops, &lp, why, sizeof(why), &err), 0);
		assert_ptr_equal(ops, uring ? &loop_uring : &loop_epoll);
		assert_non_null(strstr(why, ops->name));
		ops->close(lp);
		assert_int_equal(count_fds(), nfds);
	}
}

static int run_promises(const struct loop_ops *ops)
{
	struct CMUnitTest tests[ARRAY_SIZE(promises)] = { { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
		tests[i].name = promises[i].name;
		tests[i].test_func = promises[i].function;
		tests[i].setup_func = bench_setup;
		tests[i].teardown_func = bench_teardown;
		tests[i].initial_state = (void *)(uintptr_t)ops;
	}
	return _cmocka_run_group_tests(ops->name, tests, ARRAY_SIZE(tests), NULL, NULL);
}

int main(void)
{
	struct rlimit files;
	struct proctor_error err;
	struct loop *lp;
	bool uring = loop_uring.open(&lp, &err) == 0;
	struct CMUnitTest choice[] = {
		cmocka_unit_test_prestate(io_uring_that_is_forbidden_gives_epoll_and_the_reason,
					  uring ? &uring : NULL),
		cmocka_unit_test_prestate(a_choice_is_kept_and_said, uring ? &uring : NULL),
	};
	int nfailed;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	nfailed = run_promises(&loop_epoll);
	if (uring) {
		loop_uring.close(lp);
		nfailed += run_promises(&loop_uring);
	} else {
		printf("io_uring is skipped: %s\n", err.text);
	}
	nfailed += cmocka_run_group_tests_name("loop_choose", choice, NULL, NULL);
	return nfailed > 0;
}
