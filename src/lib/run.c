/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include "base/clock.h"
#include "base/file_size.h"
#include "coverage/run_coverage.h"
#include "lib/audience.h"
#include "lib/defaults.h"
#include "lib/exit_code.h"
#include "lib/run_prepare.h"
#include "plan/list_cache.h"
#include "plan/order.h"
#include "plan/prepare.h"
#include "plan/resolve.h"
#include "run/guard_client.h"
#include "run/kernel.h"
#include "run/supervisor.h"
#include "run/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Fills and sends RUN_START or RUN_END, which `e` is; `why` must stay valid until the writer has
 * ended. */
static void tell_run(struct supervisor *sup, struct writer_entry *e, uint64_t start_us,
		     const char *why, int exit_code)
{
	struct run *run = sup->run;

	e->event.time_us = clock_us();
	e->event.text = why;
	e->event.ntests = run->plan->ntests * run->options.repeat;
	e->event.nthreads = run->nworkers;
	e->event.ncores = run->cores.usable;
	e->event.loop = sup->ops->name;
	e->event.run_id = run->run_id;
	e->event.seed = run->options.shuffle ? run->options.seed : 0;
	e->event.counts = &sup->results.counts;
	e->event.duration_us = clock_us() - start_us;
	e->event.exit_code = exit_code;
	writer_add(&run->writer, e);
}

/* Notes each system call that the kernel refuses, if results are judged differently without it. */
static void tell_refused(struct supervisor *sup)
{
	for (const struct kernel_call *call = kernel_calls; call->name; call++) {
		struct proctor_error err;
		int refused = call->shows ? kernel_refuses(call) : 0;

		if (refused) {
			kernel_refusal(call, refused, &err);
			writer_note(&sup->run->writer, "%s: %s", err.text, call->instead);
		}
	}
}

/* True if none of the suites to be run could be used. */
static bool run_nothing_usable(const struct run *run)
{
	for (size_t i = 0; i < run->plan->ntests; i++)
		if (!run->plan->tests[i]->suite->error)
			return false;
	return true;
}

static int run_exit_code(const struct supervisor *sup, int ret, enum coverage_outcome coverage)
{
	return exit_code_of(&(struct exit_facts){
		.stop_signal = sup->ending.signo,
		.broken = ret < 0 || coverage == COVERAGE_PARTIAL,
		.ntests = sup->run->plan->ntests,
		.failed = sup->results.failed,
		.unusable = run_nothing_usable(sup->run),
		.below_minimum = coverage == COVERAGE_BELOW,
	});
}

/* When all workers are done: merges the counters that all processes left. */
static enum coverage_outcome run_finish_coverage(struct supervisor *sup)
{
	struct run *run = sup->run;
	const struct proctor_coverage_summary *summary = NULL;
	struct proctor_error err = { 0 };
	int cancel_fd = interrupts_cancel_fd(&sup->interrupts);
	enum coverage_outcome outcome;
	struct writer_entry *e;

	writer_flush(&run->writer);
	outcome = coverage_finish(run->coverage, cancel_fd, &summary, &err);
	if (cancel_fd >= 0)
		close(cancel_fd);
	supervisor_take_signals(sup);
	e = summary ? writer_entry_new(PROCTOR_COVERAGE, clock_us()) : NULL;
	if (e) {
		e->event.coverage = summary;	/* stays valid until the writer has ended */
		writer_add(&run->writer, e);
	} else if (summary) {
		run->writer.lost = true;
	}
	if (outcome == COVERAGE_FAILED && sup->err->code == 0)
		*sup->err = err;
	return outcome;
}

/* Programs get a library injected that tells of their crashes, if it is there. */
static bool run_has_programs(const struct proctor_plan *plan)
{
	for (size_t i = 0; i < plan->ntests; i++)
		if (plan->tests[i]->suite->injectable)
			return true;
	return false;
}

/* When no process is left that uses them. */
static void run_finish_temp_dirs(struct run *run)
{
	struct proctor_error err;

	if (temp_dirs_finish(&run->temp_dirs, &err) < 0)
		writer_note(&run->writer, "%s", err.text);
	if (run->temp_dirs.kept)
		writer_note(&run->writer, "what tests left in their temporary directories is kept in %s/%s*",
			    run->temp_dirs.under, run->temp_dirs.prefix);
}

/* Runs the tests: loop, writer, queue and mailbox are there. */
static int run_supervise(struct supervisor *sup, const char *why, int *exit_code)
{
	struct run *run = sup->run;
	uint64_t start_us = clock_us();
	struct writer_entry *start = writer_entry_new(PROCTOR_RUN_START, start_us);
	/* Made before anything has begun: a run that has begun always has memory for its last
	 * event. */
	struct writer_entry *end = writer_entry_new(PROCTOR_RUN_END, start_us);
	enum coverage_outcome coverage = COVERAGE_COMPLETE;
	int ret = 0;

	if (!start || !end) {
		writer_entry_free(start);
		writer_entry_free(end);
		return error_set(sup->err, -ENOMEM, "no memory for the run's events");
	}
	tell_run(sup, start, start_us, why, 0);
	if (run->options.own_process)
		tell_refused(sup);
	if (run->no_inject.code < 0 && run_has_programs(run->plan))
		writer_note(&run->writer, "%s: programs that crash have no backtrace", run->no_inject.text);
	if (sup->results.nunfinished > 0)
		ret = supervisor_run(sup);
	if (run->coverage)
		coverage = run_finish_coverage(sup);
	run_finish_temp_dirs(run);
	if (ret == 0 && coverage == COVERAGE_FAILED)
		ret = sup->err->code;
	if (ret == 0 && run->writer.lost)
		ret = error_set(sup->err, -ENOMEM, "no memory for all of the run's events and output");
	*exit_code = run_exit_code(sup, ret, coverage);
	tell_run(sup, end, start_us, sup->ending.why[0] ? sup->ending.why : NULL,
		 *exit_code);
	/* All that is left is to wait until the events are read. From here on an interrupt simply
	 * ends proctor. */
	if (run->options.own_process)
		supervisor_close_signals(sup);
	return ret;
}

