/* SPDX-License-Identifier: MIT */
#include "run/queue.h"

#include "base/clock.h"
#include "hosts/host.h"
#include "hosts/program_task.h"
#include "plan/list_cache.h"
#include "plan/needed.h"

#include <errno.h>
#include <stdlib.h>

/* How many lanes are looked at for one that suits the open host: enough to find the next of a
 * thousand alike, bounded where none fits. */
#define LANES_LOOKED_AT 64

/* A process of a program that runs many tests is worth its start with so many times the work. */
#define WORTH 5
/* So long a first task is waited for, to learn how long the tests are: several times a start. */
#define PROBE_US 10000
/* Where names cost time (adapter->names_max): the program compares each with each of its tests, which takes so long.
 * A first task has no more names than this makes of a moment, and is waited for longer, as the program has to
 * register all of its tests. */
#define NAME_NS 35
#define FIRST_NAMES_NS 10000000
#define REGISTER_NS 10000
/* A test known to be as long as that has a process to itself. */
#define LONG_US 1000000

static const struct test *queue_test(const struct queue *q, item_t item)
{
	return q->plan->tests[item % q->plan->ntests];
}

static uint64_t queue_cost_us(const struct queue *q, item_t item)
{
	const struct test *test = queue_test(q, item);

	return test->duration_us ? test->duration_us : q->unknown_us;
}

static uint64_t range_cost_us(const struct queue *q, const struct range *r)
{
	uint64_t cost = 0;

	for (item_t i = r->first; i < r->end; i++)
		cost += queue_cost_us(q, i);
	return cost;
}

static const struct test_settings *queue_settings(const struct queue *q, item_t item)
{
	return queue_test(q, item)->settings;
}

static void lane_unlink(struct queue *q, size_t i)
{
	struct lane *lane = &q->lanes[i];

	if (lane->prev < q->nlanes)
		q->lanes[lane->prev].next = lane->next;
	else
		q->first_lane = lane->next;
	if (lane->next < q->nlanes)
		q->lanes[lane->next].prev = lane->prev;
}

static void lane_link_first(struct queue *q, size_t i)
{
	struct lane *lane = &q->lanes[i];

	lane->prev = q->nlanes;
	lane->next = q->first_lane;
	if (q->first_lane < q->nlanes)
		q->lanes[q->first_lane].prev = i;
	q->first_lane = i;
}

/* The lane with ranges in it stands in the list, an empty one does not. */
static void lane_add(struct queue *q, size_t i, struct range *r, bool at_head)
{
	struct lane *lane = &q->lanes[i];
	struct range **at = &lane->head;
	uint64_t cost = range_cost_us(q, r);

	if (!lane->head)
		lane_link_first(q, i);
	if (!at_head)
		while (*at)
			at = &(*at)->next;
	r->next = *at;
	*at = r;
	lane->cost_us += cost;
	q->cost_us += cost;
}

static size_t queue_count_lanes(const struct proctor_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->ntests; i++)
		if (i == 0 || plan->tests[i]->suite != plan->tests[i - 1]->suite)
			n++;
	return n;
}

static uint64_t queue_mean_us(const struct proctor_plan *plan)
{
	uint64_t sum = 0, known = 0;

	for (size_t i = 0; i < plan->ntests; i++) {
		if (plan->tests[i]->duration_us == 0)
			continue;
		sum += plan->tests[i]->duration_us;
		known++;
	}
	return known ? sum / known : 1000;
}

/* One range for each repetition of each suite's tests, the last suite first: lanes are linked in
 * at the head. */
static int queue_fill(struct queue *q, unsigned repeat)
{
	const struct proctor_plan *plan = q->plan;
	size_t end = plan->ntests;

	for (size_t i = q->nlanes; i-- > 0;) {
		size_t first = end;

		while (first > 0 && plan->tests[first - 1]->suite == plan->tests[end - 1]->suite)
			first--;
		q->lanes[i].suite = plan->tests[first]->suite;
		q->lanes[i].times = q->lanes[i].suite->times;
		for (unsigned rep = repeat; rep-- > 0;) {
			struct range *r = calloc(1, sizeof(*r));

			if (!r)
				return -ENOMEM;
			r->first = (item_t)(rep * plan->ntests + first);
			r->end = (item_t)(rep * plan->ntests + end);
			r->attempt = 1;
			lane_add(q, i, r, true);
		}
		end = first;
	}
	return 0;
}

