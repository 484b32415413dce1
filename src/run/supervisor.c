/* SPDX-License-Identifier: MIT */
#include "run/supervisor.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/futex.h"
#include "coverage/outside.h"
#include "run/guard.h"
#include "run/not_run.h"
#include "run/orphans.h"
#include "run/results.h"
#include "run/signals.h"
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
#include <unistd.h>

/* How often everything is looked at where no event says that something happened. */
#define TICK_US 100000u
/* How long a killed host may take to die before proctor calls it its own error. */
#define KILLED_US 5000000u
/* What is read at most of a dead host's pipe: all that a pipe can hold. */
#define DRAIN_BYTES (4u << 20)
/* A test that has written so much is one that floods: its pipe is widened, and a turn of the loop
 * carries more. As wide as an unprivileged process may ask for by default. */
#define FLOOD_BYTES (256u << 10)
#define FLOOD_PIPE_BYTES (1 << 20)
/* How long events may be kept back, so that the writer's thread is woken once for many. */
#define FLUSH_US 5000u
/* How long orphans may take to die at the end of the run. */
#define ORPHANS_US 2000000u

void supervisor_note(struct supervisor *sup, const char *fmt, ...)
{
	struct writer_entry *e = writer_entry_new(PROCTOR_NOTE, clock_us());
	va_list args;
	int n;

	if (!e) {
		sup->lost = true;
		return;
	}
	va_start(args, fmt);
	n = vasprintf(&e->own_text, fmt, args);
	va_end(args);
	if (n < 0) {
		e->own_text = NULL;
		sup->lost = true;
	}
	e->event.text = e->own_text ? e->own_text : "no memory for a note";
	writer_add(&sup->run->writer, e);
}

void supervisor_fatal(struct supervisor *sup, const struct proctor_error *why)
{
	if (sup->err->code == 0)
		*sup->err = *why;
	supervisor_reason(sup, "the run could not go on: %s", why->text);
	supervisor_stop(sup, STOPPING_KILLED);
}

/* Effects of entering a state against the host's will. */
static void host_enter(struct supervisor *sup, struct host *h, enum host_state state)
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
		h->act_us = clock_us() + sup->run->options.grace_us;
		break;
	case HOST_KILLED:
		spawned_signal(h->pid, h->group, SIGKILL);
		h->act_us = clock_us() + KILLED_US;
		break;
	case HOST_RUNNING:
	case HOST_DRAINING:
	case HOST_OVER:
		h->act_us = CLOCK_NEVER;
		break;
	}
}

static void host_stop_for(struct supervisor *sup, struct host *h, enum host_stop why,
			  uint32_t serial, enum host_event event)
{
	pthread_mutex_lock(&h->lock);
	if (h->stop == STOP_NOT) {
		h->stop = why;
		h->stop_serial = serial;
	}
	pthread_mutex_unlock(&h->lock);
	host_enter(sup, h, host_next(h->state, event));
}

/* Under the lock: from `run->stopping` on, either this sees a task, or none is handed out. */
static bool host_is_working(struct host *h)
{
	bool working;

	pthread_mutex_lock(&h->lock);
	working = h->work.busy && !h->work.ending;
	pthread_mutex_unlock(&h->lock);
	return working;
}

static void host_cancel(struct supervisor *sup, struct host *h)
{
	if (h->state == HOST_DRAINING || h->state == HOST_OVER)
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
	sup->run->stopping = true;
	queue_end(&sup->run->queue);
	for (struct host *h = sup->hosts; h; h = h->next)
		host_cancel(sup, h);
}

/* Is the host with this number one of a worker, or about to be? */
static bool supervisor_alive(uint64_t number, void *data)
{
	const struct supervisor *sup = data;

	for (unsigned i = 0; i < sup->run->nworkers; i++)
		if (sup->run->workers[i].live_host == number)
			return true;
	return false;
}

static void supervisor_orphans(struct supervisor *sup, uint64_t number, bool all, char **left)
{
	char *others = NULL;

	if (sup->signals.fd < 0 || !orphans_reap())
		return;
	orphans_kill(sup->run->run_id, number, all, supervisor_alive, sup, left, &others);
	if (others)
		supervisor_note(sup, "killed what a test had left behind: %s", others);
	free(others);
}

static void host_close_stream(struct supervisor *sup, struct stream *s, struct cutter *c)
{
	struct proctor_error err;

	if (s->fd < 0)
		return;
	/* Never waited on to its end: a child that left the group may hold it open for ever. */
	if (s->started && sup->ops->drain(sup->lp, s, DRAIN_BYTES, &err) < 0)
		supervisor_note(sup, "the last output of a test may be incomplete: %s", err.text);
	sup->ops->stop(sup->lp, s);
	cutter_end(c);
	close(s->fd);
	s->fd = -1;
}

