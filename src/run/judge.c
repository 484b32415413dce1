/* SPDX-License-Identifier: MIT */
#include "run/judge.h"

#include "base/clock.h"
#include "hosts/exit_suite.h"
#include "run/backtrace.h"
#include "run/verdict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A task whose host fails before its first test is tried so often. */
#define OPENS_MAX 2

static struct outcome *post_outcome(struct post *post, const struct task *task, unsigned i,
				    uint32_t serial)
{
	struct outcome *o = &post->outcomes[post->noutcomes++];

	*o = (struct outcome){ .item = task_item(task, i), .suite = task->suite, .serial = serial + i };
	o->result.attempt = task->attempt;
	return o;
}

static struct outcome *post_exit(struct post *post, const struct suite *suite, uint64_t start_us)
{
	struct outcome *o = &post->outcomes[post->noutcomes++];

	*o = (struct outcome){ .item = ITEM_EXIT, .suite = suite, .serial = MARKER_LAST };
	o->result.attempt = 1;
	o->result.start_us = start_us;
	return o;
}

void judge_all_errors(const struct task *task, uint32_t serial, const char *message,
		      struct post *post)
{
	for (unsigned i = 0; i < task->ntests; i++)
		verdict_error(post_outcome(post, task, i, serial), message);
}

void judge_unrun(const struct proctor_plan *plan, const struct task *task, struct post *post)
{
	for (unsigned i = 0; i < task->ntests; i++) {
		const struct test *t = item_test(plan, task_item(task, i));
		struct outcome *o = post_outcome(post, task, i, 0);

		verdict_error(o, t->missing ? t->missing : t->pub.disabled);
		if (!t->missing)
			o->result.verdict = PROCTOR_SKIP;
	}
}

void judge_distrust(struct post *post, const char *message)
{
	for (unsigned i = 0; i < post->noutcomes; i++)
		if (post->outcomes[i].result.verdict != PROCTOR_CANCELLED)
			verdict_error(&post->outcomes[i], message);
}

/* Every outcome of the hand-out is judged. */
static void evidence_backtraces(const struct evidence *e, struct symbolizers *symbolizers,
				struct post *post)
{
	outcomes_backtrace(post->outcomes, post->noutcomes, symbolizers, &e->crash,
			   &e->modules);
}

static uint64_t timeout_us_of(const struct host *host, item_t item)
{
	return item_test(host->launch->plan, item)->settings->timeout_us;
}

/* The tests that have ended and can be believed, in order. */
static void judge_ended(struct host *host, const struct task *task, bool over, struct evidence *e,
			struct post *post)
{
	const struct host_end *end = &host->shared.end;

	for (unsigned i = 0; i < e->nheld; i++) {
		struct outcome *o = post_outcome(post, task, i, host->shared.work.serial);

		verdict_of_test(o, &e->tests[i], &e->crash);
		o->settled = e->tests[i].settled;
		o->again = e->tests[i].again;
		o->by_exit = e->tests[i].by_exit;
		/* It withstood SIGTERM and came back in its grace time. */
		if (over && end->stop == STOP_TIMEOUT && end->stop_serial == o->serial)
			verdict_of_timeout(o, timeout_us_of(host, o->item));
	}
}

static void take_left(struct host *host, struct outcome *o)
{
	if (!host->shared.end.left || o->left)
		return;
	o->left = host->shared.end.left;
	host->shared.end.left = NULL;
	o->result.marks |= PROCTOR_LEAKY;
}

/* The test `i` was running when the host died. */
static void judge_died(struct host *host, const struct task *task, unsigned i,
		       const struct evidence *e, struct post *post)
{
	struct outcome *o = post_outcome(post, task, i, host->shared.work.serial);

	o->result.start_us = e->start_us;
	o->result.user_us = e->usage.user_us;
	o->result.sys_us = e->usage.sys_us;
	verdict_of_death(o, &host->shared.end, timeout_us_of(host, o->item), &e->crash);
	take_left(host, o);
}

/* The host died after the last judged test had returned and before the next began: what that test
 * left in the process is to blame. */
static void judge_died_after(struct host *host, const struct task *task, const struct evidence *e,
			     struct post *post)
{
	struct outcome *o;
	uint64_t start_us;
	char *text;

	if (host->shared.end.stop == STOP_CANCELLED)
		return;
	/* If the last one was settled before, it is nobody's but the process's own. */
	o = &post->outcomes[post->noutcomes - 1];
	if (o->settled)
		o = post_exit(post, task->suite, host->shared.work.handed_us);
	start_us = o->result.start_us;
	verdict_of_death(o, &host->shared.end,
			 progress_between_us(host->launch->plan->settings.timeout_us), &e->crash);
	o->result.start_us = start_us;
	if (asprintf(&text, "after the test had ended its process died: %s", o->message ? o->message : "") >= 0) {
		free(o->message);
		o->message = text;
	} else {
		o->lost = true;
	}
	take_left(host, o);
}

/* Somebody else may be to blame that the first test did not begin: another suite of the host, or
 * whoever killed an idle host. */
