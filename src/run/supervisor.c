/* SPDX-License-Identifier: MIT */
#include "run/supervisor.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/duration_words.h"
#include "coverage/outside.h"
#include "hosts/exit_suite.h"
#include "hosts/host_words.h"
#include "run/exit_output.h"
#include "run/guard_client.h"
#include "run/kernel.h"
#include "run/life.h"
#include "run/not_run.h"
#include "run/results.h"
#include "run/signals.h"
#include "run/undead.h"
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A look that comes so much later than it was due: the run itself stood still. */
#define LATE_US 500000u
/* How often everything is looked at where no event says that something happened. */
#define TICK_US 100000u
/* How long a killed host may take to die before it is given up. */
#define KILLED_US 5000000u
/* How long what is not urgent is left alone, unless a turn of the loop brought so much output. */
#define NAP_US 300u
#define NAP_BYTES (16u << 10)
/* How long events may be kept back, so that the writer's thread is woken once for many. */
#define FLUSH_US 5000u
/* A host that is killed at its exit before that was not given the time for it: nothing is told. */
#define EXIT_HANGS_US 500000u
/* How long orphans may take to die at the end of the run. */
#define ORPHANS_US 2000000u

void supervisor_look_by(struct supervisor *sup, uint64_t us)
{
	if (us < sup->tick_us)
		sup->tick_us = us;
}

void supervisor_fatal(struct supervisor *sup, const struct proctor_error *why)
{
	if (sup->err->code == 0)
		*sup->err = *why;
	supervisor_reason(sup, "the run could not go on: %s", why->text);
	supervisor_stop(sup, STOPPING_KILLED);
}

void supervisor_paused(struct supervisor *sup, uint64_t from_us, uint64_t to_us)
{
	if (pauses_add(&sup->run->pauses, from_us, to_us) < 0)
		sup->run->writer.lost = true;
	for (struct watch *h = sup->hosts; h; h = h->next)
		if (h->act_us != CLOCK_NEVER)
			h->act_us += to_us - from_us;
	sup->seen_us = to_us;
}

/*
 * Nobody tells a process that it was frozen (docker pause, a debugger, a virtual machine that was
 * moved): only that the time for which it had asked is long gone.
 */
static void supervisor_notice_pause(struct supervisor *sup, uint64_t now_us)
{
	uint64_t due_us = sup->due_us > sup->seen_us ? sup->due_us : sup->seen_us;

	if (sup->seen_us != 0 && now_us > due_us && now_us - due_us > LATE_US)
		supervisor_paused(sup, sup->seen_us, now_us);
	sup->seen_us = now_us;
}

/* One that had been given up has died after all. */
static void supervisor_on_undead(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct undead *u = container_of(s, struct undead, death);
	struct supervisor *sup = u->owner;

	(void)bytes, (void)nbytes, (void)error;
	sup->ops->stop(sup->lp, s);
	/* Its worker may have ended before it: then it was reaped as an orphan is. */
	if (spawned_is_zombie(u->pid))
		spawned_signal(u->pid, u->group, SIGKILL);
	guard_remove(sup->run->guard, u->group);
	undead_remove(&sup->undead, u);
}

static void host_give_up(struct supervisor *sup, struct watch *h)
{
	struct proctor_error err;
	struct undead *u;

	/* A descriptor has one stream. */
	sup->ops->stop(sup->lp, &h->death);
	u = undead_add(&sup->undead, h->pid, h->group, h->pidfd);
	h->pidfd = -1;
	if (u) {
		u->owner = sup;
		u->death.call = supervisor_on_undead;
		if (sup->ops->start(sup->lp, &u->death, &err) < 0)
			writer_note(&sup->run->writer, "process %d is not watched any longer: %s",
				    u->pid, err.text);
	}
	life_give_up(sup, h);
}

static void supervisor_forget_undead(struct supervisor *sup)
{
	while (sup->undead) {
		sup->ops->stop(sup->lp, &sup->undead->death);
		undead_remove(&sup->undead, sup->undead);
	}
}

