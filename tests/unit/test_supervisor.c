/* SPDX-License-Identifier: MIT */
/* How the supervisor looks at a host while what it has not dealt with yet may change it, and what it
 * does about what others have found out. */
#include "run/supervisor.c"	/* NOLINT(bugprone-suspicious-include): its looks are its own */

#include "hosts/host.h"
#include "plan/resolve.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define GRACE_US 30000000u
#define SHOWN_BYTES 128

/* Keeps what was shown of what runs. */
static int on_event(const struct proctor_event *event, void *data)
{
	char *shown = data;

	if (event->kind == PROCTOR_RUNNING)
		snprintf(shown, SHOWN_BYTES, "%s", event->text);
	return 0;
}

/* A run of one test, which is overdue. */
struct scene {
	struct suite suite;
	struct test test, *tests[1];
	struct proctor_plan plan;
	struct run run;
	struct supervisor sup;
	struct host host;
	struct watch watch;
	struct proctor_error err;
	char shown[SHOWN_BYTES];
};

static void scene_open(struct scene *s)
{
	struct watch *h = &s->watch;
	struct spawned child;
	char *argv[] = { "sleep", "1000", NULL }, *envp[] = { NULL };
	sigset_t all, mask;

	*s = (struct scene){ .test = { .pub = { .id = "late" } }, .tests = { &s->test },
			     .plan = { .tests = s->tests, .ntests = 1 } };
	s->run.plan = &s->plan;
	s->run.nworkers = 1;
	s->run.options = (struct proctor_options){ .timeout_us = 1000, .repeat = 1,
						   .slow_after_us = CLOCK_NEVER / 2,
						   .grace_us = GRACE_US };
	s->suite.adapter = &adapter_tml;
	s->test.suite = &s->suite;
	assert_int_equal(plan_resolve(&s->plan, &s->run.options, &s->err), 0);
	s->host.settings = s->test.settings;
	pthread_mutex_init(&s->run.pauses.lock, NULL);
	s->sup = (struct supervisor){ .run = &s->run, .ops = &loop_epoll, .err = &s->err,
				      .interrupts = { .run = &s->run, .stream = { .fd = -1 } } };
	assert_int_equal(loop_epoll.open(&s->sup.lp, &s->err), 0);
	assert_int_equal(mailbox_open(&s->run.mailbox, 1, &s->err), 0);
	assert_int_equal(writer_open(&s->run.writer, on_event, s->shown, s->run.mailbox.wake_fd,
				     &s->err), 0);
	assert_int_equal(queue_init(&s->run.queue, &s->plan, 1, 1, &s->err), 0);
	assert_int_equal(results_open(&s->sup.results, &s->run), 0);
	assert_int_equal(inherited_open(&s->run.inherited, &s->err), 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	s->run.inherited.mask = mask;
	assert_int_equal(spawn_start(&(struct spawn){ .path = "/bin/sleep", .argv = argv,
						      .envp = envp, .leads = true,
						      .inherited = &s->run.inherited },
				     &child, &s->err), 0);
	s->run.launch = (struct launch){ .plan = &s->plan, .options = &s->run.options };
	*h = (struct watch){ .run = &s->run, .host = &s->host, .pid = child.pid,
			     .group = child.group, .pidfd = child.pidfd, .act_us = CLOCK_NEVER };
	h->out.fd = h->err.fd = -1;
	h->supervisor = &s->sup;
	h->ops = &loop_epoll;
	h->lp = s->sup.lp;
	s->host.ops = &exe_host_ops;
	h->started = (struct post){ .kind = POST_STARTED, .watch = h };
	h->kill = (struct post){ .kind = POST_KILL, .watch = h };
	s->host.shared.work = (struct host_work){ .busy = true, .task = { .ntests = 1 },
						  .serial = 1, .handed_us = clock_us() - 1000000 };
	pthread_mutex_init(&s->host.shared.lock, NULL);
	s->sup.hosts = h;
}

/* The run takes this signal, and it has come. */
static void scene_signal(struct scene *s, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	s->sup.interrupts.stream.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	assert_true(s->sup.interrupts.stream.fd >= 0);
	kill(getpid(), signo);
}

static void scene_close(struct scene *s)
{
	if (s->sup.interrupts.stream.fd >= 0)
		close(s->sup.interrupts.stream.fd);
	loop_epoll.stop(s->sup.lp, &s->watch.death);
	if (s->watch.pid > 0) {
		spawned_signal(s->watch.pid, s->watch.group, SIGKILL);
		assert_int_equal(waitpid(s->watch.pid, NULL, 0), s->watch.pid);
	}
	if (s->watch.pidfd >= 0)
		close(s->watch.pidfd);
	cutter_fini(&s->watch.out_cut);
	cutter_fini(&s->watch.err_cut);
	inherited_close(&s->run.inherited);
	pthread_sigmask(SIG_SETMASK, &s->run.inherited.mask, NULL);
	queue_fini(&s->run.queue);
	writer_close(&s->run.writer);
	results_close(&s->sup.results);
	orphans_fini(&s->sup.orphans);
	mailbox_close(&s->run.mailbox);
	loop_epoll.close(s->sup.lp);
	free(s->run.pauses.list);
}

static void an_overdue_host_is_stopped(void **state)
{
	struct scene s;
	uint64_t now_us = clock_us();

	(void)state;
	scene_open(&s);
	assert_true(host_look(&s.sup, &s.watch, now_us) >= now_us + GRACE_US);
	assert_int_equal(s.watch.state, HOST_STOPPING);
	assert_int_equal(s.host.shared.end.stop, STOP_TIMEOUT);
	scene_close(&s);
}

/* It has its time to die before it is given up. */
static void a_host_that_was_just_killed_is_not_given_up(void **state)
{
	struct scene s;
	uint64_t now_us = clock_us();

	(void)state;
	scene_open(&s);
	mailbox_post(&s.run.mailbox, &s.watch.kill);
	assert_true(host_look(&s.sup, &s.watch, now_us) > now_us);
	assert_int_equal(s.watch.state, HOST_KILLED);
	scene_close(&s);
}

/* It has its grace time, which began just now. */
static void a_host_that_was_just_asked_to_stop_is_not_killed(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	scene_signal(&s, SIGTERM);
	assert_true(host_look(&s.sup, &s.watch, clock_us()) > clock_us() + GRACE_US / 2);
	assert_int_equal(s.sup.ending.signo, SIGTERM);
	assert_int_equal(s.watch.state, HOST_STOPPING);
	scene_close(&s);
}

static void what_was_just_started_is_shown(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	s.sup.hosts = NULL;
	mailbox_post(&s.run.mailbox, &s.watch.started);
	scene_signal(&s, SIGUSR1);
	supervisor_take_signals(&s.sup);
	scene_close(&s);
	assert_non_null(strstr(s.shown, "late has run for "));
}

static struct outcome scene_outcome(struct scene *s, enum proctor_verdict verdict)
{
	return (struct outcome){ .suite = &s->suite, .serial = 1,
				 .result = { .verdict = verdict, .attempt = 1 } };
}

static void a_crash_that_is_to_end_the_run_has_all_killed(void **state)
{
	struct scene s;
	struct outcome o;
	struct task task;

	(void)state;
	scene_open(&s);
	s.run.options.on_crash = PROCTOR_ON_CRASH_STOP;
	o = scene_outcome(&s, PROCTOR_CRASH);
	supervisor_conclude(&s.sup, NULL, &o);
	assert_int_equal(s.sup.ending.stopping, STOPPING_KILLED);
	assert_string_equal(s.sup.ending.why, "the run ended at the crash of late");
	assert_int_equal(s.watch.state, HOST_KILLED);
	assert_int_equal(s.host.shared.end.stop, STOP_CANCELLED);
	assert_true(s.run.stopping);
	assert_false(queue_pop(&s.run.queue, 0, NULL, 0, &task));
	scene_close(&s);
}

static void what_is_to_be_tried_again_is_queued_and_not_its_last(void **state)
{
	struct scene s;
	struct outcome o;
	struct test_settings settings;
	struct task task;

	(void)state;
	scene_open(&s);
	settings = *s.test.settings;
	settings.retries = 1;
	s.test.settings = &settings;
	assert_true(queue_try_pop(&s.run.queue, 0, NULL, 0, &task));
	o = scene_outcome(&s, PROCTOR_FAIL);
	supervisor_conclude(&s.sup, NULL, &o);
	assert_false(o.result.final);
	assert_int_equal(s.sup.ending.stopping, STOPPING_NOT);
	assert_int_equal(s.sup.results.nunfinished, 1);
	assert_true(queue_try_pop(&s.run.queue, 0, NULL, 0, &task));
	assert_int_equal(task.attempt, 2);
	scene_close(&s);
}

static void a_run_that_ends_tries_nothing_again(void **state)
{
	struct scene s;
	struct outcome o;
	struct test_settings settings;

	(void)state;
	scene_open(&s);
	settings = *s.test.settings;
	settings.retries = 1;
	s.test.settings = &settings;
	supervisor_stop(&s.sup, STOPPING_ASKED);
	o = scene_outcome(&s, PROCTOR_FAIL);
	supervisor_conclude(&s.sup, NULL, &o);
	assert_true(o.result.final);
	assert_int_equal(s.sup.results.nunfinished, 0);
	scene_close(&s);
}

/* Delivered in the midst of a turn it must not end a host, or the run, under those who called. */
static void output_completes_a_result_after_the_turn_that_brought_it(void **state)
{
	struct scene s;
	struct outcome o;
	int out[2], err[2];

	(void)state;
	scene_open(&s);
	s.sup.hosts = NULL;
	assert_int_equal(pipe2(out, O_NONBLOCK), 0);
	assert_int_equal(pipe2(err, O_NONBLOCK), 0);
	s.watch.captured = true;
	s.watch.waiting_tail = &s.watch.waiting;
	s.watch.out.fd = out[0];
	s.watch.err.fd = err[0];
	supervisor_add(&s.sup, &s.watch);
	o = scene_outcome(&s, PROCTOR_PASS);
	assert_false(results_add(&s.sup.results, &s.watch, &o));
	assert_int_equal(write(out[1], "hello", 5), 5);
	close(out[1]);
	close(err[1]);
	while (!life_output_ended(&s.watch))
		assert_int_equal(loop_epoll.turn(s.sup.lp, clock_us() + 1000000, &s.err), 0);
	assert_int_equal(s.sup.results.nunfinished, 1);
	supervisor_take_news(&s.sup);
	assert_int_equal(s.sup.results.nunfinished, 0);
	assert_int_equal(s.sup.turn.nread_bytes, 5);
	close(out[0]);
	close(err[0]);
	cutter_fini(&s.watch.out_cut);
	cutter_fini(&s.watch.err_cut);
	scene_close(&s);
}

static _Atomic uint32_t *own_word(struct host *h)
{
	return &h->shared.own_done;
}

static void nothing_more(struct host *h)
{
	(void)h;
}

/* Its worker goes home, and its process is watched by others. */
static void a_host_that_does_not_die_is_given_up(void **state)
{
	static const struct host_ops ops = { .word = own_word, .died = nothing_more };
	struct scene s;
	pid_t pid;

	(void)state;
	scene_open(&s);
	s.host.ops = &ops;
	pid = s.watch.pid;
	s.watch.state = HOST_KILLED;
	s.watch.act_us = 1;
	host_look(&s.sup, &s.watch, clock_us());
	assert_int_equal(s.watch.state, HOST_UNDEAD);
	assert_true(s.host.shared.over);
	assert_non_null(s.host.shared.end.undead);
	assert_int_equal(s.watch.pid, 0);
	assert_int_equal(s.watch.pidfd, -1);
	assert_int_equal(s.sup.undead->pid, pid);
	/* It dies after all. */
	kill(pid, SIGKILL);
	while (s.sup.undead)
		assert_int_equal(loop_epoll.turn(s.sup.lp, clock_us() + 1000000, &s.err), 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	free(s.host.shared.end.undead);
	s.watch.pid = 0;
	scene_close(&s);
}

/* A program was started just now, is posted quietly, and has written two bytes; returns its end of the
 * pipe. */
static int scene_late(struct scene *s)
{
	int fds[2], errs[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(pipe2(errs, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(write(fds[1], "hi", 2), 2);
	close(errs[1]);
	s->watch.err.fd = errs[0];
	s->watch.out.fd = fds[0];
	s->watch.captured = true;
	s->watch.watch_us = clock_us() + WATCH_LATE_US;
	s->run.options.leak_us = GRACE_US;
	s->sup.hosts = NULL;
	mailbox_post_quietly(&s->run.mailbox, &s->watch.started);
	return fds[1];
}

/* It dies, and SIGCHLD was taken. */
static void scene_dies(struct scene *s)
{
	siginfo_t si;

	kill(s->watch.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)s->watch.pid, &si, WEXITED | WNOWAIT), 0);
	s->sup.child_ended = true;
	supervisor_look_unwatched(&s->sup);
}

static void a_program_that_was_not_watched_is_over_with_its_output(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	close(scene_late(&s));
	scene_dies(&s);
	assert_int_equal(s.watch.state, HOST_OVER);
	assert_true(s.host.shared.over);
	assert_int_equal(s.host.shared.end.status, SIGKILL);
	assert_int_equal(s.watch.out_cut.open.total_bytes, 2);
	assert_false(s.watch.death.started);
	scene_close(&s);
}

static void a_program_that_was_not_watched_may_leave_a_writer(void **state)
{
	struct scene s;
	int fd;

	(void)state;
	scene_open(&s);
	fd = scene_late(&s);
	scene_dies(&s);
	assert_int_equal(s.watch.state, HOST_DRAINING);
	assert_int_equal(write(fd, "yes", 3), 3);
	close(fd);
	for (int i = 0; i < 10 && s.watch.state == HOST_DRAINING; i++) {
		assert_int_equal(s.sup.ops->turn(s.sup.lp, clock_us() + 1000000, &s.err), 0);
		supervisor_take_news(&s.sup);
	}
	assert_int_equal(s.watch.state, HOST_OVER);
	assert_int_equal(s.watch.out_cut.open.total_bytes, 5);
	scene_close(&s);
}

static void a_program_that_is_not_soon_over_is_watched(void **state)
{
	struct scene s;
	int fd;

	(void)state;
	scene_open(&s);
	fd = scene_late(&s);
	s.sup.turn.look_us = CLOCK_NEVER;
	supervisor_posts(&s.sup);
	assert_false(s.watch.watched);
	assert_int_equal(s.sup.turn.look_us, s.watch.watch_us);
	while (clock_us() < s.sup.turn.look_us)
		usleep(1000);
	supervisor_look(&s.sup);
	assert_true(s.watch.watched && s.watch.death.started && s.watch.out.started);
	close(fd);
	while (s.watch.out.started || s.watch.err.started)
		assert_int_equal(s.sup.ops->turn(s.sup.lp, clock_us() + GRACE_US, &s.err), 0);
	close(s.watch.out.fd);
	close(s.watch.err.fd);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_overdue_host_is_stopped),
		cmocka_unit_test(a_host_that_was_just_killed_is_not_given_up),
		cmocka_unit_test(a_host_that_was_just_asked_to_stop_is_not_killed),
		cmocka_unit_test(what_was_just_started_is_shown),
		cmocka_unit_test(a_crash_that_is_to_end_the_run_has_all_killed),
		cmocka_unit_test(what_is_to_be_tried_again_is_queued_and_not_its_last),
		cmocka_unit_test(a_run_that_ends_tries_nothing_again),
		cmocka_unit_test(output_completes_a_result_after_the_turn_that_brought_it),
		cmocka_unit_test(a_host_that_does_not_die_is_given_up),
		cmocka_unit_test(a_program_that_was_not_watched_is_over_with_its_output),
		cmocka_unit_test(a_program_that_was_not_watched_may_leave_a_writer),
		cmocka_unit_test(a_program_that_is_not_soon_over_is_watched),
	};

	return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
