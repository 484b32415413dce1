/* SPDX-License-Identifier: MIT */
#include "run/worker.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/thread.h"
#include "base/vector.h"
#include "run/guard_client.h"
#include "run/host_replace.h"
#include "run/judge.h"
#include "run/suspects.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void worker_pin(const struct worker *w)
{
	cpu_set_t *set;
	size_t nbytes;

	if (w->core < 0)
		return;
	nbytes = CPU_ALLOC_SIZE(w->core + 1);
	set = CPU_ALLOC(w->core + 1);
	if (!set)
		return;
	CPU_ZERO_S(nbytes, set);
	CPU_SET_S(w->core, nbytes, set);
	/* Refused if the mask was narrowed meanwhile: then it runs where it may. */
	pthread_setaffinity_np(pthread_self(), nbytes, set);
	CPU_FREE(set);
}

/* Of the host it has, if it has one. */
static struct post *worker_results(struct worker *w)
{
	struct post *post = mailbox_results(&w->run->mailbox, w->slot);

	post->watch = w->watch;
	return post;
}

/* The one that was made ready for the task. */
static struct post *worker_task_results(struct worker *w)
{
	struct post *post = w->room;

	w->room = NULL;
	post->watch = w->watch;
	return post;
}

static bool post_all_passed(const struct post *post)
{
	for (unsigned i = 0; i < post->noutcomes; i++)
		if (post->outcomes[i].result.verdict != PROCTOR_PASS)
			return false;
	return true;
}

/*
 * The supervisor is woken at once where it may have to stop the run. Otherwise it is told before
 * this worker sleeps, with what there is to say by then: a wake-up costs as much as a small test.
 */
static void worker_post(struct worker *w, struct post *post)
{
	for (unsigned i = 0; i < post->noutcomes; i++) {
		post->outcomes[i].result.worker = w->slot;
		post->outcomes[i].result.core = w->core;
	}
	if (post_all_passed(post))
		mailbox_post_quietly(&w->run->mailbox, post);
	else
		mailbox_post(&w->run->mailbox, post);
}

/* To be called before anything is waited for. */
static void worker_tell(struct worker *w)
{
	mailbox_wake(&w->run->mailbox);
}

/* The first tests of `rest`, as many as any post has room for, are moved into `*piece`. */
static bool task_next_piece(struct task *rest, struct task *piece)
{
	*piece = *rest;
	if (piece->ntests > TASK_TESTS_MAX)
		piece->ntests = TASK_TESTS_MAX;
	rest->first += piece->ntests;
	rest->ntests -= piece->ntests;
	return piece->ntests > 0;
}

static void worker_fail_task(struct worker *w, const struct task *task, const char *message)
{
	struct task rest = *task, piece;

	while (task_next_piece(&rest, &piece)) {
		struct post *post = worker_results(w);

		/* No process is to blame, and none has begun with it. */
		post->watch = NULL;
		judge_all_errors(&piece, 0, message, post);
		worker_post(w, post);
	}
}

static void worker_tell_unrun(struct worker *w, const struct task *task)
{
	struct task rest = *task, piece;

	while (task_next_piece(&rest, &piece)) {
		struct post *post = worker_results(w);

		post->watch = NULL;
		judge_unrun(w->run->plan, &piece, post);
		worker_post(w, post);
	}
}

/* The host is over and judged: the supervisor frees it. */
static void worker_release(struct worker *w)
{
	/* What ran again would be counted twice. */
	if (w->watch->confirms)
		host_drop_counts(w->watch->host);
	else
		host_leave_counts(w->watch->host);
	host_remove_dirs(w->watch->host);
	mailbox_post_quietly(&w->run->mailbox, &w->watch->released);
	w->watch = NULL;
}

/* Has an idle host exit, and judges how it did. */
static void worker_end_host(struct worker *w)
{
	struct post *post;

	if (!w->watch)
		return;
	host_tell_end(w->watch->host);
	worker_tell(w);
	host_wait_over(w->watch->host);
	post = worker_results(w);
	judge_exit(w->watch->host, &w->run->symbolizers, post);
	worker_post(w, post);
	worker_release(w);
}

/* Has it killed, and waits for that. */
static void worker_kill_host(struct worker *w)
{
	mailbox_post(&w->run->mailbox, &w->watch->kill);
	host_wait_over(w->watch->host);
}

