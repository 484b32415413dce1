/* SPDX-License-Identifier: MIT */
#include "hosts/host.h"

#include "base/clock.h"
#include "base/futex.h"
#include "coverage/run_coverage.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct host_ops *host_ops_of(const struct suite *suite)
{
	if (suite->adapter->in_host)
		return &page_host_ops;
	return suite->adapter->parser ? &stream_host_ops : &exe_host_ops;
}

/* ---- start ---- */

/* The user has one put into all programs: it will not have another library before it. */
static bool sanitizer_is_preloaded(const struct child_environment *env)
{
	const char *list = child_environment_get(env, "LD_PRELOAD");

	return list && (strstr(list, "libasan.so") || strstr(list, "libtsan.so") ||
			strstr(list, "libclang_rt."));
}

/* Puts into the process what instrumented code needs to hand its counts over. */
static int start_inject_coverage(struct start *start, const struct process_counts *counts)
{
	const struct injected what = {
		.library = counts->library,
		.vars = { { "LLVM_PROFILE_FILE", counts->profile },
			  { "TML_COVERAGE_FILE", counts->functions_file } },
		.fds = { { counts->area.fd, AREA_FD } },
	};

	return start_inject(start, &what);
}

/*
 * What leaves a record of a crash of a program. Where coverage is collected, what is put in for that does
 * this, too. A program that has none, for want of memory or descriptors say, runs all the same.
 */
static int start_inject_crash(struct start *start, struct host *h, const struct suite *suite)
{
	struct injected what = { .library = start->injects ? NULL : h->launch->inject_path };

	/* What wraps a program would get it in its place. */
	if (!h->ops->is_task || !h->launch->inject_path || !suite->injectable || h->launch->plan->wrap ||
	    sanitizer_is_preloaded(&start->env) || crash_map_take(h->launch->crash_pool, &h->crash, NULL) < 0)
		return 0;
	what.fds[0] = (struct injected_fd){ h->crash.fd, CRASH_PAGE_FD };
	return start_inject(start, &what);
}

/* Sets the marks by which the process is found later, and what its test asked for. */
static int start_mark(struct start *start, const struct host *h, const struct task *task)
{
	const struct test *test = item_test(h->launch->plan, task->first);
	struct child_environment *env = &start->env;
	int ret = child_environment_set(env, "PROCTOR_WORKER", "%u", h->worker);

	if (ret == 0)
		ret = temp_dir_tell(env, h->temp);
	if (ret == 0)
		ret = child_environment_set(env, "PROCTOR_HOST", "%llu",
					    (unsigned long long)h->number);
	if (ret == 0 && task->own_host && task->ntests == 1)
		ret = child_environment_set(env, "PROCTOR_TEST", "%s", test->pub.id);
	start->workdir = task->own_host && test->workdir ? test->workdir : test->suite->workdir;
	/* As the "cd" of a shell leaves it: there are programs that believe it. */
	if (ret == 0 && start->workdir)
		ret = child_environment_set(env, "PWD", "%s", start->workdir);
	/* Where it runs tests of other suites, too, there is none of a suite (plan/resolve.c). */
	if (ret == 0 && test->suite->env)
		ret = child_environment_add(env, test->suite->env);
	if (ret == 0 && task->own_host && test->env)
		ret = child_environment_add(env, test->env);
	return ret;
}

/* A sanitizer's runtime insists on being the first library. In a program that is linked with it, it
 * is, unless something else is preloaded: then the runtime has to be preloaded before that. */
static int start_inject_sanitizer(struct start *start, const struct host *h, const struct suite *suite)
{
	const struct injected what = { .library = suite->preload };

	if (!suite->preload || (h->ops->is_task && !start->injects))
		return 0;
	return start_inject(start, &what);
}

/* Waits between two attempts to start the process. That is not counted as the test's time. */
static bool host_pause(void *data, uint64_t us)
{
	struct host *h = data;

	h->given_up = !h->launch->linger(h->launch->linger_data, us);
	h->shared.work.handed_us = clock_us();
	return !h->given_up;
}

/* Why a program that is to be forked cannot be, as far as that is known before it is started. */
static const char *unforkable(const struct host *h, const struct suite *suite)
{
	const struct launch *launch = h->launch;

	if (!launch->inject_path)
		return "nothing is put into programs";
	if (!suite->injectable)
		return "nothing can be put into it";
	if (launch->plan->wrap)
		return "it is started by another program (--wrap)";
	if (launch->coverage)
		return "coverage is collected";
	if (!h->crash.page)
		return "nothing was put into it";
	return h->captured ? NULL : "its output is not captured";
}

