/* SPDX-License-Identifier: MIT */
#include "hosts/host.h"

#include "base/clock.h"
#include "base/futex.h"
#include "base/program.h"
#include "coverage/coverage.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Libraries with initial-exec TLS opened late live off the loader's small static surplus: many
 * suites in one host need more of it than a program usually does. */
static int host_widen_tls(struct child_environment *env)
{
	static const char tunable[] = "glibc.rtld.optional_static_tls=65536";
	const char *old = child_environment_get(env, "GLIBC_TUNABLES");

	if (!old)
		return child_environment_set(env, "GLIBC_TUNABLES", "%s", tunable);
	if (strstr(old, "glibc.rtld.optional_static_tls"))
		return 0;
	return child_environment_set(env, "GLIBC_TUNABLES", "%s:%s", old, tunable);
}

static int host_preload(struct child_environment *env, const char *preload)
{
	const char *old = child_environment_get(env, "LD_PRELOAD");

	if (!old || !*old)
		return child_environment_set(env, "LD_PRELOAD", "%s", preload);
	return child_environment_set(env, "LD_PRELOAD", "%s:%s", preload, old);
}

/* What instrumented code is to find. */
static int host_environment_counts(const struct coverage_environment *counts,
				   struct child_environment *env)
{
	int ret = 0;

	if (counts->profile)
		ret = child_environment_set(env, "LLVM_PROFILE_FILE", "%s", counts->profile);
	if (ret == 0 && counts->functions)
		ret = child_environment_set(env, "TML_COVERAGE_FILE", "%s", counts->functions);
	if (ret == 0 && counts->preload)
		ret = host_preload(env, counts->preload);
	return ret;
}

static int host_environment(const struct host *h, const struct task *task,
			    const struct coverage_environment *counts, struct child_environment *env)
{
	const struct test *test = item_test(h->launch->plan, task->first);
	int ret = child_environment_copy(env, h->launch->environment);

	if (ret < 0)
		return ret;
	if (h->map.page)
		ret = host_widen_tls(env);
	if (ret == 0 && counts)
		ret = host_environment_counts(counts, env);
	/* A sanitizer's runtime will not have another library before it. A program that needs it has
	 * it, unless something else is preloaded. */
	if (ret == 0 && task->suite->preload && (h->map.page || (counts && counts->preload)))
		ret = host_preload(env, task->suite->preload);
	if (ret == 0)
		ret = child_environment_set(env, "PROCTOR_WORKER", "%u", h->worker);
	if (ret == 0)
		ret = child_environment_set(env, "PROCTOR_HOST", "%llu", (unsigned long long)h->number);
	if (ret == 0 && task->own_host && task->ntests == 1)
		ret = child_environment_set(env, "PROCTOR_TEST", "%s", test->pub.id);
	if (ret == 0 && task->own_host && test->env)
		ret = child_environment_add(env, test->env);
	if (ret < 0)
		child_environment_fini(env);
	return ret;
}

/* Between two attempts to start the process. What passes is not the test's time. */
static bool host_pause(void *data, uint64_t us)
{
	struct host *h = data;

	h->given_up = !h->launch->linger(h->launch->linger_data, us);
	h->shared.work.handed_us = clock_us();
	return !h->given_up;
}

static int host_exec(struct host *h, const struct task *task,
		     const struct coverage_environment *counts, int out_fd, int err_fd,
		     struct spawned *child, struct proctor_error *err)
{
	const struct launch *launch = h->launch;
	const struct suite *suite = task->suite;
	char *host_argv[] = { "proctor-host", "serve", NULL, NULL, NULL }, **word = host_argv + 2;
	char *exe_argv[] = { suite->path, NULL };
	struct child_environment env;
	struct spawn spawn = {
		.path = h->map.page ? launch->host_path : suite->path,
		.argv = h->map.page ? host_argv : exe_argv,
		.workdir = task->own_host ? item_test(launch->plan, task->first)->workdir : NULL,
		.inherited = launch->inherited, .keep_affinity = launch->options->pin_tests,
		.leads = h->map.page || suite->leads,
		.dies_with_parent = true, .oom_first = true,
		.handlers_known = launch->options->own_process,
		.fds = { launch->inherited->null_fd, out_fd, err_fd, h->map.page ? h->map.fd : -1,
			 h->counts ? h->counts->area_fd : -1 },
		.pause = host_pause, .pause_data = h,
	};
	int ret = host_environment(h, task, counts, &env);

	if (suite->sanitizer != SANITIZER_NONE)
		*word++ = "sanitized";
	if (counts)
		*word++ = "coverage";
	if (ret < 0)
		return error_set(err, ret, "no memory for the environment of %s", suite->path);
	spawn.envp = env.vars;
	ret = spawn_start(&spawn, child, err);
	if (ret < 0 && !h->map.page && err)
		program_explain(suite->path, err);
	child_environment_fini(&env);
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

static int host_pipes_and_exec(struct host *h, const struct task *task,
			       const struct coverage_environment *counts,
			       struct started *started, struct proctor_error *err)
{
	int out_fd = -1, err_fd = -1, ret = 0;

