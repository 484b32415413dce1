/* SPDX-License-Identifier: MIT */
#include "run/supervisor.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/crash_words.h"
#include "coverage/process_counts.h"
#include "run/exit_output.h"
#include "run/guard_client.h"
#include "run/host_end.h"
#include "run/look.h"
#include "run/not_run.h"
#include "run/rescue.h"
#include "run/running.h"
#include "run/settled.h"
#include "run/starts.h"
#include "run/undead.h"
#include "run/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

/* How long a killed host may take to die before it is given up. */
#define KILLED_US 5000000u
/* So many tests that were not run are told before it is asked whether the reader can follow. */
#define NOT_RUN_TESTS 1000
/* How long orphans may take to die at the end of the run. */
#define ORPHANS_US 2000000u

/* The time, read often enough for a standstill of the whole run to be noticed. */
static uint64_t supervisor_clock(struct supervisor *sup)
{
	uint64_t now_us = clock_us();

	if (pauses_look(&sup->run->pauses, now_us) < 0)
		sup->run->writer.lost = true;
	return now_us;
}

/* Orphans become children of this process only where it is a subreaper. Does any live? */
static bool supervisor_has_orphans(const struct supervisor *sup)
{
	return sup->interrupts.stream.fd >= 0 && orphans_reap(&sup->orphans);
}

/* Whose orphans are those of `h`; NULL: those that no host is left to own. */
static struct orphan_owner owner_of(const struct supervisor *sup, const struct watch *h)
{
	return (struct orphan_owner){ .run_id = sup->run->run_id, .number = h ? h->number : 0,
				      .group = h ? h->group : 0 };
}

/* Kills what dead hosts have left, and adds to `left` the names of what is of `h`. Returns how many of it may
 * yet die. */
static size_t supervisor_kill_orphans(struct supervisor *sup, const struct watch *h, char **left)
{
	const struct orphan_owner owner = owner_of(sup, h);
	struct orphan_search s;
	int pid;

	if (!supervisor_has_orphans(sup))
		return 0;
	orphan_search_open(&s, &sup->orphans, &owner, !h);
	s.left = *left;
	while ((pid = orphan_search_next(&s)) > 0)
		orphan_search_killed(&s, kill(pid, SIGKILL) < 0 ? errno : 0);
	sup->run->writer.lost |= sup->orphans.lost;
	if (s.others)
		writer_note(&sup->run->writer, "killed what a test had left behind: %s", s.others);
	*left = s.left;
	s.left = NULL;
	orphan_search_close(&s);
	return s.ndying;
}

/* Does something live on that it had started? Only known where the run is told of orphans. */
static bool host_has_orphans(struct supervisor *sup, const struct watch *h)
{
	const struct orphan_owner owner = owner_of(sup, h);

	return supervisor_has_orphans(sup) && orphans_of(&sup->orphans, &owner);
}

static void supervisor_stop(struct supervisor *sup, enum stopping how);

/* Tells a complete outcome, and does what follows from it. */
static void supervisor_conclude(struct supervisor *sup, struct watch *h, struct outcome *o)
{
	const struct proctor_options *options = &sup->run->options;
	enum follow follow = results_follow(&sup->results, o, sup->ending.stopping == STOPPING_NOT);
	const struct proctor_test *test;
	char why[sizeof(sup->ending.why)];

	/* Before the outcome is told: whether it is the test's last depends on it. */
	if (follow == FOLLOW_RETRY &&
	    queue_push_retry(&sup->run->queue, o->suite, o->item, o->result.attempt + 1) < 0) {
		sup->run->writer.lost = true;
		follow = results_follow(&sup->results, o, false);
	}
	if (o->suspect)
		suspects_add(&sup->run->suspects, o->suspect);
	else if (o->item != ITEM_EXIT && o->result.attempt > 1)
		suspects_told_alone(&sup->run->suspects, o->item, o->result.verdict);
	test = results_tell(&sup->results, h, o, follow != FOLLOW_RETRY);
	switch (follow) {
	case FOLLOW_NOTHING:
	case FOLLOW_RETRY:
		break;
	case FOLLOW_END_CRASH:
	case FOLLOW_END_FIRST:
	case FOLLOW_END_FAILURES:
		ending_reason(&sup->ending, "%s", follow_reason(follow, options, test ? test->id :
				  "a test", why, sizeof(why)));
		supervisor_stop(sup, STOPPING_KILLED);
		break;
	}
}

