/* SPDX-License-Identifier: MIT */
#include "run/orphans.h"

#include "run/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RUN_ID "0123456789abcdef0123456789abcdef"

/* A child with the marks of a host's descendant (NULL: without), waiting to be killed. */
static pid_t child_start(const char *host)
{
	char number[64], *argv[] = { "sh", "-c", "echo; read -r line", NULL };
	char *envp[] = { "PROCTOR_RUN_ID=" RUN_ID, number, NULL };
	char *none[] = { NULL };
	int out[2], in[2];
	char byte;
	pid_t pid;

	snprintf(number, sizeof(number), "PROCTOR_HOST=%s", host ? host : "");
	assert_int_equal(pipe2(out, O_CLOEXEC) | pipe2(in, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execve("/bin/sh", argv, host ? envp : none);
		_exit(127);
	}
	/* Its environment is its own once it has said something. */
	assert_int_equal(read(out[0], &byte, 1), 1);
	close(out[0]);
	close(out[1]);
	close(in[0]);
	/* in[1] stays open: the child waits. */
	return pid;
}

static bool alive_if_7(uint64_t host, void *data)
{
	(void)data;
	return host == 7;
}

/* As the supervisor does it. */
static size_t kill_found(struct orphans *o, const struct orphan_owner *owner, bool all,
			 orphans_alive *alive, char **left, char **others)
{
	struct orphan_search s;
	int pid;

	o->alive = alive;
	orphan_search_open(&s, o, owner, all);
	while ((pid = orphan_search_next(&s)) > 0)
		orphan_search_killed(&s, kill(pid, SIGKILL) < 0 ? errno : 0);
	*left = s.left;
	*others = s.others;
	s.left = s.others = NULL;
	orphan_search_close(&s);
	return s.ndying;
}

static void await_zombie(pid_t pid)
{
	siginfo_t si;

	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_int_equal(si.si_status, SIGKILL);
}

static void a_process_is_known_by_its_marks(void **state)
{
	pid_t pid = child_start("42");
	struct process_stat st;

	(void)state;
	assert_int_equal(process_host(pid, RUN_ID), 42);
	assert_int_equal(process_host(pid, "another"), 0);
	assert_true(process_stat(pid, &st));
	assert_int_equal(st.parent, getpid());
	assert_int_equal(st.session, getsid(0));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(process_stat(pid, &st));
}

static void orphans_of_the_dead_are_killed_and_those_of_the_living_are_not(void **state)
{
	pid_t dead = child_start("5"), living = child_start("7"), other = child_start("6");
	const struct orphan_owner owner = { .run_id = RUN_ID, .number = 5 };
	char *left = NULL, *others = NULL, name[32];
	struct orphans o = { 0 };

	(void)state;
	assert_true(orphans_reap(&o));
	assert_true(orphans_of(&o, &owner));
	assert_int_equal(kill_found(&o, &owner, false, alive_if_7, &left, &others), 2);
	await_zombie(dead);
	await_zombie(other);
	snprintf(name, sizeof(name), "process %d (sh), ", dead);
	assert_non_null(strstr(left, name));
	snprintf(name, sizeof(name), "process %d (sh), ", other);
	assert_non_null(strstr(others, name));
	assert_true(orphans_reap(&o));
	assert_false(orphans_of(&o, &owner));
	assert_int_equal(kill(living, 0), 0);
	assert_int_equal(kill(dead, 0), -1);
	kill(living, SIGKILL);
	await_zombie(living);
	assert_false(orphans_reap(&o));
	orphans_fini(&o);
	free(left);
	free(others);
}

/* As sudo leaves one: its environment is not to be read, its group is. */
static void an_orphan_without_marks_is_known_by_its_group(void **state)
{
	pid_t pid = child_start(NULL), leader = getpgrp();
	struct orphan_owner owner = { .run_id = RUN_ID, .number = 3, .group = leader };
	struct orphans o = { 0 };

	(void)state;
	assert_int_equal(process_host(pid, RUN_ID), 0);
	assert_true(orphans_of(&o, &owner));
	owner.group = pid;
	assert_false(orphans_of(&o, &owner));
	kill(pid, SIGKILL);
	await_zombie(pid);
	assert_false(orphans_reap(&o));
}

/* What does not die at once is killed again and not named again. */
static void an_orphan_is_named_once(void **state)
{
	const struct orphan_owner owner = { .run_id = RUN_ID, .number = 5 };
	char *left = NULL, *others = NULL;
	struct writer w = { .batch_tail = &w.batch };
	pid_t pid = child_start("5");
	struct orphans o = { 0 };

	(void)state;
	/* Stands for SIGKILL having been sent without effect. */
	orphans_give_up(&o, pid);
	assert_int_equal(o.nseen, 1);
	assert_int_equal(kill_found(&o, &owner, true, alive_if_7, &left, &others), 0);
	assert_null(left);
	assert_false(orphans_of(&o, &owner));
	o.seen[0].hopeless = false;
	orphans_tell_last(&o, &w, NULL, true);
	assert_non_null(strstr(w.batch->event.text, "does not die"));
	assert_non_null(strstr(w.batch->event.text, "could not be killed"));
	assert_null(w.batch->next);
	assert_int_equal(kill_found(&o, &owner, true, alive_if_7, &left, &others), 1);
	assert_null(left);
	assert_null(others);
	await_zombie(pid);
	assert_false(orphans_reap(&o));
	orphans_fini(&o);
	writer_entry_free(w.batch);
}

static bool nobody_is_alive(uint64_t host, void *data)
{
	(void)host, (void)data;
	return false;
}

/* A shell's children before it became proctor by exec: neither killed nor reaped, whatever their
 * environment says; what came later is dealt with as if they were not there. */
static void children_that_were_there_are_left_alone(void **state)
{
	const struct orphan_owner owner = { .run_id = RUN_ID, .number = 5 };
	pid_t before = child_start("5"), ended = child_start(NULL), after;
	char *left = NULL, *others = NULL;
	struct orphans o;

	(void)state;
	kill(ended, SIGKILL);
	await_zombie(ended);
	assert_int_equal(orphans_open(&o, nobody_is_alive, NULL, NULL), 0);
	assert_int_equal(o.ninherited, 2);
	assert_false(orphans_reap(&o));
	assert_false(orphans_of(&o, &owner));
	after = child_start("5");
	assert_true(orphans_reap(&o));
	assert_true(orphans_of(&o, &owner));
	assert_int_equal(kill_found(&o, &owner, true, nobody_is_alive, &left, &others), 1);
	await_zombie(after);
	assert_false(orphans_reap(&o));
	assert_int_equal(kill(after, 0), -1);
	assert_null(others);
	assert_int_equal(kill(before, SIGKILL), 0);
	await_zombie(before);
	assert_false(orphans_reap(&o));
	assert_int_equal(waitpid(before, NULL, WNOHANG), before);
	assert_int_equal(waitpid(ended, NULL, WNOHANG), ended);
	orphans_fini(&o);
	free(left);
}

static void an_origin_follows_from_what_is_known(void **state)
{
	static const struct {
		struct origin_facts facts;
		enum origin origin;
	} rows[] = {
		{ { .alone = true }, ORIGIN_TEST },
		{ { .alone = true, .own_session = true }, ORIGIN_ELSEWHERE },
		{ { .alone = true, .older = true }, ORIGIN_ELSEWHERE },
		{ { .inherited = true }, ORIGIN_ELSEWHERE },
		{ { .inherited = true, .marked = true }, ORIGIN_ELSEWHERE },
		{ { .marked = true }, ORIGIN_TEST },
		{ { .marked = true, .older = true }, ORIGIN_TEST },
		{ { .own_session = true }, ORIGIN_ELSEWHERE },
		{ { .older = true }, ORIGIN_ELSEWHERE },
		{ { .alone = false }, ORIGIN_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(origin_of(&rows[i].facts), rows[i].origin);
}

struct starter {
	pid_t pid;
	pthread_barrier_t started, done;
};

static void *starter_main(void *data)
{
	struct starter *s = data;

	s->pid = child_start("9");
	pthread_barrier_wait(&s->started);
	pthread_barrier_wait(&s->done);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	return NULL;
}

static void a_child_of_another_thread_is_no_orphan(void **state)
{
	const struct orphan_owner owner = { .run_id = RUN_ID, .number = 9 };
	char *left = NULL, *others = NULL;
	struct orphans o = { 0 };
	struct starter s;
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&s.started, NULL, 2);
	pthread_barrier_init(&s.done, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, starter_main, &s), 0);
	pthread_barrier_wait(&s.started);
	assert_false(orphans_reap(&o));
	assert_int_equal(kill_found(&o, &owner, true, alive_if_7, &left, &others), 0);
	assert_null(left);
	assert_null(others);
	pthread_barrier_wait(&s.done);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_known_by_its_marks),
		cmocka_unit_test(orphans_of_the_dead_are_killed_and_those_of_the_living_are_not),
		cmocka_unit_test(an_orphan_without_marks_is_known_by_its_group),
		cmocka_unit_test(an_orphan_is_named_once),
		cmocka_unit_test(children_that_were_there_are_left_alone),
		cmocka_unit_test(an_origin_follows_from_what_is_known),
		cmocka_unit_test(a_child_of_another_thread_is_no_orphan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