/* Said once in a run. */
static void host_note_unforked(struct host *h, const struct suite *suite, const char *why)
{
	if (!fork_refusals_add(h->launch->fork_refusals, suite))
		return;
	if (asprintf(&h->note, "%s is not forked before main(), but executed for each of its tests, and so are others "
		     "like it: %s", suite->name, why) < 0)
		h->note = NULL;
}

static bool host_wants_fork(struct host *h, const struct suite *suite)
{
	const char *why;

	if (!h->ops->is_task || h->settings->isolation != PROCTOR_ISOLATION_FORK ||
	    fork_refusals_have(h->launch->fork_refusals, suite))
		return false;
	why = unforkable(h, suite);
	if (why)
		host_note_unforked(h, suite, why);
	return !why;
}

/* False: it is to be executed. What went wrong with the server is told, and the test loses nothing. */
static bool host_fork(struct host *h, const struct suite *suite, const struct start *start,
		      const struct spawn *spawn, struct spawned *child)
{
	const struct fork_setup setup = {
		.spawn = spawn, .env = &start->env, .crash_pool = h->launch->crash_pool,
		.temp_dirs = h->launch->temp_dirs, .temp = h->temp,
		.timeout_us = h->settings->timeout_us, .stopping = h->launch->stopping,
	};
	struct proctor_error err = { 0 };
	int ret = 0;

	if (h->server->suite != suite) {
		fork_server_end(h->server, setup.crash_pool);
		ret = fork_server_start(h->server, suite, &setup, &err);
	}
	/* What came before was for all of its tests. */
	h->shared.work.handed_us = clock_us();
	if (ret == 0)
		ret = fork_server_ask(h->server, start, &setup, child, &err);
	if (ret == 0)
		return true;
	fork_server_end(h->server, setup.crash_pool);
	h->given_up = ret == -ECANCELED;
	if (!h->given_up)
		host_note_unforked(h, suite, err.text);
	h->shared.work.handed_us = clock_us();
	return false;
}

static int host_exec(struct host *h, const struct task *task, struct start *start,
		     struct spawned *child, struct proctor_error *err)
{
	const struct launch *launch = h->launch;
	struct spawn spawn = {
		.path = start->path, .argv = start_argv(start), .envp = start->env.vars,
		.workdir = start->workdir, .fds = start->fds, .nfds = start->nfds,
		.inherited = launch->inherited, .keep_affinity = launch->options->pin_tests,
		.leads = start->leads, .dies_with_parent = true, .oom_first = true,
		.handlers_known = launch->options->own_process,
		.pause = host_pause, .pause_data = h,
	};
	int ret;

	if (!spawn.argv)
		return error_sys(err, ENOMEM, "cannot start %s", start->path);
	if (host_wants_fork(h, task->suite) && host_fork(h, task->suite, start, &spawn, child))
		return 0;
	if (h->given_up)
		return error_set(err, -ECANCELED, "the run is being stopped");
	ret = spawn_start(&spawn, child, err);
	if (ret < 0 && err && !launch->plan->wrap)
		h->ops->explain(task, err);
	return ret < 0 && h->given_up ? -ECANCELED : ret;
}

static int host_pipe(int *read_fd, int *write_fd, struct proctor_error *err)
{
	int fds[2], ret = pipe_high(fds);

	if (ret < 0)
		return error_sys(err, -ret, "cannot make a pipe for the output of a test");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*read_fd = fds[0];
	*write_fd = fds[1];
	return 0;
}

static int host_pipes_and_exec(struct host *h, const struct task *task, struct start *start,
			       struct started *started, struct proctor_error *err)
{
	int out_fd = -1, err_fd = -1, channel_fd = -1, ret = 0;
	bool channel = !task->suite->adapter->in_host && task->suite->adapter->parser &&
		       task->suite->adapter->source == PARSER_CHANNEL;