int queue_init(struct queue *q, const struct proctor_plan *plan, unsigned nworkers, unsigned repeat,
	       struct proctor_error *err)
{
	*q = (struct queue){ .plan = plan, .nworkers = nworkers, };
	if ((uint64_t)plan->ntests * repeat >= UINT32_MAX)
		return error_set(err, -EINVAL, "%zu tests times %u repetitions are more than a "
				 "run can count", plan->ntests, repeat);
	q->unknown_us = queue_mean_us(plan);
	q->nlanes = queue_count_lanes(plan);
	q->first_lane = q->nlanes;
	for (unsigned i = 0; i < PROCTOR_THREADS_MAX; i++)
		q->at_lane[i] = q->nlanes;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	pthread_cond_init(&q->over, NULL);
	q->lanes = calloc(q->nlanes ? q->nlanes : 1, sizeof(*q->lanes));
	if (!q->lanes || queue_fill(q, repeat) < 0) {
		queue_fini(q);
		return error_set(err, -ENOMEM, "no memory for the queue of %zu tests", plan->ntests);
	}
	return 0;
}

void queue_fini(struct queue *q)
{
	for (size_t i = 0; q->lanes && i < q->nlanes; i++) {
		while (q->lanes[i].head) {
			struct range *r = q->lanes[i].head;

			q->lanes[i].head = r->next;
			free(r);
		}
	}
	free(q->lanes);
	q->lanes = NULL;
	pthread_cond_destroy(&q->changed);
	pthread_cond_destroy(&q->over);
	pthread_mutex_destroy(&q->lock);
}

static bool queue_fits(const struct suite *suite, struct suite *const *open, size_t nopen)
{
	for (size_t i = 0; i < nopen; i++)
		if (open[i] != suite && !suites_compatible(open[i], suite))
			return false;
	return true;
}

/* Is its first task being measured? Then how much to take is known in a moment. */
static bool lane_waits(const struct lane *lane, uint64_t now_us)
{
	return lane->probe_until_us > now_us;
}

/* Which lane the worker goes to: its own, a free one that fits its host, a free one, the one with
 * the most work left. The number of lanes: there is work only where it has to wait. */
static size_t queue_choose(const struct queue *q, unsigned worker, struct suite *const *open,
			   size_t nopen)
{
	size_t own = q->at_lane[worker], unclaimed = q->nlanes, longest = q->nlanes;
	uint64_t now_us = clock_us();
	unsigned looked = 0;

	if (own < q->nlanes && q->lanes[own].head && !lane_waits(&q->lanes[own], now_us))
		return own;
	for (size_t i = q->first_lane; i < q->nlanes && looked < LANES_LOOKED_AT;
	     i = q->lanes[i].next, looked++) {
		const struct lane *lane = &q->lanes[i];

		if (lane_waits(lane, now_us))
			continue;
		if (longest == q->nlanes || lane->cost_us > q->lanes[longest].cost_us)
			longest = i;
		if (lane->nworkers > 0)
			continue;
		if (queue_fits(lane->suite, open, nopen))
			return i;
		if (unclaimed == q->nlanes)
			unclaimed = i;
	}
	return unclaimed < q->nlanes ? unclaimed : longest;
}

static void queue_enter(struct queue *q, unsigned worker, size_t lane)
{
	size_t own = q->at_lane[worker];

	if (own == lane)
		return;
	if (own < q->nlanes)
		q->lanes[own].nworkers--;
	if (lane < q->nlanes)
		q->lanes[lane].nworkers++;
	q->at_lane[worker] = lane;
}

/* How many tests a task may have. */
static unsigned queue_most(const struct suite *suite, const struct test_settings *settings)
{
	/* A page has room for one crash record, and a forked test's death does not end the host: it is read
	 * before the next test begins. */
	return settings->isolation == PROCTOR_ISOLATION_FORK ? 1 : host_ops_of(suite)->tests_max;
}

static bool lane_starts_processes(const struct lane *lane)
{
	const struct host_ops *ops = host_ops_of(lane->suite);

	return ops->is_task && ops->tests_max > 1;
}

/* Would it take longer to name the tests to several processes than to run them in one, where they need not be named? */
static bool names_cost_more(const struct queue *q, const struct lane *lane, item_t nleft)
{
	const struct task all = { .suite = lane->suite, .ntests = nleft };

	return lane->suite->adapter->names_max > 0 && lane->times.test_ns > 0 && task_names_fit(&all) &&
	       lane->times.test_ns * (q->nworkers - 1) < NAME_NS * lane->suite->ntests;
}

/* `part`, or as many names as take no more than a moment. */
static item_t first_names(const struct suite *suite, item_t part)
{
	size_t most = FIRST_NAMES_NS / (NAME_NS * suite->ntests);

	if (most < 1)
		most = 1;
	return part < most ? part : (item_t)most;
}

/* So long a first task is waited for. */
static uint64_t probe_us(const struct suite *suite)
{
	return suite->adapter->names_max > 0 ? PROBE_US + REGISTER_NS * suite->ntests / 1000 : PROBE_US;
}

/* How many tests of unknown length a process gets: a part of what is left, so that the workers end together,
 * but enough to be worth a process. */