static int run_with_writer(struct supervisor *sup, struct audience *audience, const char *why,
			   int *exit_code)
{
	struct run *run = sup->run;
	int ret = writer_open(&run->writer, audience_event, audience, run->mailbox.wake_fd,
			      sup->err);

	if (ret < 0)
		return ret;
	ret = run_supervise(sup, why, exit_code);
	/* This may take as long as who reads the output wants: nothing else is left to be done. */
	if (writer_close(&run->writer) == -EPIPE)
		*exit_code = EXIT_SIGNALLED + SIGPIPE;
	return ret;
}

static int run_with_loop(struct supervisor *sup, struct audience *audience, int *exit_code)
{
	struct run *run = sup->run;
	char why[256];
	int ret;

	ret = loop_choose(run->options.loop, &sup->ops, &sup->lp, why, sizeof(why), sup->err);
	if (ret < 0)
		return ret;
	suspects_init(&run->suspects, run->plan, &run->options, &run->stopping);
	ret = mailbox_open(&run->mailbox, run->nworkers, sup->err);
	if (ret < 0)
		goto close_loop;
	ret = queue_init(&run->queue, run->plan, run->nworkers, run->options.repeat,
			 sup->err);
	if (ret < 0)
		goto close_mailbox;
	run->broken = calloc(run->queue.nlanes ? run->queue.nlanes : 1, sizeof(*run->broken));
	if (run->broken && results_open(&sup->results, run) == 0)
		ret = run_with_writer(sup, audience, why, exit_code);
	else
		ret = error_set(sup->err, -ENOMEM, "no memory for the tests of %zu suites",
				run->queue.nlanes);
	results_close(&sup->results);
	queue_keep_times(&run->queue);
	queue_fini(&run->queue);
close_mailbox:
	mailbox_close(&run->mailbox);
close_loop:
	suspects_fini(&run->suspects);
	sup->ops->close(sup->lp);
	return ret;
}

static int run_guarded(struct supervisor *sup, struct audience *audience, int *exit_code)
{
	struct run *run = sup->run;
	struct proctor_error err;
	int ret = 0;

	/* First, because it takes a while to start, and the rest can be prepared meanwhile. */
	if (run->plan->ntests > 0)
		ret = guard_open(&run->guard, run->host_path, run->run_id,
				 run->temp_dirs.keep ? NULL : run->temp_dirs.under, &run->inherited, sup->err);
	if (ret < 0)
		return ret;
	ret = run_with_loop(sup, audience, exit_code);
	/* If the run came so far, the supervisor has closed it already, and this does nothing. */
	guard_close(run->guard, &err);
	run->guard = NULL;
	return ret;
}

int proctor_run(struct proctor_plan *plan, const struct proctor_options *options,
		proctor_callback *callback, void *data, struct proctor_counts *counts,
		int *exit_code, struct proctor_error *err)
{
	const struct proctor_reporter reporter = { callback, data };

	return proctor_run_reporters(plan, options, &reporter, callback ? 1 : 0, counts, exit_code,
				     err);
}

int proctor_run_reporters(struct proctor_plan *plan, const struct proctor_options *options,
			  const struct proctor_reporter *reporters, size_t nreporters,
			  struct proctor_counts *counts, int *exit_code, struct proctor_error *err)
{
	struct audience audience = { reporters, nreporters };
	struct proctor_error own_err = { 0 };
	struct run *run = run_new();
	struct supervisor sup = { .run = run, .err = err ? err : &own_err,
				  .interrupts = { .stream = { .fd = -1 } } };
	sigset_t mask;
	int ret, code = EXIT_BROKEN;

	if (!run)
		return error_set(err, -ENOMEM, "no memory for a run");
	/* This thread will write files: a write beyond the limit shall fail, not end the
	 * program. */
	file_size_hold(&mask);
	run->mask = mask;
	*sup.err = (struct proctor_error){ 0 };
	ret = defaults_fill(&run->options, options, sup.err);
	if (ret == 0)
		ret = plan_prepare(plan, sup.err);
	if (ret == 0)
		defaults_fill_for(&run->options, plan);
	if (ret == 0 && run->options.shuffle)
		plan_shuffle(plan, run->options.seed);
	if (ret == 0)
		ret = plan_resolve(plan, &run->options, sup.err);
	if (ret == 0)
		ret = run_prepare(run, plan, sup.err);
	if (ret == 0 && run->options.own_process)
		ret = orphans_open(&sup.orphans, worker_has_host, run, sup.err);
	if (ret == 0 && run->options.own_process)
		ret = interrupts_open(&sup.interrupts, run, sup.err);
	if (ret == 0) {
		ret = run_guarded(&sup, &audience, &code);
		if (run->options.own_process) {
			interrupts_close(&sup.interrupts);
			interrupts_restore_pipe(&sup.interrupts);
		}
	}
	orphans_fini(&sup.orphans);
	if (sup.results.doubts_lists)
		list_cache_forget(plan);
	if (counts)
		*counts = sup.results.counts;
	if (exit_code)
		*exit_code = code;
	run_free(run);
	file_size_release(&mask);
	return ret;
}