/* Concludes what was held up by output that has arrived by now. */
static void host_settle(struct supervisor *sup, struct watch *h)
{
	struct outcome o;

	while (results_next(h, &o))
		supervisor_conclude(sup, h, &o);
}

/* Tells of the tests that are settled in a process that goes on. */
static void host_tell_settled(struct supervisor *sup, struct watch *h)
{
	bool first = true;
	struct host_work work;
	struct outcome o;

	if (!settled_possible(h, &work))
		return;
	while (settled_next(h, &work, &o)) {
		/* What a test has sent is noted before its result is told. */
		if (first)
			supervisor_take_signals(sup);
		first = false;
		starts_tell_until(sup->run, &sup->results.begun, h, &work, o.serial);
		if (results_add(&sup->results, h, &o))
			supervisor_conclude(sup, h, &o);
	}
}

/* The host is dead, and neither its output nor its children are waited for any longer. */
static void host_finish(struct supervisor *sup, struct watch *h)
{
	struct host_end *end = &h->host->shared.end;

	h->act_us = CLOCK_NEVER;
	worker_host_over(&sup->run->workers[h->worker], h->number);
	supervisor_kill_orphans(sup, h, &end->left);
	/* A zombie keeps its number: the group cannot have become a stranger's. */
	if (!end->stolen && spawned_is_zombie(h->pid))
		spawned_signal(h->pid, h->group, SIGKILL);
	life_close(h);
	host_settle(sup, h);
	life_end(h);
}

/* One that had been given up has died after all. */
static void supervisor_on_undead(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct undead *u = container_of(s, struct undead, death);
	struct supervisor *sup = u->owner;

	(void)bytes, (void)nbytes, (void)error;
	/* It may have been reaped already: when its worker's thread ended it became a child of this
	 * thread, and those are reaped as orphans. */
	if (spawned_is_zombie(u->pid))
		spawned_signal(u->pid, u->group, SIGKILL);
	guard_remove(sup->run->guard, u->group);
	undead_remove(&sup->undead, u);
}

/* SIGKILL did not end it. Its worker goes on without it, and it is watched until the run's end. */
static void host_give_up(struct supervisor *sup, struct watch *h)
{
	struct proctor_error err;
	struct undead *u;

	h->act_us = CLOCK_NEVER;
	worker_host_over(&sup->run->workers[h->worker], h->number);
	/* When its worker's thread ends it becomes a child of this thread, as orphans are. */
	orphans_give_up(&sup->orphans, h->pid);
	life_give_up(h);
	u = undead_add(&sup->undead, h->pid, h->group, h->pidfd);
	h->pid = 0;
	h->pidfd = -1;
	if (u && undead_watch(u, sup->ops, sup->lp, supervisor_on_undead, sup, &err) < 0)
		writer_note(&sup->run->writer, "process %d is not watched any longer: %s", u->pid,
			    err.text);
	host_settle(sup, h);
	life_end(h);
}

/* What is done to a host that enters a state: it is asked to stop, killed, given up, or through. */
static void host_enter(struct supervisor *sup, struct watch *h, enum host_state state)
{
	if (state == h->state)
		return;
	h->state = state;
	/* What it has counted so far can be read as long as it lives. */
	if (h->counts && (state == HOST_STOPPING || state == HOST_KILLED))
		process_counts_read(h->counts, h->pid);
	switch (state) {
	case HOST_STOPPING:
		spawned_signal(h->pid, h->group, SIGTERM);
		spawned_signal(h->pid, h->group, SIGCONT);
		watch_wait(h, clock_us(), h->host->settings->grace_us);
		break;
	case HOST_KILLED:
		spawned_signal(h->pid, h->group, SIGKILL);
		h->kill_errnum = kill(h->pid, SIGKILL) < 0 ? errno : 0;
		/* EPERM: it runs as another user, and waiting would change nothing. */
		watch_wait(h, clock_us(), h->kill_errnum == EPERM ? 0 : KILLED_US);
		break;
	case HOST_UNDEAD:
		host_give_up(sup, h);
		break;
	case HOST_OVER:
		host_finish(sup, h);
		break;
	case HOST_RUNNING:
	case HOST_DRAINING:
		break;		/* nothing is done to it */
	}
	turn_look_by(&sup->turn, h->act_us);
}