static unsigned process_share(const struct queue *q, const struct lane *lane, item_t nleft)
{
	item_t part = q->nworkers > 1 ? nleft / (2 * q->nworkers) : nleft;
	uint64_t worth = lane->times.test_ns ? WORTH * lane->times.start_ns / lane->times.test_ns : 1;

	if (names_cost_more(q, lane, nleft))
		return nleft;
	if (lane->suite->adapter->names_max > 0 && lane->times.test_ns == 0 && nleft > 1)
		part = first_names(lane->suite, part);
	if (part < worth)
		part = worth < nleft ? (item_t)worth : nleft;
	if (part < 1)
		part = 1;
	/* The last one takes what would not be worth another. */
	return nleft - part < worth ? nleft : part;
}

/* What is not to be in one task with the test before it. */
static bool queue_parts(const struct queue *q, const struct task *task, item_t before, item_t item)
{
	const struct test *last = queue_test(q, before), *next = queue_test(q, item);

	return task->own_host || next->settings->own_host || test_is_run(last) != test_is_run(next) ||
	       (host_ops_of(task->suite)->is_task &&
		(last->duration_us >= LONG_US || next->duration_us >= LONG_US));
}

/* How many of the task's tests can be named to one process. Where it is the whole program none has to be. */
static unsigned queue_names_fit(const struct queue *q, const struct task *task)
{
	const struct adapter *adapter = task->suite->adapter;
	size_t nbytes = 0;
	unsigned n = 0;

	if (!task_names_fit(task))
		return adapter->names_max;
	if (!adapter->name_bytes || task_is_whole(task))
		return task->ntests;
	for (; n < task->ntests; n++) {
		nbytes += adapter->name_bytes(test_own_name(queue_test(q, task->first + n)));
		if (n > 0 && nbytes > adapter->names_max_bytes)
			break;
	}
	return n;
}

/* A program that runs all of its tests or one runs all where none is missing, and none is known to take long. */
static bool queue_wants_all(const struct queue *q, const struct range *r, struct suite *suite)
{
	const struct task all = { .suite = suite, .ntests = r->end - r->first };

	if (r->own_host || !task_is_whole(&all))
		return false;
	for (item_t i = r->first; i < r->end; i++)
		if (queue_test(q, i)->pub.index != i - r->first || queue_test(q, i)->duration_us >= LONG_US ||
		    queue_settings(q, i)->own_host || !test_is_run(queue_test(q, i)))
			return false;
	return true;
}

/* Cuts a task off the head of the lane: at most a small part of the remaining time, so that the workers end
 * together. */
static void queue_cut(struct queue *q, size_t i, struct task *task)
{
	struct lane *lane = &q->lanes[i];
	struct range *r = lane->head;
	uint64_t bound_us = q->nworkers > 1 ? q->cost_us / (4 * q->nworkers) : UINT64_MAX;
	unsigned most = queue_most(lane->suite, queue_settings(q, r->first)), share = 0;
	bool learns = lane_starts_processes(lane) && queue_test(q, r->first)->duration_us == 0;
	uint64_t cost = 0;

	if (lane->suite->adapter->all_or_one && most > 1) {
		most = queue_wants_all(q, r, lane->suite) ? most : 1;
		bound_us = UINT64_MAX;
	} else if (learns) {
		share = process_share(q, lane, r->end - r->first);
		most = share < most ? share : most;
		bound_us = UINT64_MAX;
	}

	*task = (struct task){ .suite = lane->suite, .first = r->first, .attempt = r->attempt,
			       .nopens = r->nopens, .lane = i };
	task->own_host = r->own_host || queue_settings(q, r->first)->own_host;
	while (r->first < r->end && task->ntests < most) {
		uint64_t next = queue_cost_us(q, r->first);

		if (task->ntests > 0 &&
		    (queue_parts(q, task, r->first - 1, r->first) || cost + next > bound_us))
			break;
		cost += next;
		task->ntests++;
		r->first++;
	}
	for (unsigned fit = queue_names_fit(q, task); task->ntests > fit; task->ntests--)
		cost -= queue_cost_us(q, --r->first);
	lane->cost_us -= cost;
	q->cost_us -= cost;
	if (learns && !lane->suite->adapter->all_or_one && lane->times.test_ns == 0 && lane->probe_until_us == 0 && task->ntests > 1)
		lane->probe_until_us = clock_us() + probe_us(lane->suite);
	if (r->first == r->end) {
		lane->head = r->next;
		free(r);
		if (!lane->head)
			lane_unlink(q, i);
	}
}

static bool queue_has_task(const struct queue *q)
{
	return !q->ended && !q->paused && q->first_lane < q->nlanes;
}

/* Under the lock. False: there is no task to be had now. */
static bool queue_take(struct queue *q, unsigned worker, struct suite *const *open, size_t nopen,
		       struct task *task)
{
	size_t lane = queue_has_task(q) ? queue_choose(q, worker, open, nopen) : q->nlanes;

