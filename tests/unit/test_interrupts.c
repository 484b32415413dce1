/* SPDX-License-Identifier: MIT */
/* Real signals, sent to this process by itself, by children, and by the kernel for a file. */
#include "run/interrupts.h"

#include "run_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct signals_scene {
	struct scene s;
	struct interrupts in;
	struct orphans orphans;
	struct proctor_error err;
};

static void open_all(struct signals_scene *t)
{
	scene_open(&t->s, 1);
	assert_int_equal(orphans_open(&t->orphans, NULL, NULL, &t->err), 0);
	assert_int_equal(interrupts_open(&t->in, &t->s.run, &t->err), 0);
}

static void close_all(struct signals_scene *t)
{
	interrupts_close(&t->in);
	interrupts_restore_pipe(&t->in);
	orphans_fini(&t->orphans);
	scene_close(&t->s);
}

/* Takes one signal; what is to be done about it. */
static enum request take(struct signals_scene *t, int signo, const char **doubt)
{
	bool orphan_ended = false;
	struct interrupt i;

	assert_true(interrupts_next(&t->in, &i, &orphan_ended));
	assert_int_equal(i.signo, signo);
	return interrupts_judge(&t->in, &i, &t->s.watch, &t->orphans, doubt);
}

static void an_interrupt_asks_and_another_one_forces(void **state)
{
	struct signals_scene t;
	const char *doubt;

	(void)state;
	open_all(&t);
	kill(getpid(), SIGINT);
	assert_int_equal(take(&t, SIGINT, &doubt), REQUEST_STOP);
	assert_null(doubt);
	/* Ctrl-C comes more than once where a shell passes it on, too. */
	kill(getpid(), SIGTERM);
	assert_int_equal(take(&t, SIGTERM, &doubt), REQUEST_NOTHING);
	assert_int_equal(t.in.nobeyed, 1);
	t.in.first_us -= 1000000;
	kill(getpid(), SIGTERM);
	assert_int_equal(take(&t, SIGTERM, &doubt), REQUEST_KILL);
	assert_int_equal(t.in.nobeyed, 2);
	close_all(&t);
}

static void a_question_ends_nothing(void **state)
{
	struct signals_scene t;
	const char *doubt;

	(void)state;
	open_all(&t);
	kill(getpid(), SIGUSR1);
	assert_int_equal(take(&t, SIGUSR1, &doubt), REQUEST_SHOW);
	assert_int_equal(t.in.nobeyed, 0);
	close_all(&t);
}

/* A child that has sent the signal and lives on in a session of its own, as a host does. */
static pid_t sender_start(int signo)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		kill(getppid(), signo);
		close(fds[0]);
		close(fds[1]);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	return pid;
}

static void sender_end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void what_a_test_sends_is_not_obeyed_and_noted_once(void **state)
{
	struct signals_scene t;
	const char *doubt;
	char expected[128];
	pid_t pid;

	(void)state;
	open_all(&t);
	pid = sender_start(SIGTERM);
	t.s.watch.pid = t.s.watch.group = pid;
	scene_runs(&t.s, 1, clock_us());
	assert_int_equal(take(&t, SIGTERM, &doubt), REQUEST_NOTHING);
	snprintf(expected, sizeof(expected), "note SIGTERM from process %d of b was not obeyed; ", pid);
	assert_string_equal(scene_told(&t.s), expected);
	assert_int_equal(watch_sent(&t.s.watch, 2)->signals, 1u << (SIGTERM - 1));
	sender_end(pid);
	pid = sender_start(SIGTERM);
	t.s.watch.pid = t.s.watch.group = pid;
	assert_int_equal(take(&t, SIGTERM, &doubt), REQUEST_NOTHING);
	assert_string_equal(scene_told(&t.s), "");
	assert_int_equal(t.in.nobeyed, 0);
	sender_end(pid);
	close_all(&t);
}

/* A host is a child of its worker's thread, and may send before the supervisor hears of it. */
struct worker_thread {
	pthread_barrier_t begun, over;
	pid_t pid;
};

static void *worker_main(void *data)
{
	struct worker_thread *w = data;

	w->pid = sender_start(SIGTERM);
	pthread_barrier_wait(&w->begun);
	pthread_barrier_wait(&w->over);
	sender_end(w->pid);
	return NULL;
}

static void sent_by_a_host_not_known_yet(bool met)
{
	struct signals_scene t;
	struct worker_thread w;
	const char *doubt;
	char expected[160];
	pthread_t thread;

	open_all(&t);
	pthread_barrier_init(&w.begun, NULL, 2);
	pthread_barrier_init(&w.over, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, worker_main, &w), 0);
	pthread_barrier_wait(&w.begun);
	assert_int_equal(take(&t, SIGTERM, &doubt), REQUEST_NOTHING);
	assert_string_equal(scene_told(&t.s), "");
	t.s.watch.pid = t.s.watch.group = w.pid;
	scene_runs(&t.s, 0, clock_us());
	if (met)
		interrupts_met(&t.in, &t.s.watch);
	interrupts_note_early(&t.in);
	snprintf(expected, sizeof(expected), met ?
		 "note SIGTERM from process %d of a was not obeyed; " :
		 "note SIGTERM from process %d, which belongs to the run and ran no test, was not "
		 "obeyed; ", w.pid);
	assert_string_equal(scene_told(&t.s), expected);
	pthread_barrier_wait(&w.over);
	pthread_join(thread, NULL);
	close_all(&t);
}