/* Takes the next step against a host if it is due, or, if it is dead, all of it has come to an end. */
static void host_step(struct supervisor *sup, struct watch *h, uint64_t now_us)
{
	if (now_us >= look_step_due_us(h, now_us))
		host_enter(sup, h, host_next(h->state, HOST_OVERDUE));
	else if (h->state == HOST_DRAINING && life_output_ended(h) && !host_has_orphans(sup, h))
		host_enter(sup, h, host_next(h->state, HOST_ENDED));
}

/* Looks at dead hosts which only an orphan may have held up. */
static void supervisor_orphan_ended(struct supervisor *sup)
{
	orphans_reap(&sup->orphans);
	for (struct watch *h = sup->hosts; h; h = h->next)
		if (h->state == HOST_DRAINING && life_output_ended(h))
			host_step(sup, h, clock_us());
}

/* What was read in a turn of the loop, or drained: it may complete results, and end hosts. */
static void supervisor_take_news(struct supervisor *sup)
{
	for (struct watch *h = sup->hosts; h; h = h->next) {
		if (!h->has_news)
			continue;
		h->has_news = false;
		sup->turn.nread_bytes += h->news_bytes;
		h->news_bytes = 0;
		host_settle(sup, h);
		host_tell_settled(sup, h);
		if (life_output_ended(h))
			host_step(sup, h, clock_us());
	}
}

static void host_died(struct supervisor *sup, struct watch *h)
{
	life_died(h);
	turn_look_by(&sup->turn, h->act_us);
	/* Before it is reaped: after that nobody can tell which signals came from it. This may find
	 * that it is over. */
	supervisor_take_signals(sup);
	/* All that the dead process wrote is in the pipes, and mostly their end, too. */
	life_drain(h);
	host_settle(sup, h);
	host_step(sup, h, clock_us());
}

static void host_on_death(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct watch *h = container_of(s, struct watch, death);

	(void)bytes, (void)nbytes, (void)error;
	host_died(h->supervisor, h);
}

/* It is dead: the next look ends the wait for what it left behind. */
static void host_hurry(struct supervisor *sup, struct watch *h)
{
	watch_wait(h, 0, 0);
	turn_look_by(&sup->turn, 0);
}

static void host_stop_for(struct supervisor *sup, struct watch *h, enum host_stop why,
			  enum host_event event)
{
	look_stop(h, why, clock_us());
	if (h->state == HOST_DRAINING)
		host_hurry(sup, h);
	else
		host_enter(sup, h, host_next(h->state, event));
}

/* The run is being ended: what that means for a host. */
static void host_cancel(struct supervisor *sup, struct watch *h)
{
	switch (ending_verb(&sup->ending, h->state, look_works(h))) {
	case ENDING_SPARES:
		break;
	case ENDING_HURRIES:
		host_hurry(sup, h);
		break;
	case ENDING_ASKS:
		host_stop_for(sup, h, STOP_CANCELLED, HOST_OVERDUE);
		break;
	case ENDING_KILLS:
		host_stop_for(sup, h, STOP_CANCELLED, HOST_CONDEMNED);
		break;
	}
}

/* Ends the run early. Changes the state of hosts; none is over or released for that. */
static void supervisor_stop(struct supervisor *sup, enum stopping how)
{
	if (!ending_begin(&sup->ending, how, clock_us()))
		return;
	sup->run->stopping = true;
	queue_end(&sup->run->queue);
	for (struct watch *h = sup->hosts; h; h = h->next)
		host_cancel(sup, h);
}