	*started = (struct started){ .out_fd = -1, .err_fd = -1 };
	if (h->captured) {
		ret = host_pipe(&started->out_fd, &out_fd, err);
		if (ret == 0)
			ret = host_pipe(&started->err_fd, &err_fd, err);
	}
	if (ret == 0)
		ret = host_exec(h, task, counts, out_fd, err_fd, &started->process, err);
	if (out_fd >= 0)
		close(out_fd);
	if (err_fd >= 0)
		close(err_fd);
	if (ret < 0 && started->out_fd >= 0)
		close(started->out_fd);
	if (ret < 0 && started->err_fd >= 0)
		close(started->err_fd);
	return ret;
}

/* Notes what is handed to it: whose counts are missing if it leaves none. */
static int host_note_tests(struct host *h, const struct task *task, struct proctor_error *err)
{
	for (unsigned i = 0; h->counts && i < task->ntests; i++)
		if (process_note_test(h->counts, task->suite,
				      item_test(h->launch->plan, task->first + i)->pub.name) < 0)
			return error_set(err, -ENOMEM, "no memory for the coverage of suite %s",
					 task->suite->name);
	return 0;
}

/* The same with what coverage needs; on failure nothing is expected of the process. */
static int host_start_counted(struct host *h, const struct task *task, struct started *started,
			      struct proctor_error *err)
{
	struct coverage *cov = h->launch->coverage;
	struct coverage_environment env;
	int ret;

	if (!cov)
		return host_pipes_and_exec(h, task, NULL, started, err);
	ret = coverage_process(cov, h->number, h->map.page ? NULL : task->suite, &h->counts, &env,
			       err);
	if (ret < 0)
		return ret;
	if (!h->map.page)
		ret = host_note_tests(h, task, err);
	if (ret == 0)
		ret = host_pipes_and_exec(h, task, &env, started, err);
	coverage_environment_fini(&env);
	if (ret < 0) {
		coverage_dropped(cov, h->counts);
		h->counts = NULL;
	}
	return ret;
}

void host_leave_counts(struct host *h)
{
	if (h->counts)
		/* What does not die is not waited for either: nothing of it can be believed. */
		coverage_ended(h->launch->coverage, h->counts,
			       h->shared.end.undead ? SIGKILL : h->shared.end.status);
	h->counts = NULL;
}

/* All but the process. */
static struct host *host_new(const struct launch *launch, unsigned worker, uint64_t number,
			     const struct task *task)
{
	struct host *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->launch = launch;
	h->worker = worker;
	h->number = number;
	h->map.fd = -1;
	h->alone = !task->suite->adapter->in_host || task->own_host;
	h->settings = item_test(launch->plan, task->first)->settings;
	h->captured = !launch->options->nocapture;
	h->next_serial = 1;
	pthread_mutex_init(&h->shared.lock, NULL);
	return h;
}

int host_start(const struct launch *launch, unsigned worker, uint64_t number,
	       const struct task *task, struct host **host, struct started *started,
	       struct proctor_error *err)
{
	struct host *h;
	int ret = 0;