	*started = (struct started){ .out_fd = -1, .err_fd = -1 };
	if (channel)
		ret = host_pipe(&started->channel_fd, &channel_fd, err);
	if (ret == 0 && channel)
		ret = start_add_fd(start, channel_fd, PARSER_CHANNEL_FD);
	if (ret == 0 && h->captured) {
		ret = host_pipe(&started->out_fd, &out_fd, err);
		if (ret == 0)
			ret = host_pipe(&started->err_fd, &err_fd, err);
	}
	if (ret == 0) {
		start_add_fd(start, h->launch->inherited->null_fd, STDIN_FILENO);
		start_add_fd(start, out_fd, STDOUT_FILENO);
		start_add_fd(start, err_fd, STDERR_FILENO);
		ret = host_exec(h, task, start, &started->process, err);
	}
	if (out_fd >= 0)
		close(out_fd);
	if (err_fd >= 0)
		close(err_fd);
	if (channel_fd >= 0)
		close(channel_fd);
	if (ret < 0 && started->channel_fd > 0)
		close(started->channel_fd);
	if (ret < 0 && started->out_fd >= 0)
		close(started->out_fd);
	if (ret < 0 && started->err_fd >= 0)
		close(started->err_fd);
	return ret;
}

int host_note_tests(struct host *h, const struct task *task, struct proctor_error *err)
{
	for (unsigned i = 0; h->counts && i < task->ntests; i++)
		if (process_counts_note_test(h->counts, task->suite,
					     item_test(h->launch->plan, task_item(task, i))->pub.name) < 0)
			return error_set(err, -ENOMEM, "no memory for the coverage of suite %s",
					 task->suite->name);
	return 0;
}

/* Starts the process with all that is put into it. */
static int host_start_with(struct host *h, const struct task *task, struct started *started,
			   struct proctor_error *err)
{
	struct start start;
	int ret = temp_dirs_take(h->launch->temp_dirs, &h->temp, err);

	if (ret < 0)
		return ret;
	ret = start_init(&start, h->launch->environment);
	if (ret == 0 && h->counts)
		ret = start_inject_coverage(&start, h->counts);
	if (ret == 0)
		ret = start_inject_crash(&start, h, task->suite);
	if (ret == 0)
		ret = start_inject_sanitizer(&start, h, task->suite);
	if (ret == 0)
		ret = start_mark(&start, h, task);
	if (ret < 0)
		error_set(err, ret, "no memory for the environment of %s", task->suite->path);
	if (ret == 0)
		ret = h->ops->prepare(h, task, &start, err);
	if (ret == 0 && h->launch->plan->wrap && start_wrap(&start, h->launch->plan->wrap) < 0)
		ret = error_sys(err, ENOMEM, "cannot start %s", task->suite->path);
	if (ret == 0)
		ret = host_pipes_and_exec(h, task, &start, started, err);
	start_fini(&start);
	return ret;
}

/* The same, and where coverage is collected, tells the collector what to expect of the process; on
 * failure, that nothing is to be expected. */
static int host_start_counted(struct host *h, const struct task *task, struct started *started,
			      struct proctor_error *err)
{
	struct coverage *cov = h->launch->coverage;
	int ret;

	if (!cov)
		return host_start_with(h, task, started, err);
	ret = coverage_process(cov, h->number, h->ops->is_task ? task->suite : NULL, &h->counts, err);
	if (ret < 0)
		return ret;
	if (h->ops->is_task)
		ret = host_note_tests(h, task, err);
	if (ret == 0)
		ret = host_start_with(h, task, started, err);
	if (ret < 0) {
		coverage_dropped(cov, h->counts);
		h->counts = NULL;
	}
	return ret;
}

void host_leave_counts(struct host *h)
{
	if (h->counts)
		/* What a process that does not die has counted cannot be trusted: it may still be
		 * counting. It is taken as killed. */
		coverage_ended(h->launch->coverage, h->counts,
			       h->shared.end.undead ? SIGKILL : h->shared.end.status);
	h->counts = NULL;
}

void host_drop_counts(struct host *h)
{
	if (h->counts)
		coverage_forget(h->launch->coverage, h->counts);
	h->counts = NULL;
}

int host_start(const struct launch *launch, unsigned worker, uint64_t number,
	       struct fork_server *server, const struct task *task, struct host **host,
	       struct started *started, struct proctor_error *err)
{
	const struct host_ops *ops = host_ops_of(task->suite);
	struct host *h;
	int ret;

	if (*launch->stopping)
		return -ECANCELED;
	h = calloc(1, ops->nbytes);
	if (!h)
		return error_set(err, -ENOMEM, "no memory for a host of %s", task->suite->path);
	h->ops = ops;
	h->launch = launch;
	h->worker = worker;
	h->number = number;
	h->alone = ops->is_task || task->own_host;
	h->settings = item_test(launch->plan, task->first)->settings;
	/* Nobody asked to see what it writes once more. */
	h->captured = task->confirms || !launch->options->nocapture;
	h->next_serial = 1;
	h->server = server;
	pthread_mutex_init(&h->shared.lock, NULL);
	ret = host_start_counted(h, task, started, err);
	if (ret < 0) {
		host_free(h);
		return ret;
	}
	*host = h;
	return 0;
}