/* Proctor itself cannot go on; the first reason counts. */
static void supervisor_fatal(struct supervisor *sup, const struct proctor_error *why)
{
	if (sup->err->code == 0)
		*sup->err = *why;
	ending_reason(&sup->ending, "the run could not go on: %s", why->text);
	supervisor_stop(sup, STOPPING_KILLED);
}

/* Watches it when that is due, and once. */
static void host_watch(struct supervisor *sup, struct watch *h, uint64_t now_us)
{
	struct proctor_error err;

	if (h->watched)
		return;
	if (now_us < h->watch_us) {
		turn_look_by(&sup->turn, h->watch_us);
		return;
	}
	if (life_watch(h, &err) < 0) {
		sup->loop_failed = true;
		supervisor_fatal(sup, &err);
	}
}

static void supervisor_add(struct supervisor *sup, struct watch *h)
{
	h->supervisor = sup;
	h->next = sup->hosts;
	sup->hosts = h;
	h->act_us = CLOCK_NEVER;
	life_meet(h, sup->ops, sup->lp, host_on_death);
	host_watch(sup, h, 0);
	/* It may have ended before it was known here: then the SIGCHLD that tells of it was taken already. */
	sup->child_ended = sup->child_ended || !h->watched;
	interrupts_met(&sup->interrupts, h);
	host_cancel(sup, h);
}

static void supervisor_release(struct supervisor *sup, struct watch *h)
{
	if (!h->confirms) {
		exit_output_tell(&sup->run->writer, h);
		life_tell_left(h);
	}
	watch_remove(&sup->hosts, h);
	host_free(h->host);
	watch_free(h);
}

static void supervisor_post(struct supervisor *sup, struct post *post)
{
	switch (post->kind) {
	case POST_STARTED:
		if (post->watch->host->note)
			writer_note(&sup->run->writer, "%s", post->watch->host->note);
		supervisor_add(sup, post->watch);
		break;
	case POST_RESULTS:
		for (unsigned i = 0; i < post->noutcomes; i++)
			if (results_add(&sup->results, post->watch, &post->outcomes[i]))
				supervisor_conclude(sup, post->watch, &post->outcomes[i]);
		mailbox_return(&sup->run->mailbox, post);
		break;
	case POST_KILL:
		host_stop_for(sup, post->watch, STOP_CONDEMNED, HOST_CONDEMNED);
		break;
	case POST_RELEASED:
		supervisor_release(sup, post->watch);
		break;
	case POST_CONFIRMED:
		if (suspect_tell(&sup->run->suspects, post->suspect))
			results_tell_confirmed(&sup->results, post->suspect);
		break;
	case POST_WORKER_ENDED:
		sup->nworkers--;
		break;
	}
}

/* Takes only hosts that were started: of what has come of them, nothing is told yet. None is
 * released. */
static void supervisor_meet(struct supervisor *sup)
{
	struct post *post;

	inbox_fetch(&sup->inbox, &sup->run->mailbox);
	while ((post = inbox_next_started(&sup->inbox)))
		supervisor_post(sup, post);
}

/* Ctrl-Z: the tests stand still, and their deadlines with them. */
static void supervisor_suspend(struct supervisor *sup, int signo)
{
	uint64_t from_us = clock_us();

	for (struct watch *h = sup->hosts; h; h = h->next)
		if (h->pid > 0)
			spawned_signal(h->pid, h->group, SIGSTOP);
	job_stop(signo);
	for (struct watch *h = sup->hosts; h; h = h->next)
		if (h->pid > 0)
			spawned_signal(h->pid, h->group, SIGCONT);
	if (pauses_add(&sup->run->pauses, from_us, clock_us()) < 0)
		sup->run->writer.lost = true;
}

/* The first interrupt: people want to see that it was heard, and what hangs. */
static void supervisor_interrupted(struct supervisor *sup, const struct interrupt *i,
				   const char *doubt)
{
	char name[WORDS_BYTES], running[400];

	running_list(sup->hosts, running, sizeof(running));
	ending_by_signal(&sup->ending, i->signo, i->pid, doubt, running);
	supervisor_stop(sup, STOPPING_ASKED);
	writer_note(&sup->run->writer, "interrupted by %s: %zu tests are done%s%s",
		    signal_name(i->signo, name, sizeof(name)),
		    results_ndone(&sup->results), *running ? "; stopping " : "", running);
}