/* Effects of entering a state against the host's will. */
static void host_enter(struct supervisor *sup, struct watch *h, enum host_state state)
{
	if (state == h->state)
		return;
	h->state = state;
	/* What it has counted so far can be read as long as it lives. */
	if (h->counts && (state == HOST_STOPPING || state == HOST_KILLED))
		outside_read(h->counts, h->pid);
	switch (state) {
	case HOST_STOPPING:
		spawned_signal(h->pid, h->group, SIGTERM);
		spawned_signal(h->pid, h->group, SIGCONT);
		h->act_us = clock_us() + h->host->settings->grace_us;
		break;
	case HOST_KILLED:
		spawned_signal(h->pid, h->group, SIGKILL);
		h->kill_errnum = kill(h->pid, SIGKILL) < 0 ? errno : 0;
		/* Another user's: it will not be any easier later. */
		h->act_us = clock_us() + (h->kill_errnum == EPERM ? 0 : KILLED_US);
		break;
	case HOST_UNDEAD:
		host_give_up(sup, h);
		break;
	case HOST_RUNNING:
	case HOST_DRAINING:
	case HOST_OVER:
		break;		/* not against its will: life.c */
	}
	supervisor_look_by(sup, h->act_us);
}

/* It is dead: what it left is not waited for any longer. */
static void host_hurry(struct supervisor *sup, struct watch *h)
{
	h->act_us = 0;
	supervisor_look_by(sup, 0);
}

static void host_stop_for(struct supervisor *sup, struct watch *h, enum host_stop why,
			  uint32_t serial, enum host_event event)
{
	struct host_shared *shared = &h->host->shared;
	struct host_end *end = &shared->end;

	pthread_mutex_lock(&shared->lock);
	if (end->stop == STOP_NOT) {
		end->stop = why;
		end->stop_serial = serial;
		end->stop_turn = exit_suite_turn(h->host);
		end->stop_exit = shared->work.busy && shared->work.ending &&
			       clock_us() >= shared->work.handed_us + EXIT_HANGS_US;
	}
	pthread_mutex_unlock(&shared->lock);
	if (h->state == HOST_DRAINING)
		host_hurry(sup, h);
	else
		host_enter(sup, h, host_next(h->state, event));
}

/* Under the lock: from `run->stopping` on, either this sees a task, or none is handed out. */
static bool host_is_working(struct watch *h)
{
	struct host_shared *shared = &h->host->shared;
	bool working;

	pthread_mutex_lock(&shared->lock);
	working = shared->work.busy && !shared->work.ending;
	pthread_mutex_unlock(&shared->lock);
	return working;
}

static void host_cancel(struct supervisor *sup, struct watch *h)
{
	if (h->state == HOST_DRAINING && sup->stopping == STOPPING_KILLED)
		host_hurry(sup, h);
	if (h->state == HOST_DRAINING || h->state == HOST_OVER || h->state == HOST_UNDEAD)
		return;
	if (sup->stopping == STOPPING_KILLED)
		host_stop_for(sup, h, STOP_CANCELLED, 0, HOST_CONDEMNED);
	else if (h->state == HOST_RUNNING && host_is_working(h))
		host_stop_for(sup, h, STOP_CANCELLED, 0, HOST_OVERDUE);
}

void supervisor_reason(struct supervisor *sup, const char *fmt, ...)
{
	va_list ap;

	if (sup->why_stopped[0])
		return;
	va_start(ap, fmt);
	vsnprintf(sup->why_stopped, sizeof(sup->why_stopped), fmt, ap);
	va_end(ap);
}

void supervisor_stop(struct supervisor *sup, enum stopping how)
{
	if (sup->stopping >= how)
		return;
	sup->stopping = how;
	sup->stopped_us = clock_us();
	sup->run->stopping = true;
	queue_end(&sup->run->queue);
	for (struct watch *h = sup->hosts; h; h = h->next)
		host_cancel(sup, h);
}