/* What is left of a task goes back to the head of the queue. */
static void worker_put_back(struct worker *w, const struct task *task, unsigned skip,
			    unsigned ntests, bool never_began)
{
	struct task rest = *task;

	if (ntests == 0)
		return;
	if (never_began)
		rest.nopens++;
	if (queue_push_head(&w->run->queue, &rest, skip, ntests) == 0)
		return;
	rest.first += skip;
	rest.ntests = ntests;
	worker_fail_task(w, &rest, "no memory to queue it again");
}

static void worker_mark_broken(struct worker *w, size_t lane, char *why)
{
	char *none = NULL;

	if (why && !atomic_compare_exchange_strong(&w->run->broken[lane], &none, why))
		free(why);
}

/* What became of the file since the plan read it; a change is a sentence in `why`. */
static enum file_change worker_look(const struct task *task, const char *end, char *why, size_t nwhy)
{
	enum file_change change = file_look(task->suite->path, &task->suite->file);

	if (change != FILE_SAME)
		snprintf(why, nwhy, "%s %s: %s", task->suite->path, file_change_words(change), end);
	return change;
}

/* Nothing is run of a suite whose file is another by now: it would be wrong code under right names.
 * A host that has it open goes on with the old file, but its next test may need another host. */
static bool worker_refuses(struct worker *w, const struct task *task)
{
	char why[PATH_MAX + 128];

	if (worker_look(task, "its tests are not run", why, sizeof(why)) == FILE_SAME)
		return false;
	worker_fail_task(w, task, why);
	worker_mark_broken(w, task->lane, strdup(why));
	return true;
}

/* Code is read from the file while it runs: who writes there changes what runs. */
static bool worker_distrusts(struct worker *w, const struct task *task, bool opened,
			     struct post *post)
{
	char why[PATH_MAX + 128];
	enum file_change change = worker_look(task, "what ran is not known", why, sizeof(why));

	if (change == FILE_SAME || (change != FILE_WRITTEN && opened))
		return false;
	judge_distrust(post, why);
	worker_mark_broken(w, task->lane, strdup(why));
	return true;
}

/* The task could not be begun. Where the run's end was the reason, its tests never began. */
static void worker_not_started(struct worker *w, const struct task *task, int ret,
			       const struct proctor_error *err)
{
	if (ret == -ECANCELED)
		worker_put_back(w, task, 0, task->ntests, false);
	else
		worker_fail_task(w, task, err->text);
}

/*
 * Tells the supervisor of a host. A program that is short is over before anything has to be known of
 * it: SIGCHLD wakes the supervisor at its end, and to be woken for its start as well would cost more
 * than many a test does.
 */
static void worker_post_started(struct worker *w, pid_t pid)
{
	if (w->watch->watch_us == 0) {
		mailbox_post(&w->run->mailbox, &w->watch->started);
		return;
	}
	mailbox_post_quietly(&w->run->mailbox, &w->watch->started);
	/* Its SIGCHLD may have come before the post. */
	if (spawned_is_zombie(pid))
		worker_tell(w);
}

/* The guard knows of a fork server as it does of a host. */
static void worker_guard_server(struct worker *w, pid_t before)
{
	pid_t now = w->server.process.group;

	if (now == before)
		return;
	if (before > 0)
		guard_remove(w->run->guard, before);
	if (now > 0)
		guard_add(w->run->guard, now);
}

static void worker_end_server(struct worker *w)
{
	pid_t before = w->server.process.group;

	fork_server_end(&w->server, &w->run->crash_pool);
	worker_guard_server(w, before);
}

static int worker_launch(struct worker *w, uint64_t number, const struct task *task, struct host **host,
			 struct started *started, struct proctor_error *err)
{
	pid_t before = w->server.process.group;
	int ret = host_start(&w->run->launch, w->slot, number, &w->server, task, host, started, err);

	worker_guard_server(w, before);
	return ret;
}