static void supervisor_obey(struct supervisor *sup, const struct interrupt *i, enum request request,
			    const char *doubt)
{
	switch (request) {
	case REQUEST_NOTHING:
		break;
	case REQUEST_SHOW:
		running_tell(sup->hosts, &sup->run->writer, results_ndone(&sup->results));
		break;
	case REQUEST_SUSPEND:
		supervisor_suspend(sup, i->signo);
		break;
	case REQUEST_STOP:
		/* Else SIGPIPE has ended the run already, and its number is the exit code's. */
		if (sup->ending.signo == 0)
			supervisor_interrupted(sup, i, doubt);
		break;
	case REQUEST_KILL:
		supervisor_stop(sup, STOPPING_KILLED);
		break;
	}
}

void supervisor_take_signals(struct supervisor *sup)
{
	bool orphan_ended = false;
	struct interrupt i;

	while (interrupts_next(&sup->interrupts, &i, &orphan_ended)) {
		enum request request;
		const char *doubt;

		/* Hosts that were just started run tests, too. */
		supervisor_meet(sup);
		request = interrupts_judge(&sup->interrupts, &i, sup->hosts, &sup->orphans, &doubt);
		supervisor_obey(sup, &i, request, doubt);
	}
	/* Last, as it reaps: the sender of a signal must not be reaped before it was looked at. */
	if (!orphan_ended)
		return;
	sup->child_ended = true;
	supervisor_orphan_ended(sup);
}

static void supervisor_on_signal(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	(void)bytes, (void)nbytes, (void)error;
	supervisor_take_signals(container_of(s, struct supervisor, interrupts.stream));
}

void supervisor_close_signals(struct supervisor *sup)
{
	if (sup->interrupts.stream.started)
		sup->ops->stop(sup->lp, &sup->interrupts.stream);
	interrupts_close(&sup->interrupts);
}

/* Takes what the workers have posted so far, and signals: any host may be in another state after it,
 * over or released, and the run stopped. One that was running is not released. */
static void supervisor_posts(struct supervisor *sup)
{
	struct post *post;

	/* What a test has sent is noted before its result is told. */
	supervisor_take_signals(sup);
	inbox_fetch(&sup->inbox, &sup->run->mailbox);
	while ((post = inbox_next(&sup->inbox)))
		supervisor_post(sup, post);
}

static void supervisor_on_wake(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	eventfd_t value;

	(void)bytes, (void)nbytes, (void)error;
	/* The counter is read before the posts are taken: what is posted later counts it up again. */
	eventfd_read(s->fd, &value);
	supervisor_posts(container_of(s, struct supervisor, wake));
}

static uint64_t host_look_running(struct supervisor *sup, struct watch *h, uint64_t now_us)
{
	struct look look;

	if (!look_at(h, now_us, sup->ending.since_us, &look))
		return CLOCK_NEVER;
	/* The results of earlier tasks were posted before this one was handed out: told first. */
	supervisor_posts(sup);
	host_tell_settled(sup, h);
	starts_tell(sup->run, &sup->results.begun, h, &look.work, &look.progress, look.age_us);
	/* One of the posts may have stopped it: then it has the grace time it was given there. */
	if (h->state != HOST_RUNNING)
		return h->act_us;
	if (!look.overdue)
		return look.due_us;
	host_enter(sup, h, host_next(h->state, HOST_OVERDUE));
	return h->act_us;
}

/* Looks at one host; returns when it wants to be looked at again. */
static uint64_t host_look(struct supervisor *sup, struct watch *h, uint64_t now_us)
{
	if (h->state == HOST_RUNNING)
		return host_look_running(sup, h, now_us);
	host_step(sup, h, now_us);
	return look_step_due_us(h, now_us);
}

static void supervisor_note_guard(struct supervisor *sup)
{
	struct proctor_error err;

	if (guard_tell_failed(sup->run->guard, &sup->run->writer, &err) < 0)
		supervisor_fatal(sup, &err);
}