static void supervisor_watch(struct supervisor *sup, struct watch *h)
{
	struct proctor_error err;

	h->next = sup->hosts;
	sup->hosts = h;
	h->act_us = CLOCK_NEVER;
	if (life_watch(sup, h, &err) < 0) {
		sup->loop_failed = true;
		supervisor_fatal(sup, &err);
	}
	signals_started(sup, h);
	if (sup->stopping != STOPPING_NOT)
		host_cancel(sup, h);
}

static void supervisor_release(struct supervisor *sup, struct watch *h)
{
	char name[HOST_WORDS_BYTES];
	struct watch **at = &sup->hosts;

	exit_output_tell(&sup->run->writer, h);
	/* Of no test: a constructor's, mostly. */
	if (h->host->shared.end.left) {
		host_words(h->host, name, sizeof(name));
		writer_note(&sup->run->writer, "killed what %s had left behind: %s",
			    h->host->nsuites > 0 ? name : "a host", h->host->shared.end.left);
	}
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	host_free(h->host);
	watch_free(h);
}

static void supervisor_post(struct supervisor *sup, struct post *post)
{
	switch (post->kind) {
	case POST_STARTED:
		supervisor_watch(sup, post->watch);
		break;
	case POST_RESULTS:
		for (unsigned i = 0; i < post->noutcomes; i++)
			results_add(sup, post->watch, &post->outcomes[i]);
		mailbox_return(&sup->run->mailbox, post);
		break;
	case POST_KILL:
		host_stop_for(sup, post->watch, STOP_CONDEMNED, 0, HOST_CONDEMNED);
		break;
	case POST_RELEASED:
		supervisor_release(sup, post->watch);
		break;
	case POST_WORKER_ENDED:
		sup->nworkers--;
		break;
	}
}

/* Takes what has been posted into `sup->posts`, behind what is there. */
static void posts_fetch(struct supervisor *sup)
{
	struct post **tail = &sup->posts;

	while (*tail)
		tail = &(*tail)->next;
	*tail = mailbox_take(&sup->run->mailbox);
}

void supervisor_posts(struct supervisor *sup)
{
	/* What a test has sent is noted before its result is told. */
	signals_take(sup);
	posts_fetch(sup);
	while (sup->posts) {
		struct post *post = sup->posts;

		sup->posts = post->next;
		supervisor_post(sup, post);
	}
}

void supervisor_meet(struct supervisor *sup)
{
	posts_fetch(sup);
	for (struct post **at = &sup->posts, *post; (post = *at);) {
		if (post->kind == POST_STARTED) {
			*at = post->next;
			supervisor_post(sup, post);
		} else {
			at = &post->next;
		}
	}
}

static void supervisor_on_wake(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	eventfd_t value;

	(void)bytes, (void)nbytes, (void)error;
	/* Read first: a post after the taking writes again. */
	eventfd_read(s->fd, &value);
	supervisor_posts(container_of(s, struct supervisor, wake));
}

static struct deadlines host_deadlines(const struct run *run, const struct host_work *work,
				       const struct progress *p)
{
	struct deadlines d = { .other_us = run->plan->settings.timeout_us };

	for (unsigned i = 0; !work->ending && i < work->task.ntests; i++) {
		uint64_t us = run_settings(run, work->task.first + i)->timeout_us;

		d.task_us += us;
		if (i == p->nended)
			d.test_us = us;
	}
	return d;
}

/* Only a note: there is no result of an exit that ends well. */
static void host_tell_slow_exit(struct supervisor *sup, struct watch *h, uint64_t age_us)
{
	char words[DURATION_WORDS_BYTES], name[EXIT_NAME_BYTES];

	if (h->slow_exit || h->host->nsuites == 0 ||
	    age_us < sup->run->plan->settings.slow_after_us)
		return;
	h->slow_exit = true;
	/* Its worker waits: the suites stay as they are. */
	exit_suite_name(h->host, name, sizeof(name));
	writer_note(&sup->run->writer, "%s has run for %s", name, duration_words(age_us, words, sizeof(words)));
}