void host_remove_dirs(struct host *h)
{
	temp_dirs_give(h->launch->temp_dirs, &h->dir);
	temp_dirs_leave(h->launch->temp_dirs, &h->temp);
}

char *host_kept_dir(const struct host *h, unsigned i)
{
	char *path;

	if (!h->temp || !h->launch->temp_dirs->keep)
		return NULL;
	/* As proctor-host calls them (host/test_dir.c). */
	if (h->ops->is_task || h->settings->isolation != PROCTOR_ISOLATION_FORK)
		path = strdup(h->temp);
	else if (asprintf(&path, "%s/%u", h->temp, h->shared.work.serial + i) < 0)
		path = NULL;
	if (temp_dirs_keeps(h->launch->temp_dirs, path))
		return path;
	free(path);
	return NULL;
}

void host_free(struct host *h)
{
	h->ops->close(h);
	crash_map_give(h->launch->crash_pool, &h->crash, h->shared.end.left || h->shared.end.undead);
	host_remove_dirs(h);
	free(h->note);
	free(h->shared.end.left);
	free(h->shared.end.undead);
	pthread_mutex_destroy(&h->shared.lock);
	free(h);
}

/* ---- work ---- */

bool host_closes(const struct host *h, const struct suite *suite)
{
	return suite->closable && h->launch->closes_suites;
}

bool host_begin(struct host *h, const struct task *task)
{
	struct host_shared *shared = &h->shared;
	bool stopping;

	pthread_mutex_lock(&shared->lock);
	/* Asked under the lock, so that the supervisor, when it stops the run, sees either this
	 * task or a worker that does not begin it. */
	stopping = *h->launch->stopping;
	if (!stopping)
		shared->work = (struct host_work){ .busy = true, .task = *task,
						   .serial = h->next_serial,
						   .handed_us = clock_us() };
	pthread_mutex_unlock(&shared->lock);
	return !stopping;
}

int host_hand_out(struct host *h, const struct task *task, struct proctor_error *err)
{
	return h->ops->hand_out(h, task, err);
}

void host_tell_end(struct host *h)
{
	pthread_mutex_lock(&h->shared.lock);
	h->shared.work.busy = h->shared.work.ending = true;
	h->shared.work.handed_us = clock_us();
	pthread_mutex_unlock(&h->shared.lock);
	h->ops->tell_end(h);
}

static bool host_is_over(struct host *h)
{
	return atomic_load_explicit(&h->shared.over, memory_order_acquire);
}

/* Notes that the task is done. False: the supervisor has begun to stop the host, and its end has to
 * be waited for. */
static bool host_leave_work(struct host *h)
{
	bool stopped;

	pthread_mutex_lock(&h->shared.lock);
	stopped = h->shared.end.stop != STOP_NOT;
	if (!stopped)
		h->shared.work.busy = false;
	pthread_mutex_unlock(&h->shared.lock);
	return !stopped;
}

bool host_wait(struct host *h)
{
	_Atomic uint32_t *word = h->ops->word(h);

	for (;;) {
		uint32_t seen = atomic_load(word);

		if (host_is_over(h))
			return true;
		if (h->ops->is_done(h, seen) && host_leave_work(h))
			return false;
		done_wait(word, seen);
	}
}

void host_wait_over(struct host *h)
{
	_Atomic uint32_t *word = h->ops->word(h);

	for (;;) {
		uint32_t seen = atomic_load(word);

		if (host_is_over(h))
			return;
		done_wait(word, seen);
	}
}

bool host_wait_briefly(struct host *h, uint64_t us)
{
	_Atomic uint32_t *word = h->ops->word(h);
	uint32_t seen = atomic_load(word);

	if (!host_is_over(h))
		futex_wait(word, seen, us);
	return host_is_over(h);
}

void host_say_over(struct host *h)
{
	_Atomic uint32_t *word = h->ops->word(h);

	assert(!atomic_load_explicit(&h->shared.over, memory_order_relaxed));
	h->ops->died(h);
	/* This flag is what the worker believes: to the word on which it sleeps a test may
	 * write. */
	atomic_store_explicit(&h->shared.over, true, memory_order_release);
	/* An exclusive-or changes the word whatever a test has written there: so a worker that is
	 * about to sleep while the word has its old value does not fall asleep. */
	atomic_fetch_xor(word, PAGE_DEAD);
	futex_wake(word);
}