static bool worth_another_host(const struct host *host, const struct task *task, bool opening)
{
	return task->nopens + 1 < OPENS_MAX && (host->nopened > 1 || !opening);
}

/* None of the task's tests can run, for the reason `text`, which is owned from here on; NULL: there
 * was no memory for it. */
static void judge_unopened(const struct host *host, const struct task *task, char *text,
			   struct judgement *j, struct post *post)
{
	judge_all_errors(task, host->shared.work.serial, text ? text : "its suite cannot be opened", post);
	post->outcomes[0].lost = post->outcomes[0].lost || !text;
	j->broken = text;
}

/* The host died before the first test of the task began. */
static void judge_not_begun(struct host *host, const struct task *task, const struct evidence *e,
			    struct judgement *j, struct post *post)
{
	char *how, *text;

	if (host->shared.end.stop == STOP_CANCELLED || worth_another_host(host, task, e->opening)) {
		j->nrest = task->ntests;
		j->never_began = true;
		return;
	}
	how = death_words(&host->shared.end, host->launch->plan->settings.timeout_us, &e->crash);
	if (asprintf(&text, host->ops->is_task ? "starting %s: it %s" : "opening %s: a constructor %s",
		     task->suite->path, how ? how : "died") < 0)
		text = NULL;
	free(how);
	judge_unopened(host, task, text, j, post);
	post->outcomes[0].open_output = true;
}

/* dlopen() failed. Beside other suites it may succeed alone: static TLS is small. */
static void judge_open_failed(struct host *host, const struct task *task, const struct evidence *e,
			      struct judgement *j, struct post *post)
{
	char *text;

	j->retire = true;
	if (worth_another_host(host, task, true)) {
		j->nrest = task->ntests;
		j->never_began = true;
		return;
	}
	if (asprintf(&text, "cannot open %s: %s", task->suite->path,
		     e->open_message ? e->open_message : "the loader gave no reason") < 0)
		text = NULL;
	judge_unopened(host, task, text, j, post);
}

/* Which test ran last, as far as the output tells: the one after the last marker. */
static unsigned judge_by_markers(const struct host *host, const struct task *task, unsigned nheld)
{
	uint32_t ended = host->shared.end.marked_serial, first = host->shared.work.serial;
	unsigned i = ended >= first ? ended - first + 1 : 0;

	if (i >= task->ntests)
		i = task->ntests - 1;
	return i > nheld ? i : nheld;
}

/*
 * The page does not hold, and the first `nheld` records were judged: whoever ran when it was found
 * out is to blame. What ended before that and lost its record is run again.
 */
static void judge_overwritten(struct host *host, const struct task *task, unsigned nheld, bool over,
			      const struct proctor_error *why, struct judgement *j,
			      struct post *post)
{
	struct outcome *o;
	unsigned i;

	if (!over) {
		for (unsigned k = 0; k < post->noutcomes; k++)
			outcome_fini(&post->outcomes[k]);
		post->noutcomes = 0;
		j->condemn = true;
		return;
	}
	if (nheld == task->ntests)
		return;
	i = judge_by_markers(host, task, nheld);
	o = post_outcome(post, task, i, host->shared.work.serial);
	o->result.start_us = host->shared.work.handed_us;
	o->result.end_us = host->shared.end.died_us;
	o->open_output = true;
	verdict_crash(o, why->text);
	take_left(host, o);
	j->first_lost = nheld;
	j->nlost = i - nheld;
	j->nrest = task->ntests - i - 1;
}

static void judge_over(struct host *host, const struct task *task, const struct evidence *e,
		       struct judgement *j, struct post *post)
{
	const struct host_end *end = &host->shared.end;
	unsigned nended = e->progress.nended;
	uint32_t serial = host->shared.work.serial + nended;
	bool started = e->progress.phase == PROGRESS_TEST;

	if (started && end->stop == STOP_TIMEOUT && end->stop_serial != serial && nended > 0) {
		/* It began in the grace time of another. */
		j->nrest = task->ntests - nended;
	} else if (started && (end->stop != STOP_TIMEOUT || end->stop_serial == serial)) {
		judge_died(host, task, nended, e, post);
		j->nrest = task->ntests - nended - 1;
	} else if (nended == 0 && e->open_failed) {
		judge_open_failed(host, task, e, j, post);
	} else if (nended == 0) {
		judge_not_begun(host, task, e, j, post);
	} else {
		judge_died_after(host, task, e, post);
		j->nrest = task->ntests - nended;
	}
}

/* The process is over, and how it ended was told with the last test that has. */
static void judge_told(struct host *host, const struct task *task, unsigned nheld, struct judgement *j,
		       struct post *post)
{
	struct outcome *last = &post->outcomes[post->noutcomes - 1];

	j->nrest = task->ntests - nheld;
	if (last->settled)
		return;
	last->open_output = true;
	take_left(host, last);
}

/* What was told cannot be taken back: that it is not sure is one more failure. */
static void judge_contradicted(const struct host *host, const struct task *task, const struct evidence *e,
			       struct post *post)
{
	const struct test *first = item_test(host->launch->plan, task_item(task, e->first_contradicted));
	struct outcome *o = post_exit(post, task->suite, host->shared.work.handed_us);
	char others[64] = "";