/* What has begun since the last look, and what is slow. */
static void host_tell(struct supervisor *sup, struct watch *h, const struct host_work *work,
		      const struct progress *p, uint64_t now_us, uint64_t paused_us)
{
	unsigned nstarted = p->nended + (p->phase == PROGRESS_TEST);

	for (unsigned i = 0; i < nstarted; i++)
		results_tell_start(sup, h, work, work->serial + i, p->start_us[i]);
	if (p->phase == PROGRESS_TEST &&
	    now_us - p->since_us >= paused_us +
	    run_settings(sup->run, work->task.first + p->nended)->slow_after_us)
		results_tell_slow(sup, h, work, work->serial + p->nended, p->since_us);
	if (p->phase == PROGRESS_ENDING)
		host_tell_slow_exit(sup, h, now_us - p->since_us - paused_us);
}

/* A run that is to end waits for the exit of a host, which its tests' output and counters may need,
 * but only for the grace time. */
static uint64_t exit_due_us(struct supervisor *sup, const struct host_work *work, uint64_t now_us)
{
	uint64_t from_us = work->handed_us > sup->stopped_us ? work->handed_us : sup->stopped_us;

	if (!work->ending || sup->stopping == STOPPING_NOT)
		return CLOCK_NEVER;
	return from_us + sup->run->plan->settings.grace_us +
	       pauses_within(&sup->run->pauses, from_us, now_us);
}

/* What was found of a host that works. */
struct look {
	struct host_work work;
	struct progress progress;
	uint64_t due_us, paused_us;
	bool overdue;
};

/* Decided under the lock: the worker cannot hand out another task meanwhile. False: it is idle, and
 * its worker may be filling the page. */
static bool host_read(struct supervisor *sup, struct watch *h, uint64_t now_us, struct look *look)
{
	struct host_shared *shared = &h->host->shared;
	struct host_end *end = &shared->end;
	struct hand_out out;
	struct deadlines d;
	uint64_t exit_us;

	pthread_mutex_lock(&shared->lock);
	look->work = shared->work;
	if (!look->work.busy) {
		pthread_mutex_unlock(&shared->lock);
		return false;
	}
	out = host_hand_out_of(h->host, &look->work);
	look->progress = progress_read(&out, now_us);
	d = host_deadlines(sup->run, &look->work, &look->progress);
	look->paused_us = pauses_within(&sup->run->pauses, look->progress.since_us, now_us);
	look->due_us = progress_due_us(&out, &look->progress, &d) + look->paused_us;
	exit_us = exit_due_us(sup, &look->work, now_us);
	look->overdue = now_us >= look->due_us || now_us >= exit_us;
	if (look->overdue && end->stop == STOP_NOT) {
		end->stop = now_us >= look->due_us ? STOP_TIMEOUT : STOP_CANCELLED;
		end->stop_turn = exit_suite_turn(h->host);
		end->stop_exit = look->work.ending;
		end->stop_serial = look->progress.phase == PROGRESS_TEST ?
				 look->work.serial + look->progress.nended : 0;
	}
	pthread_mutex_unlock(&shared->lock);
	if (exit_us < look->due_us)
		look->due_us = exit_us;
	return true;
}

static uint64_t host_look_running(struct supervisor *sup, struct watch *h, uint64_t now_us)
{
	struct look look;

	if (!host_read(sup, h, now_us, &look))
		return CLOCK_NEVER;
	/* The results of earlier tasks were posted before this one was handed out: told first. */
	supervisor_posts(sup);
	host_tell(sup, h, &look.work, &look.progress, now_us, look.paused_us);
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
	switch (h->state) {
	case HOST_RUNNING:
		return host_look_running(sup, h, now_us);
	case HOST_STOPPING:
	case HOST_KILLED:
		if (now_us >= h->act_us)
			host_enter(sup, h, host_next(h->state, HOST_OVERDUE));
		return h->act_us;
	case HOST_DRAINING:
		life_look(sup, h, now_us);
		return h->act_us;
	case HOST_UNDEAD:
	case HOST_OVER:
		break;
	}
	return CLOCK_NEVER;
}