static void host_reap(struct supervisor *sup, struct host *h)
{
	struct proctor_error err;
	pid_t pid;

	guard_remove(sup->run->guard, h->group);
	do
		pid = wait4(h->pid, &h->status, WNOHANG, &h->rusage);
	while (pid < 0 && errno == EINTR);
	if (pid != h->pid) {
		error_set(&err, -ECHILD, "somebody else reaped process %d of a test: its verdict is "
			  "lost", h->pid);
		supervisor_fatal(sup, &err);
	}
	h->pid = 0;
}

/* The page's word and our own flag; the worker believes the flag. */
static void host_say_over(struct host *h)
{
	_Atomic uint32_t *word = h->map.page ? &h->map.page->done : &h->own_done;

	atomic_store_explicit(&h->over, true, memory_order_release);
	atomic_fetch_xor(word, PAGE_DEAD);
	futex_wake(word);
}

static void host_on_death(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct host *h = container_of(s, struct host, death);
	struct supervisor *sup = h->run->supervisor;

	(void)bytes, (void)nbytes, (void)error;
	sup->ops->stop(sup->lp, s);
	h->died_us = clock_us();
	signals_take(sup);
	host_enter(sup, h, host_next(h->state, HOST_DIED));
	sup->run->workers[h->worker].live_host = 0;
	supervisor_orphans(sup, h->number, false, &h->left);
	/* The zombie keeps its number: the group cannot have become a stranger's. */
	spawned_signal(h->pid, h->group, SIGKILL);
	host_close_stream(sup, &h->out, &h->out_cut);
	host_close_stream(sup, &h->err, &h->err_cut);
	host_reap(sup, h);
	host_enter(sup, h, host_next(h->state, HOST_ENDED));
	results_settle(sup, h);
	host_say_over(h);
}

static void host_output(struct host *h, struct cutter *c, int fd, const char *bytes, size_t nbytes)
{
	uint64_t before = c->open.total_bytes;

	cutter_feed(c, bytes, nbytes);
	/* Refused where the user's pipes hold too much already: then it stays as it is. */
	if (before < FLOOD_BYTES && c->open.total_bytes >= FLOOD_BYTES)
		fcntl(fd, F_SETPIPE_SZ, FLOOD_PIPE_BYTES);
	if (h->waiting)
		results_settle(h->run->supervisor, h);
}

static void host_on_out(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct host *h = container_of(s, struct host, out);

	(void)error;
	host_output(h, &h->out_cut, s->fd, bytes, nbytes);
}

static void host_on_err(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct host *h = container_of(s, struct host, err);

	(void)error;
	host_output(h, &h->err_cut, s->fd, bytes, nbytes);
}

static void supervisor_watch(struct supervisor *sup, struct host *h)
{
	const uint8_t *key = h->map.page ? h->map.marker_key : NULL;
	size_t max_bytes = sup->run->options.max_output_bytes;
	struct proctor_error err;
	int ret;

	h->next = sup->hosts;
	sup->hosts = h;
	h->act_us = CLOCK_NEVER;
	cutter_init(&h->out_cut, key, max_bytes);
	cutter_init(&h->err_cut, key, max_bytes);
	h->out = (struct stream){ .fd = h->out.fd, .kind = STREAM_BYTES, .call = host_on_out };
	h->err = (struct stream){ .fd = h->err.fd, .kind = STREAM_BYTES, .call = host_on_err };
	h->death = (struct stream){ .fd = h->pidfd, .kind = STREAM_ONCE, .call = host_on_death };
	ret = sup->ops->start(sup->lp, &h->death, &err);
	if (ret == 0 && h->captured)
		ret = sup->ops->start(sup->lp, &h->out, &err);
	if (ret == 0 && h->captured)
		ret = sup->ops->start(sup->lp, &h->err, &err);
	if (ret < 0) {
		sup->loop_failed = true;
		supervisor_fatal(sup, &err);
	}
	signals_started(sup, h);
	if (sup->stopping != STOPPING_NOT)
		host_cancel(sup, h);
}

static void supervisor_release(struct supervisor *sup, struct host *h)
{
	struct host **at = &sup->hosts;

	results_tell_rest(sup, h);
	if (h->left)
		supervisor_note(sup, "killed what a host had left behind: %s", h->left);
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	cutter_fini(&h->out_cut);
	cutter_fini(&h->err_cut);
	host_free(h);
}