/* On success the supervisor watches it. */
static int worker_begin_host(struct worker *w, const struct task *task, struct proctor_error *err)
{
	struct watch *watch = watch_new(w->run, w->slot, w->core);
	_Atomic uint64_t *live = &w->live_hosts[host_ops_of(task->suite)->is_task];
	uint64_t number = ++w->run->nhosts;
	struct started started;
	struct host *host;
	int ret;

	if (!watch)
		return error_set(err, -ENOMEM, "no memory to watch its host");
	watch->confirms = task->confirms;
	/* Before the start: what the process leaves at once is known to be of a host. */
	*live = number;
	ret = worker_launch(w, number, task, &host, &started, err);
	if (ret < 0) {
		*live = 0;
		watch_free(watch);
		return ret;
	}
	if (!host->ops->is_task)
		w->ran.n = 0;
	guard_add(w->run->guard, started.process.group);
	watch_started(watch, host, &started);
	w->watch = watch;
	worker_post_started(w, started.process.pid);
	return 0;
}

/* The same; on failure its tests were dealt with. */
static bool worker_start_host(struct worker *w, const struct task *task)
{
	struct proctor_error err;
	int ret = worker_begin_host(w, task, &err);

	if (ret < 0)
		worker_not_started(w, task, ret, &err);
	return ret == 0;
}

/* Notes what the host will do when it gets a task of this suite. Only the last one opened can be one
 * to be closed, so that the others keep their numbers. */
static void worker_opens(struct host *host, struct suite *suite)
{
	if (host->nsuites > 0 && host_closes(host, host->suites[host->nsuites - 1]))
		host->nsuites--;
	host->suites[host->nsuites++] = suite;
	host->nopened++;
}

static bool worker_ready_host(struct worker *w, const struct task *task)
{
	if (w->watch && host_replaced_before(w->watch->host, task))
		worker_end_host(w);
	if (!w->watch && !worker_start_host(w, task))
		return false;
	if (!w->watch->host->ops->is_task && !host_has(w->watch->host, task->suite))
		worker_opens(w->watch->host, task->suite);
	return true;
}

/* The supervisor has told of them. */
static void worker_drop_settled(struct post *post)
{
	unsigned nkept = 0;

	for (unsigned i = 0; i < post->noutcomes; i++)
		if (post->outcomes[i].settled)
			outcome_fini(&post->outcomes[i]);
		else
			post->outcomes[nkept++] = post->outcomes[i];
	post->noutcomes = nkept;
}

/* Takes what is no outcome out of the post: those tests run again, each alone, and here, where they were said to
 * have started. */
static void worker_set_apart(struct worker *w, struct post *post)
{
	unsigned nkept = 0;

	for (unsigned i = 0; i < post->noutcomes; i++) {
		struct outcome *o = &post->outcomes[i];
		item_t *item = o->again ? vector_add(&w->again) : NULL;

		if (!item) {
			post->outcomes[nkept++] = *o;
			continue;
		}
		*item = o->item;
		outcome_fini(o);
	}
	post->noutcomes = nkept;
}

/* In what order the tests of a host with suites have run. For want of memory it is not known, and no failure in this
 * host is looked into. */
static bool worker_note_ran(struct worker *w, const struct outcome *o)
{
	item_t *item = vector_add(&w->ran);

	if (!item)
		return false;
	*item = o->item;
	if (w->ran.n == 1)
		w->ran_from_us = o->result.start_us;
	return true;
}

/* Which of a program's tests had begun before that one ended; some frameworks run several at a time. */
static void worker_suspect_in_program(struct worker *w, struct post *post, struct outcome *o)
{
	VECTOR(item_t) before = { 0 };
	size_t at = 0;
	item_t *item;

	for (unsigned i = 0; i < post->noutcomes; i++) {
		const struct outcome *other = &post->outcomes[i];

		if (other == o)
			at = before.n;
		else if (other->result.start_us > 0 && other->result.start_us < o->result.end_us &&
			 (item = vector_add(&before)))
			*item = other->item;
	}
	if (before.n > 0)
		o->suspect = suspect_new(&w->run->suspects, o, before.list, before.n, at,
					 o->result.start_us - w->watch->host->shared.work.handed_us);
	free(before.list);
}

/* Failures that are to be looked into at the end of the run, and what had run before them. */
static void worker_suspect(struct worker *w, const struct task *task, struct post *post)
{
	bool is_program = w->watch->host->ops->is_task;

	if (task->own_host)
		return;
	for (unsigned i = 0; i < post->noutcomes; i++) {
		struct outcome *o = &post->outcomes[i];

		if (!o->settled && suspects_want(&w->run->suspects, o)) {
			if (is_program)
				worker_suspect_in_program(w, post, o);
			else if (w->ran.n > 0)
				o->suspect = suspect_new(&w->run->suspects, o, w->ran.list, w->ran.n, w->ran.n,
							 o->result.start_us - w->ran_from_us);
		}
		if (!is_program && !worker_note_ran(w, o))
			return;
	}
}

