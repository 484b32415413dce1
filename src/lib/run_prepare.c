/* SPDX-License-Identifier: MIT */
#include "lib/run_prepare.h"

#include "base/random.h"
#include "coverage/run_coverage.h"
#include "hosts/page_map.h"
#include "lib/host_path.h"
#include "run/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct run *run_new(void)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->inherited.null_fd = -1;
	pauses_init(&run->pauses);
	crash_pool_init(&run->crash_pool);
	fork_refusals_init(&run->fork_refusals);
	return run;
}

static int run_draw_id(char id[RUN_ID_BYTES], struct proctor_error *err)
{
	unsigned char bits[(RUN_ID_BYTES - 1) / 2];
	int ret = random_draw(bits, sizeof(bits));

	if (ret < 0)
		return error_sys(err, -ret, "cannot draw the run's id");
	for (size_t i = 0; i < sizeof(bits); i++)
		snprintf(id + 2 * i, 3, "%02x", bits[i]);
	return 0;
}

/* Each worker gets a core; if there are more workers than cores, they share them in turn. There are no
 * more of them than things to run: a thread that finds nothing to do costs as much as a small test. */
static void run_place_workers(struct run *run)
{
	uint64_t nitems = (uint64_t)run->plan->ntests * run->options.repeat;

	run->nworkers = run->options.nthreads ? run->options.nthreads : cores_threads(&run->cores);
	if (run->nworkers > nitems)
		run->nworkers = nitems > 0 ? (unsigned)nitems : 1;
	for (unsigned i = 0; i < run->nworkers; i++) {
		struct worker *w = &run->workers[i];

		w->run = run;
		w->slot = i;
		w->core = run->cores.ncpus ? run->cores.cpus[i % run->cores.ncpus] : -1;
	}
}

static int run_open_coverage(struct run *run, struct proctor_error *err)
{
	int ret = host_path_preload(run->host_path, &run->preload_path, err);

	if (ret < 0)
		return ret;
	return coverage_open(&run->coverage, &run->options.coverage, run->plan,
			     run->options.no_inject ? NULL : run->preload_path, err);
}

/* A run goes on without: what is missing then is said. */
static void run_prepare_injection(struct run *run)
{
	if (run->options.no_inject ||
	    host_path_inject(run->host_path, &run->inject_path, &run->no_inject) == 0)
		return;
	free(run->inject_path);
	run->inject_path = NULL;
}

/* Only prepares: a symbolizer is started when there is a crash. */
static int run_prepare_symbolizers(struct run *run, struct proctor_error *err)
{
	struct symbolizers *s = &run->symbolizers;

	s->envp = run->environment.vars;
	s->inherited = &run->inherited;
	s->guard = &run->guard;
	s->stopping = &run->stopping;
	s->max = run->cores.usable;
	symbolizers_init(s);
	return host_path_symbolizer(run->host_path, &s->path, err);
}

static bool run_has_libraries(const struct proctor_plan *plan)
{
	for (size_t i = 0; i < plan->ntests; i++)
		if (plan->tests[i]->suite->adapter->in_host && !plan->tests[i]->suite->error)
			return true;
	return false;
}

/* May hosts close suites whose tests are over? Not if something is preloaded that may have kept
 * pointers into them, not with coverage, whose counters are read at the end, and not with isolation
 * by fork, where the host opens a suite for as long as it lives. */
static bool run_closes_suites(const struct run *run)
{
	return !run->coverage && run->plan->settings.isolation == PROCTOR_ISOLATION_BATCH &&
	       !child_environment_get(&run->environment, "LD_PRELOAD") &&
	       !child_environment_get(&run->environment, "LD_AUDIT");
}

static bool run_linger(void *data, uint64_t us)
{
	struct run *run = data;

	return queue_linger(&run->queue, us);
}

static void run_prepare_launch(struct run *run)
{
	run->launch = (struct launch){
		.plan = run->plan, .options = &run->options, .inherited = &run->inherited,
		.environment = &run->environment, .host_path = run->host_path,
		.inject_path = run->inject_path, .crash_pool = &run->crash_pool,
		.fork_refusals = &run->fork_refusals, .temp_dirs = &run->temp_dirs,
		.coverage = run->coverage, .closes_suites = run_closes_suites(run),
		.stopping = &run->stopping, .linger = run_linger, .linger_data = run,
	};
}

int run_prepare(struct run *run, const struct proctor_plan *plan, struct proctor_error *err)
{
	int ret;

	run->plan = plan;
	ret = kernel_check_proc(err);
	if (ret == 0)
		ret = kernel_check(run_has_libraries(plan), run->options.own_process, err);
	if (ret == 0 && run_has_libraries(plan))
		ret = page_check_limit(err);
	if (ret < 0)
		return ret;
	ret = cores_read(&run->cores, "", err);
	if (ret < 0)
		return ret;
	run_place_workers(run);
	ret = run_draw_id(run->run_id, err);
	if (ret == 0 && plan->ntests > 0)
		ret = temp_dirs_open(&run->temp_dirs, run->run_id, run->options.keep_temp, err);
	if (ret == 0)
		ret = inherited_open(&run->inherited, err);
	run->inherited.mask = run->mask;
	if (ret == 0 && run->inherited.sigchld_ignored && !run->options.own_process)
		ret = error_set(err, -EINVAL, "SIGCHLD is ignored in this process: the kernel would "
				"reap the tests, and how they ended would be lost");
	if (ret == 0)
		ret = host_path_find(run->options.host_path, &run->host_path, err);
	if (ret == 0 && run->options.coverage.kind != PROCTOR_COVERAGE_NONE && plan->ntests > 0)
		ret = run_open_coverage(run, err);
	if (ret == 0 && child_environment_init(&run->environment, run->run_id) < 0)
		ret = error_set(err, -ENOMEM, "no memory for the environment");
	if (ret == 0)
		ret = run_prepare_symbolizers(run, err);
	if (ret == 0) {
		run_prepare_injection(run);
		run_prepare_launch(run);
	}
	return ret;
}

void run_free(struct run *run)
{
	for (size_t i = 0; run->broken && i < run->queue.nlanes; i++)
		free(run->broken[i]);
	free(run->broken);
	pauses_fini(&run->pauses);
	crash_pool_fini(&run->crash_pool);
	fork_refusals_fini(&run->fork_refusals);
	child_environment_fini(&run->environment);
	coverage_close(run->coverage);
	temp_dirs_close(&run->temp_dirs);
	free(run->preload_path);
	free(run->inject_path);
	free(run->symbolizers.path);
	free(run->host_path);
	inherited_close(&run->inherited);
	cores_fini(&run->cores);
	free(run);
}