/* The guard is the first process to be started: what keeps it from starting may keep all. */
static void supervisor_note_guard(struct supervisor *sup)
{
	struct proctor_error err, refused;

	if (!guard_failed(sup->run->guard, &err))
		return;
	if (kernel_check_start(&refused) < 0)
		supervisor_fatal(sup, &refused);
	else
		writer_note(&sup->run->writer, "if proctor is killed, tests may outlive it: %s", err.text);
}

static void supervisor_close_guard(struct supervisor *sup)
{
	struct proctor_error err;

	supervisor_note_guard(sup);
	if (guard_close(sup->run->guard, &err) < 0)
		writer_note(&sup->run->writer, "had proctor been killed, tests would have outlived it: %s",
				err.text);
	sup->run->guard = NULL;
}

/* Looks at all hosts; the next look is due at the tick or at the nearest deadline. */
static uint64_t supervisor_look(struct supervisor *sup)
{
	uint64_t now_us = clock_us();

	supervisor_notice_pause(sup, now_us);
	if (now_us < sup->tick_us)
		return sup->tick_us;
	/* Before the looks: one of them may want another host to be looked at sooner. */
	sup->tick_us = now_us + TICK_US;
	/* Whatever became of the wake-up for them. */
	supervisor_posts(sup);
	supervisor_note_guard(sup);
	for (struct watch *h = sup->hosts; h; h = h->next)
		supervisor_look_by(sup, host_look(sup, h, now_us));
	if (sup->hosts && now_us >= sup->told_tick_us + TICK_US) {
		struct writer_entry *e = writer_entry_new(PROCTOR_TICK, now_us);

		sup->told_tick_us = now_us;
		if (e) {
			e->event.paused_us = pauses_within(&sup->run->pauses, 0, now_us);
			writer_add(&sup->run->writer, e);
		}
	}
	return sup->tick_us;
}