/* Notes how long the process of a program took to get to its tests, and for them. */
static void worker_measure(struct worker *w, const struct post *post)
{
	uint64_t handed_us = w->watch->host->shared.work.handed_us, start_us, end_us;

	if (!w->watch->host->ops->is_task || post->noutcomes == 0)
		return;
	start_us = post->outcomes[0].result.start_us;
	end_us = post->outcomes[post->noutcomes - 1].result.end_us;
	if (start_us >= handed_us && end_us >= start_us)
		w->measured = (struct queue_measure){ start_us - handed_us, end_us - start_us,
						      post->noutcomes };
}

/* The task was handed out and is done, or its host is over. */
static void worker_judge(struct worker *w, const struct task *task, bool over, bool opened)
{
	struct host *host = w->watch->host;
	struct post *post = worker_task_results(w);
	struct judgement j = judge_task(host, task, over, &w->run->symbolizers, post);
	bool distrusted;

	if (j.condemn) {
		worker_kill_host(w);
		over = true;
		j = judge_task(host, task, over, &w->run->symbolizers, post);
	}
	distrusted = worker_distrusts(w, task, opened || (!host->ops->is_task && !j.broken), post);
	worker_mark_broken(w, task->lane, j.broken);
	worker_measure(w, post);
	worker_set_apart(w, post);
	worker_suspect(w, task, post);
	worker_drop_settled(post);
	worker_post(w, post);
	worker_put_back(w, task, task->ntests - j.nrest, j.nrest, j.never_began);
	worker_put_back(w, task, j.first_lost, j.nlost, false);
	if (distrusted && !over) {
		/* Not to its exit, where more of that code would run. */
		worker_kill_host(w);
		over = true;
	}
	if (over)
		worker_release(w);
	else if (host_replaced_after(task, &j))
		worker_end_host(w);
}

static void worker_run_in_host(struct worker *w, const struct task *task)
{
	struct proctor_error err;
	bool opened;
	int ret;

	if (!worker_ready_host(w, task))
		return;
	/* It was the same before the start: then it was this file that was executed. */
	opened = w->watch->host->ops->is_task &&
		 file_look(task->suite->path, &task->suite->file) == FILE_SAME;
	ret = host_hand_out(w->watch->host, task, &err);
	if (ret < 0) {
		worker_not_started(w, task, ret, &err);
		return;
	}
	if (w->watch->watch_us == 0 || !host_wait_briefly(w->watch->host, WATCH_LATE_US))
		worker_tell(w);
	worker_judge(w, task, host_wait(w->watch->host), opened);
}

/* A host that has suites open waits while a program runs. */
static void worker_run_program(struct worker *w, const struct task *task)
{
	struct watch *idle = w->watch;

	w->watch = NULL;
	w->measured = (struct queue_measure){ 0 };
	worker_run_in_host(w, task);
	w->watch = idle;
	if (host_ops_of(task->suite)->tests_max > 1)
		queue_measured(&w->run->queue, task, &w->measured);
}

/* Room for the outcomes of a task is there before it is begun, so that judging cannot fail for want of it.
 * Where there is none the task becomes smaller. */
static void worker_make_room(struct worker *w, struct task *task)
{
	unsigned nrest = task->ntests > TASK_TESTS_MAX ? task->ntests - TASK_TESTS_MAX : 0;

	if (!w->room)
		w->room = mailbox_results(&w->run->mailbox, w->slot);
	/* And for two of its host's exit. */
	if (post_reserve(w->room, task->ntests + 2))
		return;
	worker_put_back(w, task, TASK_TESTS_MAX, nrest, false);
	task->ntests -= nrest;
}

static void worker_run_in_some_host(struct worker *w, struct task *task)
{
	worker_make_room(w, task);
	if (host_ops_of(task->suite)->is_task)
		worker_run_program(w, task);
	else
		worker_run_in_host(w, task);
}

