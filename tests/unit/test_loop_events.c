/* SPDX-License-Identifier: MIT */
/* The loop: times, events, deaths and signals. */
#include "loop_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

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

static const struct promise promises[] = {
	PROMISE(a_quiet_loop_waits_for_its_time),
	PROMISE(a_time_that_is_past_does_not_block),
	PROMISE(an_event_from_another_thread_wakes_the_loop),
	PROMISE(what_a_callback_left_unread_is_not_repeated),
	PROMISE(the_death_of_a_child_is_told),
	PROMISE(once_is_told_once),
	PROMISE(a_signal_ends_a_turn_without_an_error),
};

int main(void)
{
	return run_promises(promises, ARRAY_SIZE(promises));
}