/* A callback that failed ends the run: a closed stdout as SIGPIPE would. */
static void supervisor_check_writer(struct supervisor *sup)
{
	struct proctor_error err;
	int failed = writer_failed(&sup->run->writer);

	if (failed == 0 || sup->stopping == STOPPING_KILLED)
		return;
	if (failed == -EPIPE) {
		sup->stop_signal = SIGPIPE;
		supervisor_reason(sup, "the reader of the report went away");
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
	ret = sup->ops->start(sup->lp, &sup->wake, sup->err);
	if (ret == 0 && sup->signals.fd >= 0)
		ret = sup->ops->start(sup->lp, &sup->signals, sup->err);
	for (unsigned i = 0; ret == 0 && i < run->nworkers; i++) {
		ret = worker_start(&run->workers[i], sup->err);
		if (ret == 0)
			sup->nworkers++;
	}
	if (ret < 0)
		supervisor_stop(sup, STOPPING_KILLED);
}

static void supervisor_join(struct supervisor *sup)
{
	struct run *run = sup->run;

	for (unsigned i = 0; i < run->nworkers; i++)
		if (run->workers[i].started)
			pthread_join(run->workers[i].thread, NULL);
}

/* What no host is left to own: killed until there is none, or until it takes too long. */
static void supervisor_last_orphans(struct supervisor *sup)
{
	uint64_t until_us = clock_us() + ORPHANS_US;
	struct proctor_error err;
	char *left = NULL, *undead = NULL;
	size_t ndying;

	while ((ndying = life_orphans(sup, NULL, &left)) > 0 && clock_us() < until_us)
		if (sup->ops->turn(sup->lp, clock_us() + 10000, &err) < 0)
			break;
	if (left)
		writer_note(&sup->run->writer, "killed what some test had left behind: %s", left);
	if (ndying > 0)
		orphans_name_undead(&sup->orphans, &undead);
	if (undead)
		writer_note(&sup->run->writer, "what some test had left behind does not die: %s", undead);
	free(left);
	free(undead);
}

/*
 * The loop itself has failed: everything is killed, and what has to be collected for the workers
 * to come home is collected with poll(2).
 */
static void supervisor_rescue(struct supervisor *sup)
{
	supervisor_stop(sup, STOPPING_KILLED);
	while (sup->nworkers > 0) {
		struct pollfd fds[PROCTOR_THREADS_MAX + 1];
		struct watch *hosts[PROCTOR_THREADS_MAX + 1];
		nfds_t n = 0;

		fds[n++] = (struct pollfd){ .fd = sup->wake.fd, .events = POLLIN };
		for (struct watch *h = sup->hosts; h && n < ARRAY_SIZE(fds); h = h->next) {
			/* A death that was seen before, or one that does not come. */
			host_look(sup, h, clock_us());
			if (h->state != HOST_KILLED)
				continue;
			hosts[n] = h;
			fds[n++] = (struct pollfd){ .fd = h->pidfd, .events = POLLIN };
		}
		/* The wake-up for a post may be what failed. */
		poll(fds, n, TICK_US / 1000);
		for (nfds_t i = 1; i < n; i++)
			if (fds[i].revents)
				life_died(sup, hosts[i]);
		supervisor_on_wake(&sup->wake, NULL, 0, 0);
	}
}

/* Hands events on; returns when that is due again. */
static uint64_t supervisor_flush(struct supervisor *sup)
{
	struct run *run = sup->run;
	uint64_t now_us = clock_us();
	bool due = now_us >= sup->flushed_us + FLUSH_US;

	if (run->writer.batch && due) {
		writer_flush(&run->writer);
		sup->flushed_us = now_us;
	}
	/* The writer posts the eventfd when there is room again. */
	if (due || sup->paused) {
		sup->paused = writer_full(&run->writer);
		queue_pause(&run->queue, sup->paused);
	}
	return run->writer.batch ? sup->flushed_us + FLUSH_US : CLOCK_NEVER;
}

/*
 * While hosts run one small test after the other, each of them would wake this thread three times,
 * and be preempted by it. None of that is urgent: it is taken together, a moment later. Where
 * somebody waits for this thread, or there is much to be read, it does not sleep.
 */
static bool supervisor_may_nap(const struct supervisor *sup)
{
	if (!sup->hosts || sup->stopping != STOPPING_NOT || sup->loop_failed ||
	    sup->nunfinished <= (size_t)sup->nworkers * TASK_TESTS_MAX ||
	    sup->nread_bytes > NAP_BYTES)
		return false;
	for (const struct watch *h = sup->hosts; h; h = h->next)
		if (h->alone || h->state != HOST_RUNNING)
			return false;
	return true;
}

static void supervisor_nap(struct supervisor *sup)
{
	static const struct timespec nap = { .tv_nsec = NAP_US * 1000 };
	/* A signal ends it: the sooner it is read, the surer is which test has sent it. */
	struct pollfd signals = { .fd = sup->signals.fd, .events = POLLIN };

	if (supervisor_may_nap(sup))
		ppoll(&signals, 1, &nap, NULL);
	sup->nread_bytes = 0;
}

int supervisor_run(struct supervisor *sup)
{
	struct run *run = sup->run;

	supervisor_start(sup);
	while (sup->nworkers > 0) {
		uint64_t look_us, flush_us;

		if (sup->nunfinished == 0)
			queue_end(&run->queue);
		look_us = supervisor_look(sup);
		flush_us = supervisor_flush(sup);
		sup->due_us = look_us < flush_us ? look_us : flush_us;
		if (sup->loop_failed || sup->ops->turn(sup->lp, sup->due_us, sup->err) < 0)
			supervisor_rescue(sup);
		supervisor_check_writer(sup);
		supervisor_nap(sup);
	}
	supervisor_join(sup);
	signals_note_early(sup);
	/* Before the orphans: with their worker's thread gone they look like some. */
	symbolizers_fini(&run->symbolizers);
	supervisor_last_orphans(sup);
	supervisor_forget_undead(sup);
	supervisor_close_guard(sup);
	not_run_tell(sup);
	return sup->err->code;
}