	if (lane == q->nlanes)
		return false;
	queue_enter(q, worker, lane);
	queue_cut(q, lane, task);
	return true;
}

/* Until something changes, or until there is no reason any more to wait for what is measured. */
static void queue_wait(struct queue *q)
{
	uint64_t until_us = clock_us() + PROBE_US;
	struct timespec until = { .tv_sec = (time_t)(until_us / 1000000),
				  .tv_nsec = (long)(until_us % 1000000) * 1000 };

	if (queue_has_task(q))
		pthread_cond_clockwait(&q->changed, &q->lock, CLOCK_MONOTONIC, &until);
	else
		pthread_cond_wait(&q->changed, &q->lock);
}

bool queue_try_pop(struct queue *q, unsigned worker, struct suite *const *open, size_t nopen,
		   struct task *task)
{
	bool got;

	pthread_mutex_lock(&q->lock);
	got = queue_take(q, worker, open, nopen, task);
	pthread_mutex_unlock(&q->lock);
	return got;
}

bool queue_pop(struct queue *q, unsigned worker, struct suite *const *open, size_t nopen,
	       struct task *task)
{
	bool got = false;

	pthread_mutex_lock(&q->lock);
	while (!q->ended && !(got = queue_take(q, worker, open, nopen, task)))
		queue_wait(q);
	pthread_mutex_unlock(&q->lock);
	return got;
}

/* The later tasks tell of more tests. */
static uint64_t learned(uint64_t before, uint64_t now)
{
	return before ? (before + now) / 2 : now + (now == 0);
}

void queue_measured(struct queue *q, const struct task *task, const struct queue_measure *m)
{
	struct lane *lane = &q->lanes[task->lane];

	pthread_mutex_lock(&q->lock);
	if (m->ntests > 0) {
		lane->times.start_ns = learned(lane->times.start_ns, m->start_us * 1000);
		lane->times.test_ns = learned(lane->times.test_ns, m->tests_us * 1000 / m->ntests);
		lane->measured = true;
	}
	if (lane->probe_until_us > 0)
		pthread_cond_broadcast(&q->changed);
	lane->probe_until_us = 0;
	pthread_mutex_unlock(&q->lock);
}

static int queue_push(struct queue *q, size_t lane, struct range range, bool at_head)
{
	struct range *r = malloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	*r = range;
	pthread_mutex_lock(&q->lock);
	lane_add(q, lane, r, at_head);
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
	return 0;
}

int queue_push_head(struct queue *q, const struct task *task, unsigned skip, unsigned ntests)
{
	struct range range = {
		.first = task->first + skip, .end = task->first + skip + ntests,
		.attempt = task->attempt, .nopens = skip == 0 ? task->nopens : 0,
		.own_host = task->own_host,
	};

	return queue_push(q, task->lane, range, true);
}

int queue_push_retry(struct queue *q, const struct suite *suite, item_t item, unsigned attempt)
{
	struct range range = { .first = item, .end = item + 1, .attempt = attempt, .own_host = true };
	size_t lane = 0;

	while (lane < q->nlanes && q->lanes[lane].suite != suite)
		lane++;
	return lane < q->nlanes ? queue_push(q, lane, range, false) : -EINVAL;
}

void queue_keep_times(const struct queue *q)
{
	for (size_t i = 0; i < q->nlanes; i++)
		if (q->lanes[i].measured)
			list_cache_keep_times(q->lanes[i].suite, &q->lanes[i].times);
}

void queue_pause(struct queue *q, bool paused)
{
	pthread_mutex_lock(&q->lock);
	if (q->paused != paused) {
		q->paused = paused;
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
}

void queue_end(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->ended = true;
	pthread_cond_broadcast(&q->changed);
	pthread_cond_broadcast(&q->over);
	pthread_mutex_unlock(&q->lock);
}

bool queue_linger(struct queue *q, uint64_t us)
{
	uint64_t until_us = clock_us() + us;
	struct timespec until = { .tv_sec = (time_t)(until_us / 1000000),
				  .tv_nsec = (long)(until_us % 1000000) * 1000 };
	bool ended;

	pthread_mutex_lock(&q->lock);
	while (!q->ended &&
	       pthread_cond_clockwait(&q->over, &q->lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
		continue;
	ended = q->ended;
	pthread_mutex_unlock(&q->lock);
	return !ended;
}

void queue_rest(struct queue *q, void (*each)(item_t item, unsigned attempt, void *data),
		void *data)
{
	for (size_t i = 0; i < q->nlanes; i++)
		for (struct range *r = q->lanes[i].head; r; r = r->next)
			for (item_t item = r->first; item < r->end; item++)
				each(item, r->attempt, data);
}