	if (*launch->stopping)
		return -ECANCELED;
	h = host_new(launch, worker, number, task);
	if (!h)
		return error_set(err, -ENOMEM, "no memory for a host of %s", task->suite->path);
	if (!task->suite->adapter->in_host) {
		h->shared.work = (struct host_work){ .busy = true, .task = *task, .serial = 1,
						     .handed_us = clock_us() };
	} else {
		ret = page_open(&h->map, err);
		if (ret == 0 && (h->map.fd = fd_high(h->map.fd)) < 0)
			ret = error_sys(err, -h->map.fd, "cannot keep a progress page");
		if (ret == 0)
			h->map.page->leak_us = launch->options->leak_us;
	}
	if (ret == 0)
		ret = host_start_counted(h, task, started, err);
	if (ret < 0) {
		host_free(h);
		return ret;
	}
	*host = h;
	return 0;
}

void host_free(struct host *h)
{
	page_close(&h->map);
	free(h->shared.end.left);
	free(h->shared.end.undead);
	pthread_mutex_destroy(&h->shared.lock);
	free(h);
}

bool host_closes(const struct host *h, const struct suite *suite)
{
	return suite->closable && h->launch->closes_suites;
}

static uint32_t host_task_flags(const struct host *h, const struct suite *suite)
{
	const struct proctor_options *options = h->launch->options;

	return (host_closes(h, suite) ? PAGE_CLOSES : 0) |
	       (h->settings->isolation == PROCTOR_ISOLATION_FORK ? PAGE_FORK : 0) |
	       (options->backtrace ? PAGE_BACKTRACE : 0) |
	       (options->no_check_leaks ? 0 : PAGE_LEAKS) |
	       (options->nocapture ? PAGE_NOCAPTURE : 0) |
	       (suite->sanitizer != SANITIZER_NONE ? PAGE_SANITIZED : 0);
}

/* The name of the suite's profile, which nothing else of the run has. */
static int host_fill_profile(struct host *h, const struct task *task, uint32_t *used)
{
	char *path = h->counts ? coverage_profile(h->launch->coverage, h->counts, task->suite) : NULL;
	int ret = page_put_string(h->map.page, used, path ? path : "", &h->map.page->task.profile);

	free(path);
	return ret;
}

/* Which of the host's suites it is. */
static uint32_t host_suite_number(const struct host *h, const struct suite *suite)
{
	uint32_t i = 0;

	while (i < h->nsuites && h->suites[i] != suite)
		i++;
	return i;
}

static enum page_call test_call(const struct test *test)
{
	if (test->missing)
		return PAGE_CALL_MISSING;
	return test->suite->adapter->call;
}

static int host_fill(struct host *h, const struct task *task)
{
	struct page *p = h->map.page;
	uint32_t used = 0;
	int ret = page_put_string(p, &used, task->suite->path, &p->task.path);

	p->task.suite_number = host_suite_number(h, task->suite);
	if (ret == 0)
		ret = page_put_string(p, &used, task->suite->name, &p->task.suite);
	if (ret == 0)
		ret = host_fill_profile(h, task, &used);
	for (unsigned i = 0; ret == 0 && i < task->ntests; i++) {
		const struct test *test = item_test(h->launch->plan, task->first + i);
		struct page_test *pt = &p->task.tests[i];

		pt->call = test_call(test);
		pt->serial = h->next_serial + i;
		ret = page_put_string(p, &used, test->missing ? test->missing : test->symbol,
				      &pt->symbol);
		if (ret == 0)
			ret = page_put_string(p, &used, test->pub.name, &pt->name);
		if (ret == 0)
			ret = page_put_string(p, &used, test->pub.file, &pt->file);
	}
	p->task.nstrings = used;
	return ret;
}

int host_hand_out(struct host *h, const struct task *task, struct proctor_error *err)
{
	struct page *p = h->map.page;
	struct host_shared *shared = &h->shared;
	bool stopping;

	page_reset_task(p);
	p->task.command = PAGE_TASK;
	p->task.flags = host_task_flags(h, task->suite);
	p->task.ntests = task->ntests;
	p->task.file = task->suite->file;
	if (host_fill(h, task) < 0)
		return error_set(err, -ENOSPC, "the names of suite %s are too long to hand to a "
				 "host", task->suite->name);
	if (host_note_tests(h, task, err) < 0)
		return err->code;
	pthread_mutex_lock(&shared->lock);
	/* Under the lock: what the supervisor does not see when it stops the run is not begun. */
	stopping = *h->launch->stopping;
	if (!stopping)
		shared->work = (struct host_work){ .busy = true, .task = *task,
						   .serial = h->next_serial,
						   .handed_us = clock_us() };
	pthread_mutex_unlock(&shared->lock);
	if (stopping)
		return -ECANCELED;
	h->next_serial += task->ntests;
	h->done_seen = atomic_load(&p->done) & ~PAGE_DEAD;
	page_hand_out(p);
	return 0;
}

void host_tell_end(struct host *h)
{
	pthread_mutex_lock(&h->shared.lock);
	h->shared.work.busy = h->shared.work.ending = true;
	h->shared.work.handed_us = clock_us();
	pthread_mutex_unlock(&h->shared.lock);
	h->map.page->task.command = PAGE_END;
	page_hand_out(h->map.page);
}

static bool host_is_over(struct host *h)
{
	return atomic_load_explicit(&h->shared.over, memory_order_acquire);
}

/* The word through which its end is told. */
static _Atomic uint32_t *host_end_word(struct host *h)
{
	return h->map.page ? &h->map.page->done : &h->shared.own_done;
}

static void host_sleep(struct host *h, uint32_t seen)
{
	if (h->map.page)
		page_wait(h->map.page, seen);
	else
		futex_wait(&h->shared.own_done, seen, 1000000);
}

/* The task is done, unless the supervisor has begun to stop the host. */
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
	for (;;) {
		uint32_t done = atomic_load(&h->map.page->done);

		if (host_is_over(h))
			break;
		/* Any other value: a test that wrote here is found out by the page's checks. */
		if ((done & ~PAGE_DEAD) != h->done_seen && host_leave_work(h))
			return false;
		host_sleep(h, done);
	}
	return true;
}

void host_wait_over(struct host *h)
{
	_Atomic uint32_t *word = host_end_word(h);

	for (;;) {
		uint32_t done = atomic_load(word);

		if (host_is_over(h))
			return;
		host_sleep(h, done);
	}
}

const uint8_t *host_marker_key(const struct host *h)
{
	return h->map.page ? h->map.marker_key : NULL;
}

void host_say_over(struct host *h)
{
	_Atomic uint32_t *word = host_end_word(h);

	assert(!atomic_load_explicit(&h->shared.over, memory_order_relaxed));
	/* The worker believes this flag; the word, on which it sleeps, a test may write to, too. */
	atomic_store_explicit(&h->shared.over, true, memory_order_release);
	/* Whatever a test wrote there, it changes: a worker about to sleep on it does not. */
	atomic_fetch_xor(word, PAGE_DEAD);
	futex_wake(word);
}