static void a_host_that_becomes_known_is_told_of_what_it_sent_before(void **state)
{
	(void)state;
	sent_by_a_host_not_known_yet(true);
}

static void what_a_worker_s_child_sent_is_noted_at_the_end(void **state)
{
	(void)state;
	sent_by_a_host_not_known_yet(false);
}

/* Somebody has made this process the owner of a pipe. */
static void what_the_kernel_tells_of_a_file_is_not_obeyed(void **state)
{
	struct signals_scene t;
	bool orphan_ended = false;
	struct interrupt i;
	int fds[2];

	(void)state;
	open_all(&t);
	assert_int_equal(pipe(fds), 0);
	fcntl(fds[0], F_SETOWN, getpid());
	fcntl(fds[0], F_SETSIG, SIGTERM);
	fcntl(fds[0], F_SETFL, O_ASYNC | O_NONBLOCK);
	for (int n = 0; n < 2; n++) {
		assert_int_equal(write(fds[1], "x", 1), 1);
		assert_false(interrupts_next(&t.in, &i, &orphan_ended));
	}
	assert_string_equal(scene_told(&t.s), "note SIGTERM, by which the kernel told of a file that "
			    "some process had opened, was not obeyed; ");
	close(fds[0]);
	close(fds[1]);
	close_all(&t);
}

/* The child cannot be looked at any more, and is obeyed. */
static void a_sender_that_is_gone_is_doubtful(void **state)
{
	struct signals_scene t;
	const char *doubt;
	struct interrupt i;
	bool orphan_ended = false;
	pid_t pid;

	(void)state;
	open_all(&t);
	pid = sender_start(SIGTERM);
	sender_end(pid);
	assert_true(interrupts_next(&t.in, &i, &orphan_ended));
	assert_true(i.gone);
	assert_int_equal(interrupts_judge(&t.in, &i, &t.s.watch, &t.orphans, &doubt), REQUEST_STOP);
	assert_string_equal(doubt, "was gone before it could be looked at and may have been of a test");
	close_all(&t);
}

static void the_end_of_a_child_is_no_request(void **state)
{
	struct signals_scene t;
	struct interrupt i;
	bool orphan_ended = false;
	pid_t pid;

	(void)state;
	open_all(&t);
	pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(interrupts_next(&t.in, &i, &orphan_ended));
	assert_true(orphan_ended);
	close_all(&t);
}

static void all_is_as_before_after_the_run(void **state)
{
	struct signals_scene t;
	sigset_t before, after;
	int subreaper = -1;
	struct sigaction sa;

	(void)state;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	open_all(&t);
	kill(getpid(), SIGTERM);	/* dropped: it was meant for the run */
	close_all(&t);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int signo = 1; signo < SIGRTMIN; signo++)
		assert_int_equal(sigismember(&before, signo), sigismember(&after, signo));
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	assert_int_equal(subreaper, 0);
	assert_int_equal(sigaction(SIGPIPE, NULL, &sa), 0);
	assert_ptr_equal(sa.sa_handler, SIG_DFL);
	assert_int_equal(interrupts_cancel_fd(&t.in), -1);
}

static void *unblock_and_wait(void *data)
{
	pthread_barrier_t *barrier = data;

	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

/* It would take the deaths of the tests. */
static void another_thread_that_takes_sigchld_is_refused(void **state)
{
	struct interrupts in;
	struct scene s;
	struct proctor_error err;
	pthread_barrier_t barrier;
	pthread_t thread;

	(void)state;
	scene_open(&s, 1);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, unblock_and_wait, &barrier), 0);
	pthread_barrier_wait(&barrier);
	assert_int_equal(interrupts_open(&in, &s.run, &err), -EBUSY);
	assert_int_equal(in.stream.fd, -1);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_asks_and_another_one_forces),
		cmocka_unit_test(a_question_ends_nothing),
		cmocka_unit_test(what_a_test_sends_is_not_obeyed_and_noted_once),
		cmocka_unit_test(a_host_that_becomes_known_is_told_of_what_it_sent_before),
		cmocka_unit_test(what_a_worker_s_child_sent_is_noted_at_the_end),
		cmocka_unit_test(what_the_kernel_tells_of_a_file_is_not_obeyed),
		cmocka_unit_test(a_sender_that_is_gone_is_doubtful),
		cmocka_unit_test(the_end_of_a_child_is_no_request),
		cmocka_unit_test(all_is_as_before_after_the_run),
		cmocka_unit_test(another_thread_that_takes_sigchld_is_refused),
	};

	return cmocka_run_group_tests_name("interrupts", tests, NULL, NULL);
}