/* Looks at all hosts, if that is due. */
static void supervisor_look(struct supervisor *sup)
{
	uint64_t now_us = supervisor_clock(sup);

	if (!turn_look_due(&sup->turn, now_us))
		return;
	/* Even if the wake-up for them was lost. */
	supervisor_posts(sup);
	supervisor_note_guard(sup);
	for (struct watch *h = sup->hosts; h; h = h->next) {
		host_watch(sup, h, now_us);
		turn_look_by(&sup->turn, host_look(sup, h, now_us));
	}
	if (sup->hosts && turn_tick_due(&sup->turn, now_us))
		starts_tell_tick(sup->run, now_us);
}

/* A callback that failed ends the run: a closed stdout as SIGPIPE would. */
static void supervisor_check_writer(struct supervisor *sup)
{
	struct proctor_error err;
	int failed = writer_failed(&sup->run->writer);

	if (failed == 0 || sup->ending.stopping == STOPPING_KILLED)
		return;
	if (failed == -EPIPE) {
		sup->ending.signo = SIGPIPE;
		ending_reason(&sup->ending, "the reader of the report went away");
		supervisor_stop(sup, STOPPING_KILLED);
	} else {
		error_set(&err, failed, "the run's events could not be delivered: %s",
			  strerrordesc_np(-failed));
		supervisor_fatal(sup, &err);
	}
}

/* On failure the run is stopped and `sup->err` says why; the workers that did start go home. */
static void supervisor_start(struct supervisor *sup)
{
	struct run *run = sup->run;
	int ret;

	sup->wake = (struct stream){ .fd = run->mailbox.wake_fd, .kind = STREAM_READY,
				     .call = supervisor_on_wake };
	sup->interrupts.stream.call = supervisor_on_signal;
	ret = sup->ops->start(sup->lp, &sup->wake, sup->err);
	if (ret == 0 && sup->interrupts.stream.fd >= 0)
		ret = sup->ops->start(sup->lp, &sup->interrupts.stream, sup->err);
	if (ret == 0)
		ret = workers_start(run, &sup->nworkers, sup->err);
	if (ret < 0)
		supervisor_stop(sup, STOPPING_KILLED);
}

/* What no host is left to own: killed until there is none, or until it takes too long. */
static void supervisor_last_orphans(struct supervisor *sup)
{
	uint64_t until_us = clock_us() + ORPHANS_US;
	struct proctor_error err;
	char *left = NULL;
	size_t ndying;

	while ((ndying = supervisor_kill_orphans(sup, NULL, &left)) > 0 && clock_us() < until_us)
		if (sup->ops->turn(sup->lp, clock_us() + 10000, &err) < 0)
			break;
	orphans_tell_last(&sup->orphans, &sup->run->writer, left, ndying > 0);
	free(left);
}

/* The loop itself has failed: everything is killed, and the workers are waited for without it. */
static void supervisor_rescue(struct supervisor *sup)
{
	struct watch *dead[PROCTOR_THREADS_MAX];

	supervisor_stop(sup, STOPPING_KILLED);
	while (sup->nworkers > 0) {
		unsigned ndead;

		pauses_expect(&sup->run->pauses, supervisor_clock(sup) + TICK_US);
		/* Ends those that died before, and gives up those that do not die. */
		for (struct watch *h = sup->hosts; h; h = h->next)
			host_look(sup, h, clock_us());
		ndead = rescue_wait(sup->wake.fd, sup->hosts, TICK_US, dead);
		for (unsigned i = 0; i < ndead; i++)
			host_died(sup, dead[i]);
		supervisor_on_wake(&sup->wake, NULL, 0, 0);
	}
}

/* Hands events on, if that is due, and learns whether there is room for more. */
static void supervisor_flush(struct supervisor *sup)
{
	struct run *run = sup->run;
	uint64_t now_us = clock_us();
	bool due = turn_flush_due(&sup->turn, now_us);

	if (run->writer.batch && due) {
		writer_flush(&run->writer);
		sup->turn.flushed_us = now_us;
	}
	/* The writer posts the eventfd when there is room again. */
	if (due || sup->paused) {
		sup->paused = writer_full(&run->writer);
		queue_pause(&run->queue, sup->paused);
	}
}