static void supervisor_post(struct supervisor *sup, struct post *post)
{
	switch (post->kind) {
	case POST_STARTED:
		supervisor_watch(sup, post->host);
		break;
	case POST_RESULTS:
		for (unsigned i = 0; i < post->noutcomes; i++)
			results_add(sup, post->host, &post->outcomes[i]);
		mailbox_return(&sup->run->mailbox, post);
		break;
	case POST_KILL:
		host_stop_for(sup, post->host, STOP_CONDEMNED, 0, HOST_CONDEMNED);
		break;
	case POST_RELEASED:
		supervisor_release(sup, post->host);
		break;
	case POST_WORKER_ENDED:
		sup->nworkers--;
		sup->run->workers[post->worker].ended = true;
		break;
	}
}

void supervisor_posts(struct supervisor *sup)
{
	struct post *post = mailbox_take(&sup->run->mailbox);

	while (post) {
		struct post *next = post->next;

		supervisor_post(sup, post);
		post = next;
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

/* What a busy host is at, as far as its page can be believed. */
struct activity {
	uint32_t serial;	/* of the test that runs; 0: none does */
	uint64_t since_us;
	uint64_t due_us;	/* its deadline */
	uint64_t slow_us;	/* when a test becomes slow */
};

/* A point in time that a hostile page cannot move out of the hand-out. */
static uint64_t clamp_us(uint64_t us, uint64_t from_us, uint64_t to_us)
{
	return us < from_us ? from_us : us > to_us ? to_us : us;
}

/* When a test of the task began, as its record says. */
static uint64_t serial_start_us(const struct host *h, const struct host_work *work, uint32_t serial,
				uint64_t now_us)
{
	if (!h->map.page)
		return work->handed_us;
	return clamp_us(h->map.page->records[serial - work->serial].start_us, work->handed_us,
			now_us);
}

static uint64_t task_timeouts_us(const struct run *run, const struct task *task)
{
	uint64_t sum = run->options.timeout_us;

	for (unsigned i = 0; i < task->ntests; i++)
		sum += run_timeout_us(run, task->first + i);
	return sum;
}

static struct activity host_activity(struct host *h, const struct host_work *work, uint64_t now_us)
{
	struct run *run = h->run;
	struct page *page = h->map.page;
	struct activity a = { .since_us = work->handed_us, .slow_us = CLOCK_NEVER };
	uint64_t timeout_us = run->options.timeout_us, latest_us;
	uint32_t current;

	if (!page) {
		a.serial = work->serial;
	} else if (!work->ending) {
		current = atomic_load(&page->current);
		if (atomic_load(&page->phase) == PAGE_RUNNING && current < work->task.ntests &&
		    atomic_load(&page->records[current].state) == RECORD_STARTED) {
			a.serial = work->serial + current;
			a.since_us = clamp_us(page->records[current].start_us, work->handed_us,
					      now_us);
		} else {
			a.since_us = clamp_us(atomic_load(&page->phase_us), work->handed_us, now_us);
		}
	}
	if (a.serial != 0) {
		timeout_us = run_timeout_us(run, work->task.first + (a.serial - work->serial));
		a.slow_us = a.since_us + run->options.slow_after_us;
	}
	a.due_us = a.since_us + timeout_us;
	/* However the page moves its times: a task ends when all its tests could have. */
	latest_us = work->handed_us + task_timeouts_us(run, &work->task);
	if (!work->ending && page && a.due_us > latest_us)
		a.due_us = latest_us;
	a.due_us += pauses_within(&run->pauses, a.since_us, now_us);
	return a;
}

/* Looks at one host; returns when it wants to be looked at again. */
static uint64_t host_look(struct supervisor *sup, struct host *h, uint64_t now_us)
{
	struct host_work work;
	struct activity a;
	struct proctor_error err;

	if (h->state == HOST_STOPPING || h->state == HOST_KILLED) {
		if (now_us < h->act_us)
			return h->act_us;
		if (h->state == HOST_KILLED) {
			error_set(&err, -ETIMEDOUT, "process %d of a test does not die, %u s after "
				  "SIGKILL", h->pid, KILLED_US / 1000000u);
			sup->abandoned = true;
			supervisor_fatal(sup, &err);
			return CLOCK_NEVER;
		}
		host_enter(sup, h, host_next(h->state, HOST_OVERDUE));
		return h->act_us;
	}
	if (h->state != HOST_RUNNING)
		return CLOCK_NEVER;
	pthread_mutex_lock(&h->lock);
	work = h->work;
	a = host_activity(h, &work, now_us);
	/* Decided under the lock: the worker cannot hand out another task meanwhile. */
	if (work.busy && now_us >= a.due_us && h->stop == STOP_NOT) {
		h->stop = STOP_TIMEOUT;
		h->stop_serial = a.serial;
	}
	pthread_mutex_unlock(&h->lock);
	if (!work.busy)
		return CLOCK_NEVER;
	/* The results of earlier tasks were posted before this one was handed out: told first. */
	supervisor_posts(sup);
	for (uint32_t serial = work.serial; serial <= a.serial; serial++)
		results_tell_start(sup, h, &work, serial, serial_start_us(h, &work, serial, now_us));
	if (now_us >= a.slow_us)
		results_tell_slow(sup, h, &work, a.serial, a.since_us);
	if (now_us >= a.due_us) {
		host_enter(sup, h, host_next(h->state, HOST_OVERDUE));
		return h->act_us;
	}
	return a.due_us;
}

static void supervisor_note_guard(struct supervisor *sup)
{
	struct proctor_error err;

	if (guard_failed(sup->run->guard, &err))
		supervisor_note(sup, "if proctor is killed, tests may outlive it: %s", err.text);
}

static void supervisor_close_guard(struct supervisor *sup)
{
	struct proctor_error err;

	supervisor_note_guard(sup);
	if (guard_close(sup->run->guard, &err) < 0)
		supervisor_note(sup, "had proctor been killed, tests would have outlived it: %s",
				err.text);
	sup->run->guard = NULL;
}

/* Looks at all hosts; the next look is due at the tick or at the nearest deadline. */
static uint64_t supervisor_look(struct supervisor *sup)
{
	uint64_t now_us = clock_us(), next_us;

	if (now_us < sup->tick_us)
		return sup->tick_us;
	next_us = now_us + TICK_US;
	/* Whatever became of the wake-up for them. */
	supervisor_posts(sup);
	supervisor_note_guard(sup);
	for (struct host *h = sup->hosts; h; h = h->next) {
		uint64_t us = host_look(sup, h, now_us);

		if (us < next_us)
			next_us = us;
	}
	sup->tick_us = next_us;
	if (sup->hosts && now_us >= sup->told_tick_us + TICK_US) {
		struct writer_entry *e = writer_entry_new(PROCTOR_TICK, now_us);

		sup->told_tick_us = now_us;
		if (e)
			writer_add(&sup->run->writer, e);
	}
	return next_us;
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
	char *left = NULL;

	while (sup->signals.fd >= 0 && orphans_reap() && clock_us() < until_us) {
		supervisor_orphans(sup, 0, true, &left);
		if (sup->ops->turn(sup->lp, clock_us() + 10000, &err) < 0)
			break;
	}
	if (left)
		supervisor_note(sup, "killed what some test had left behind: %s", left);
	free(left);
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
		struct host *hosts[PROCTOR_THREADS_MAX + 1];
		nfds_t n = 0;

		fds[n++] = (struct pollfd){ .fd = sup->wake.fd, .events = POLLIN };
		for (struct host *h = sup->hosts; h && n < ARRAY_SIZE(fds); h = h->next) {
			if (h->state == HOST_OVER)
				continue;
			spawned_signal(h->pid, h->group, SIGKILL);
			hosts[n] = h;
			fds[n++] = (struct pollfd){ .fd = h->pidfd, .events = POLLIN };
		}
		/* The wake-up for a post may be what failed. */
		poll(fds, n, TICK_US / 1000);
		for (nfds_t i = 1; i < n; i++)
			if (fds[i].revents)
				host_on_death(&hosts[i]->death, NULL, 0, 0);
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

int supervisor_run(struct supervisor *sup)
{
	struct run *run = sup->run;

	supervisor_start(sup);
	while (sup->nworkers > 0 && !sup->abandoned) {
		uint64_t look_us, flush_us;

		if (sup->nunfinished == 0)
			queue_end(&run->queue);
		look_us = supervisor_look(sup);
		flush_us = supervisor_flush(sup);
		if (sup->loop_failed ||
		    sup->ops->turn(sup->lp, look_us < flush_us ? look_us : flush_us, sup->err) < 0)
			supervisor_rescue(sup);
		supervisor_check_writer(sup);
	}
	if (sup->abandoned)
		return sup->err->code;
	supervisor_join(sup);
	/* Before the orphans: with their worker's thread gone they look like some. */
	symbolizers_fini(&run->symbolizers);
	supervisor_last_orphans(sup);
	supervisor_close_guard(sup);
	not_run_tell(sup);
	return sup->err->code;
}