	o->result.verdict = PROCTOR_FAIL;
	o->result.end_us = host->shared.end.died_us;
	if (e->ncontradicted > 1)
		snprintf(others, sizeof(others), ", and of %u others of its process,", e->ncontradicted - 1);
	if (asprintf(&o->message, "the result of %s%s was printed once more after it had been told: a test prints what "
		     "its framework does, and which verdicts are true --isolation=test shows",
		     test_own_name(first), others) < 0) {
		o->message = NULL;
		o->lost = true;
	}
}

/* Where what its tests left can be looked at. */
static void judge_kept_dirs(const struct host *host, struct post *post)
{
	for (unsigned i = 0; i < post->noutcomes; i++)
		if (host_work_has(&host->shared.work, post->outcomes[i].serial))
			post->outcomes[i].temp_dir =
				host_kept_dir(host, post->outcomes[i].serial - host->shared.work.serial);
}

struct judgement judge_task(struct host *host, const struct task *task, bool over,
			    struct symbolizers *symbolizers, struct post *post)
{
	struct judgement j = { .retire = over };
	struct evidence e;

	if (evidence_init(&e, task->ntests) < 0) {
		judge_all_errors(task, host->shared.work.serial, "no memory to judge it", post);
		return j;
	}
	host->ops->read(host, task, over, &e);
	judge_ended(host, task, over, &e, post);
	if (e.doubt.code < 0) {
		judge_overwritten(host, task, e.nheld, over, &e.doubt, &j, post);
	} else if (over && e.death_told) {
		judge_told(host, task, e.nheld, &j, post);
	} else if (over && e.progress.nended < task->ntests) {
		judge_over(host, task, &e, &j, post);
	} else if (over) {
		judge_died_after(host, task, &e, post);
	} else if (e.open_failed) {
		judge_open_failed(host, task, &e, &j, post);
	} else if (e.retire) {
		j.retire = true;
		j.nrest = task->ntests - e.progress.nended;
	}
	if (e.ncontradicted > 0)
		judge_contradicted(host, task, &e, post);
	if (symbolizers)
		evidence_backtraces(&e, symbolizers, post);
	judge_kept_dirs(host, post);
	evidence_fini(&e);
	return j;
}

/* The suite whose code was running at the crash; whose turn it was; or the first. */
static struct suite *exit_blamed(const struct host *host, const struct evidence *e, bool *sure)
{
	struct suite *turn;
	uint64_t pc = e->crash.nregs > 0 ? e->crash.regs[e->crash.nregs - 1] : 0;

	*sure = true;
	for (size_t m = 0; m < e->modules.nmodules; m++) {
		const struct module *module = &e->modules.modules[m];

		if (pc < module->start || pc >= module->end)
			continue;
		for (size_t s = 0; s < host->nsuites; s++)
			if (strcmp(host->suites[s]->path, module->path) == 0)
				return host->suites[s];
	}
	turn = exit_suite(host);
	*sure = turn != NULL;
	return turn ? turn : host->suites[0];
}

/* Where it is not known whose function it was, all that could be. */
static void exit_names(const struct host *host, bool sure, char *names, size_t nnames)
{
	size_t n = 0;

	names[0] = '\0';
	for (size_t s = 0; !sure && s < host->nsuites && n < nnames; s++)
		n += (size_t)snprintf(names + n, nnames - n, "%s%s",
				      s ? ", " : "; open in it were ", host->suites[s]->name);
}

/* What ended well is not told of, nor what was not given the time for it. */
static bool exit_is_told(const struct host *host)
{
	const struct host_end *end = &host->shared.end;
	bool ended_well = end->status == 0 && !end->stolen && !end->undead;

	switch (end->stop) {
	case STOP_NOT:
		return !ended_well;
	case STOP_TIMEOUT:
		return true;
	case STOP_CANCELLED:
		return end->stop_exit && !ended_well;
	case STOP_CONDEMNED:
		return false;
	}
	return true;
}

void judge_exit(struct host *host, struct symbolizers *symbolizers, struct post *post)
{
	struct outcome *o;
	struct evidence e = { 0 };
	bool sure;
	char names[512], *how, *text;

	if (host->nsuites == 0 || !exit_is_told(host))
		return;
	host->ops->read_crash(host, &e);
	o = post_exit(post, exit_blamed(host, &e, &sure), host->shared.work.handed_us);
	verdict_of_death(o, &host->shared.end, host->launch->plan->settings.timeout_us, &e.crash);
	how = death_words(&host->shared.end, host->launch->plan->settings.timeout_us, &e.crash);
	exit_names(host, sure, names, sizeof(names));
	if (asprintf(&text, "at the exit of the host, after its last test: %s%s", how ? how : "failed",
		     names) >= 0) {
		free(o->message);
		o->message = text;
	} else {
		o->lost = true;
	}
	free(how);
	take_left(host, o);
	evidence_backtraces(&e, symbolizers, post);
	evidence_fini(&e);
}