/* What a task's process left in doubt. */
static void worker_run_again(struct worker *w, const struct task *task)
{
	for (size_t i = 0; i < w->again.n; i++) {
		struct task alone = *task;

		alone.first = w->again.list[i];
		alone.ntests = 1;
		alone.own_host = true;
		worker_run_in_some_host(w, &alone);
	}
	w->again.n = 0;
}

static void worker_run_task(struct worker *w, struct task *task)
{
	const char *broken = task->suite->error;

	if (w->server.suite != task->suite)
		worker_end_server(w);
	if (!broken)
		broken = atomic_load(&w->run->broken[task->lane]);
	if (broken)
		worker_fail_task(w, task, broken);
	else if (!test_is_run(item_test(w->run->plan, task->first)))
		worker_tell_unrun(w, task);
	else if (!worker_refuses(w, task))
		worker_run_in_some_host(w, task);
	worker_run_again(w, task);
}

/* ---- looking into failures, after the last test of the run ---- */

/* Each of the tests is told of to nobody. */
static void outcomes_forget(struct post *post)
{
	for (unsigned i = 0; i < post->noutcomes; i++)
		outcome_fini(&post->outcomes[i]);
	post->noutcomes = 0;
}

/* What came of the test; false: it is not known. */
static bool outcomes_answer(const struct suspect *s, const struct post *post, enum proctor_verdict *verdict,
			    enum confirm_answer *answer)
{
	for (unsigned i = 0; i < post->noutcomes; i++) {
		const struct outcome *o = &post->outcomes[i];

		if (o->item != s->item || o->again)
			continue;
		*verdict = o->result.verdict;
		*answer = suspect_answer(s, o->result.verdict, o->by_exit);
		return true;
	}
	return false;
}

/* Makes the process of the task ready: the one that has run those before it, if it is not the first. */
static bool worker_ready_again(struct worker *w, const struct task *task, bool first)
{
	char why[PATH_MAX + 128];
	struct proctor_error err;

	if (worker_look(task, "", why, sizeof(why)) != FILE_SAME || !post_reserve(w->room, task->ntests + 2))
		return false;
	if (!first && host_replaced_before(w->watch->host, task))
		return false;
	if (first && worker_begin_host(w, task, &err) < 0)
		return false;
	if (!w->watch->host->ops->is_task && !host_has(w->watch->host, task->suite))
		worker_opens(w->watch->host, task->suite);
	return host_hand_out(w->watch->host, task, &err) == 0;
}

/* True: the process goes on, with the next tests. `*over`: it has ended. */
static bool worker_run_part(struct worker *w, const struct task *task, bool first, bool *over)
{
	struct post *post = w->room;
	struct judgement j;

	if (!worker_ready_again(w, task, first))
		return false;
	worker_tell(w);
	*over = host_wait(w->watch->host);
	j = judge_task(w->watch->host, task, *over, NULL, post);
	free(j.broken);
	return !*over && !j.condemn && !j.retire && j.nrest == 0 && j.nlost == 0;
}

/* The next tests of a list that can be handed out together. */
static struct task worker_part(const struct worker *w, const item_t *items, size_t nitems)
{
	struct suite *suite = run_test(w->run, items[0])->suite;
	struct task part = { .suite = suite, .first = items[0], .items = items, .attempt = 1, .confirms = true };
	size_t most = host_ops_of(suite)->tests_max;

	while (part.ntests < nitems && part.ntests < most &&
	       run_test(w->run, items[part.ntests])->suite == suite)
		part.ntests++;
	return part;
}

/* Runs tests in one process, in their order; the suspect's is number `target`. */
static enum confirm_answer worker_try(struct worker *w, struct suspect *s, const item_t *items, size_t nitems,
				      size_t target, enum proctor_verdict *verdict)
{
	uint64_t until_us = suspects_until_us(&w->run->suspects, s);
	enum confirm_answer answer = CONFIRM_UNKNOWN;
	bool goes_on = true, over = false;
	struct task part;

	if (!w->room)
		w->room = mailbox_results(&w->run->mailbox, w->slot);
	for (size_t from = 0; from <= target && goes_on; from += part.ntests) {
		part = worker_part(w, items + from, nitems - from);
		part.own_host = nitems == 1;
		part.until_us = until_us;
		goes_on = worker_run_part(w, &part, from == 0, &over);
		if (from + part.ntests > target && !outcomes_answer(s, w->room, verdict, &answer))
			answer = CONFIRM_UNKNOWN;
		outcomes_forget(w->room);
	}
	/* Not to its exit: nobody asks for that. */
	if (w->watch && !over)
		worker_kill_host(w);
	if (w->watch)
		worker_release(w);
	return until_us == 0 || clock_us() < until_us ? answer : CONFIRM_UNKNOWN;
}

