/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the loop share: a loop that is opened before each test and closed after it, a stream
 * that keeps what it gets, and promises, each of which is held to under both back ends.
 */
#ifndef UNIT_LOOP_FIXTURE_H
#define UNIT_LOOP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
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

static inline unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static inline int bench_setup(void **state)
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
static inline int bench_teardown(void **state)
{
	struct bench *b = *state;

	if (b->lp)
		b->ops->close(b->lp);
	assert_int_equal(count_fds(), b->nfds);
	free(b);
	return 0;
}

static inline void sink_call(struct stream *s, const char *bytes, size_t nbytes, int error)
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

static inline void sink_start(struct bench *b, struct sink *sink, int fd, enum stream_kind kind)
{
	struct proctor_error err;

	sink->bench = b;
	sink->stream.fd = fd;
	sink->stream.kind = kind;
	sink->stream.call = sink_call;
	if (b->ops->start(b->lp, &sink->stream, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void sink_stop(struct sink *sink)
{
	sink->bench->ops->stop(sink->bench->lp, &sink->stream);
	assert_false(sink->stream.started);
}

static inline void sink_drain(struct sink *sink, size_t max_bytes)
{
	struct proctor_error err;

	if (sink->bench->ops->drain(sink->bench->lp, &sink->stream, max_bytes, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void sink_free(struct sink *sink)
{
	free(sink->bytes);
	sink->bytes = NULL;
}

static inline void bench_turn(struct bench *b, uint64_t until_us)
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

static inline void make_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static inline int make_event(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static inline void event_post(int fd)
{
	static const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static inline void close_pipe(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* Bytes that tell their place. */
static inline char pattern(size_t at)
{
	return (char)(at % 251);
}

/* Writes pattern bytes from `*at` on, as many as `nbytes` or the pipe takes. */
static inline void write_pattern(int fd, size_t *at, size_t nbytes)
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

static inline void assert_pattern(const struct sink *sink, size_t nbytes)
{
	assert_int_equal(sink->nbytes, nbytes);
	for (size_t i = 0; i < nbytes; i++)
		if (sink->bytes[i] != pattern(i))
			fail_msg("byte %zu of %zu is out of order", i, nbytes);
}

/* What the loop left in the descriptor. */
static inline size_t unread_bytes(int fd)
{
	char block[4096];
	size_t nbytes = 0;
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0 || (n < 0 && errno == EINTR))
		nbytes += n > 0 ? (size_t)n : 0;
	return nbytes;
}

/* For `then`. */
static inline void read_event(struct sink *sink)
{
	uint64_t n;

	ssize_t ret;

	while ((ret = read(sink->stream.fd, &n, sizeof(n))) > 0 || (ret < 0 && errno == EINTR))
		sink->nbytes += ret > 0 ? n : 0;
}

/* Stops and frees its own stream: whoever touches it after that is found by a sanitizer. */
static inline void stop_and_free(struct sink *sink)
{
	struct sink *other = sink->other;

	sink_stop(sink);
	close(sink->stream.fd);
	sink_free(sink);
	memset(sink, 0x5a, sizeof(*sink));
	free(sink);
	other->ncalls++;
}

struct promise {
	const char *name;
	CMUnitTestFunction function;
};

#define PROMISE(function) { #function, function }

static inline int run_promises_under(const struct loop_ops *ops, const struct promise *promises,
				     size_t n)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	int nfailed;

	assert(tests);
	for (size_t i = 0; i < n; i++) {
		tests[i].name = promises[i].name;
		tests[i].test_func = promises[i].function;
		tests[i].setup_func = bench_setup;
		tests[i].teardown_func = bench_teardown;
		tests[i].initial_state = (void *)(uintptr_t)ops;
	}
	nfailed = _cmocka_run_group_tests(ops->name, tests, n, NULL, NULL);
	free(tests);
	return nfailed;
}

/* Says so where it cannot be had here. */
static inline bool loop_has_uring(void)
{
	struct proctor_error err;
	struct loop *lp;

	if (loop_uring.open(&lp, &err) < 0) {
		printf("io_uring is skipped: %s\n", err.text);
		return false;
	}
	loop_uring.close(lp);
	return true;
}

/* Runs them under both; how many failed. Some open many descriptors. */
static inline int run_promises(const struct promise *promises, size_t n)
{
	struct rlimit files;
	int nfailed;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	nfailed = run_promises_under(&loop_epoll, promises, n);
	if (loop_has_uring())
		nfailed += run_promises_under(&loop_uring, promises, n);
	return nfailed;
}

#endif