/* Where somebody waits for this thread, it does not sleep. */
static void supervisor_nap(struct supervisor *sup)
{
	if (sup->ending.stopping == STOPPING_NOT && !sup->loop_failed &&
	    sup->results.nunfinished > (size_t)sup->nworkers * TASK_TESTS_MAX &&
	    turn_may_nap(&sup->turn, sup->hosts))
		turn_nap(sup->interrupts.stream.fd, sup->hosts);
	sup->turn.nread_bytes = 0;
}

/* Waits until the reader has taken enough of what was told; false: nothing more is to be told. Many
 * tests may be left, and the queue to the reader stays bounded. `nobeyed`: interrupts so far. */
static bool supervisor_has_room(struct supervisor *sup, unsigned nobeyed)
{
	struct writer *writer = &sup->run->writer;
	struct proctor_error err;

	writer_flush(writer);
	while (writer_full(writer) && writer_failed(writer) == 0 &&
	       sup->interrupts.nobeyed == nobeyed && !sup->loop_failed)
		if (sup->ops->turn(sup->lp, clock_us() + TICK_US, &err) < 0)
			sup->loop_failed = true;
	/* Where nothing was waited for, the loop has not taken them. */
	supervisor_take_signals(sup);
	return writer_failed(writer) == 0 && sup->interrupts.nobeyed == nobeyed;
}

static void supervisor_tell_not_run(struct supervisor *sup)
{
	unsigned nobeyed = sup->interrupts.nobeyed;
	struct not_run rest;

	not_run_open(&rest, &sup->results, sup->ending.why);
	while (not_run_tell(&rest, NOT_RUN_TESTS) && supervisor_has_room(sup, nobeyed))
		continue;
	not_run_explain(&rest, sup->ending.why, sizeof(sup->ending.why));
	not_run_close(&rest);
}

/* Where the run ended early nobody expects them to be. */
static void supervisor_tell_unconfirmed(struct supervisor *sup)
{
	char words[256];

	suspects_left(&sup->run->suspects, words, sizeof(words));
	if (words[0] && sup->ending.stopping == STOPPING_NOT)
		writer_note(&sup->run->writer, "%s", words);
}

/* A child has ended: it may be one that is not watched, or one that its worker has posted without waking
 * anybody. */
static void supervisor_look_unwatched(struct supervisor *sup)
{
	if (!sup->child_ended)
		return;
	sup->child_ended = false;
	supervisor_posts(sup);
	for (struct watch *h = sup->hosts; h; h = h->next)
		if (!h->watched && h->pid > 0 && spawned_is_zombie(h->pid))
			host_died(sup, h);
}

int supervisor_run(struct supervisor *sup)
{
	struct run *run = sup->run;

	supervisor_start(sup);
	while (sup->nworkers > 0) {
		uint64_t due_us;

		supervisor_look_unwatched(sup);
		if (sup->results.nunfinished == 0)
			queue_end(&run->queue);
		supervisor_look(sup);
		supervisor_flush(sup);
		due_us = sup->child_ended ? 0 : turn_due_us(&sup->turn, run->writer.batch != NULL);
		pauses_expect(&run->pauses, due_us);
		if (sup->loop_failed || sup->ops->turn(sup->lp, due_us, sup->err) < 0)
			supervisor_rescue(sup);
		supervisor_take_news(sup);
		supervisor_check_writer(sup);
		supervisor_nap(sup);
	}
	workers_join(run);
	/* No test runs: for how long anything else takes nobody asks. */
	pauses_expect(&run->pauses, CLOCK_NEVER);
	interrupts_note_early(&sup->interrupts);
	/* Before the orphans: with the workers' threads gone, symbolizers are children of this thread
	 * and would be taken for orphans. */
	symbolizers_fini(&run->symbolizers);
	supervisor_last_orphans(sup);
	undead_remove_all(&sup->undead);
	supervisor_note_guard(sup);
	guard_end(run->guard, &run->writer);
	run->guard = NULL;
	supervisor_tell_unconfirmed(sup);
	supervisor_tell_not_run(sup);
	return sup->err->code;
}