/* One more process of a search. */
static void worker_look_once(struct worker *w, struct suspect *s)
{
	bool alone = s->confirm.stage == CONFIRM_ALONE;
	enum proctor_verdict verdict = PROCTOR_NVERDICTS;
	enum confirm_answer answer;
	size_t nitems, target = 0;
	const item_t *items = suspect_items(s, &nitems, &target);

	if (!items) {
		confirm_give_up(&s->confirm);
		return;
	}
	answer = worker_try(w, s, items, nitems, target, &verdict);
	if (alone)
		s->alone = verdict;
	/* What was cut short says nothing. */
	if (alone || suspects_has_time(&w->run->suspects, s))
		confirm_told(&s->confirm, answer);
}

/* The run alone, or, if that was seen to pass, the search. */
static void worker_look_into(struct worker *w, struct suspect *s)
{
	bool alone = s->confirm.stage == CONFIRM_ALONE;

	while (s->confirm.stage != CONFIRM_DONE && !w->run->stopping &&
	       alone == (s->confirm.stage == CONFIRM_ALONE)) {
		if (!alone && !suspects_has_time(&w->run->suspects, s))
			break;
		worker_look_once(w, s);
	}
}

static void worker_confirm(struct worker *w)
{
	struct suspect *s;

	while ((s = suspects_take(&w->run->suspects))) {
		worker_look_into(w, s);
		if (suspects_give(&w->run->suspects, s) && !w->run->stopping)
			mailbox_post(&w->run->mailbox, &s->post);
	}
}

static bool worker_next(struct worker *w, struct task *task)
{
	const struct host *host = w->watch ? w->watch->host : NULL;
	struct suite *const *open = host ? host->suites : NULL;
	size_t nopen = host ? host->nsuites : 0;

	if (queue_try_pop(&w->run->queue, w->slot, open, nopen, task))
		return true;
	worker_tell(w);
	return queue_pop(&w->run->queue, w->slot, open, nopen, task);
}

static void *worker_main(void *data)
{
	struct worker *w = data;
	struct task task;

	worker_pin(w);
	/* Nothing is started that it would not clean up after. */
	guard_wait(w->run->guard);
	while (worker_next(w, &task))
		worker_run_task(w, &task);
	worker_end_host(w);
	worker_end_server(w);
	worker_confirm(w);
	free(w->again.list);
	free(w->ran.list);
	mailbox_post(&w->run->mailbox, &w->end);
	return NULL;
}

int worker_start(struct worker *w, struct proctor_error *err)
{
	int ret;

	w->end = (struct post){ .kind = POST_WORKER_ENDED, .worker = w->slot };
	ret = thread_start(&w->thread, THREAD_STACK_BYTES, worker_main, w);
	if (ret < 0)
		return error_sys(err, -ret, "cannot start the thread of worker %u", w->slot);
	w->started = true;
	return 0;
}

int workers_start(struct run *run, unsigned *nworkers, struct proctor_error *err)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < run->nworkers; i++) {
		ret = worker_start(&run->workers[i], err);
		*nworkers += ret == 0;
	}
	return ret;
}

void workers_join(struct run *run)
{
	for (unsigned i = 0; i < run->nworkers; i++)
		if (run->workers[i].started)
			pthread_join(run->workers[i].thread, NULL);
}

bool worker_has_host(uint64_t number, void *data)
{
	const struct run *run = data;

	for (unsigned i = 0; i < run->nworkers; i++)
		for (unsigned k = 0; k < ARRAY_SIZE(run->workers[i].live_hosts); k++)
			if (run->workers[i].live_hosts[k] == number)
				return true;
	return false;
}

void worker_host_over(struct worker *w, uint64_t number)
{
	for (unsigned k = 0; k < ARRAY_SIZE(w->live_hosts); k++) {
		uint64_t live = number;

		/* Its worker may be starting the next one meanwhile. */
		atomic_compare_exchange_strong(&w->live_hosts[k], &live, 0);
	}
}
