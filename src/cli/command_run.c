/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container.h"
#include "base/output.h"
#include "cli/color.h"
#include "report/events.h"
#include "report/junit.h"
#include "report/reporter.h"

struct channel {
	struct reporter *reporter;	/* NULL: closed */
	bool is_stdout;			/* its reader may go away, and the run with it */
	bool failed;			/* said so once; still fed, as it may recover */
};

/* All that hears of the run. Used by the writer's thread while it runs, by the main thread else. */
struct audience {
	struct channel channels[3];
	size_t nchannels;
	bool broken;		/* some output is not complete */
	size_t nproblems;	/* of the coverage */
};

/* Keeps SIGPIPE from this thread: a reader that is gone shall be an error of the write. Blocked,
 * not ignored: a test must find the disposition that proctor was started with. */
static void block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void audience_failed(struct audience *a, struct channel *c, const struct proctor_error *err)
{
	if (!c->failed)
		say_error(err);
	c->failed = true;
	a->broken = true;
}

/* For people, beside whatever stdout is for. */
static void say_running(const char *text)
{
	while (*text) {
		size_t nline = strcspn(text, "\n");
		char *line = strndup(text, nline);

		say(line ? line : "no memory to say what runs");
		free(line);
		text += nline + (text[nline] == '\n');
	}
}

static int audience_event(const struct proctor_event *event, void *data)
{
	struct audience *a = data;
	struct proctor_error err;
	int ret = 0;

	if (event->kind == PROCTOR_RUN_START)
		block_sigpipe();
	if (event->kind == PROCTOR_COVERAGE)
		a->nproblems = event->coverage->nproblems;
	for (size_t i = 0; i < a->nchannels; i++) {
		struct channel *c = &a->channels[i];
		int failed = c->reporter->ops->event(c->reporter, event, &err);

		if (failed == 0)
			continue;
		if (c->is_stdout && failed == -EPIPE)
			ret = -EPIPE;
		else
			audience_failed(a, c, &err);
	}
	if (event->kind == PROCTOR_RUNNING)
		say_running(event->text);
	return ret;
}

static void audience_close(struct audience *a)
{
	struct proctor_error err;

	for (size_t i = 0; i < a->nchannels; i++) {
		struct channel *c = &a->channels[i];
		int ret = c->reporter->ops->close(c->reporter, &err);

		if (ret < 0 && !(c->is_stdout && ret == -EPIPE))
			audience_failed(a, c, &err);
	}
	a->nchannels = 0;
}

static int audience_open(struct audience *a, const struct options *o, struct proctor_error *err)
{
	/* Events that go to stdout have it for themselves. */
	bool events = o->events_path && strcmp(o->events_path, "-") == 0;
	int fd = events ? STDERR_FILENO : STDOUT_FILENO;
	struct terminal_options options = {
		.volume = o->volume,
		.output = o->output,
		.nslowest = o->nslowest,
		.color = color_use(o->color, fd),
		/* Tests that write to the same terminal would tear the line, and so would events. */
		.status = color_terminal(fd) && !o->run.nocapture &&
			  !(events && isatty(STDOUT_FILENO)) && o->volume != TERMINAL_QUIET,
	};
	int ret;

	ret = terminal_open(&a->channels[a->nchannels].reporter, fd, &options, err);
	if (ret < 0)
		return ret;
	a->channels[a->nchannels++].is_stdout = !events;
	if (o->events_path) {
		ret = events_open(&a->channels[a->nchannels].reporter, o->events_path, err);
		if (ret < 0)
			goto close;
		a->channels[a->nchannels++].is_stdout = events;
	}
	if (o->junit_path) {
		ret = junit_open(&a->channels[a->nchannels].reporter, o->junit_path, err);
		if (ret < 0)
			goto close;
		a->nchannels++;
	}
	return 0;
close:
	audience_close(a);
	return ret;
}

/* The strongest of what applies: a signal, then proctor's own failure, then a test's. */
static int exit_status(int run_status, bool broken, const struct plan_outcome *outcome)
{
	if (run_status > EXIT_SIGNALLED)
		return run_status;
	if (broken)
		return EXIT_BROKEN;
	if (outcome->nrefused > 0 && run_status != EXIT_FAILED)
		return EXIT_USAGE;
	return run_status;
}

static bool names_directory(const struct options *o)
{
	struct stat st;

	for (size_t i = 0; i < o->npaths; i++)
		if (stat(o->paths[i], &st) == 0 && S_ISDIR(st.st_mode))
			return true;
	return false;
}

/* Nothing is left to run: says why. */
static void say_nothing(const struct options *o, size_t nfound)
{
	struct proctor_error why;

	if (nfound == 0)
		error_set(&why, -ENOENT, "nothing to run: no tests were found%s",
			  o->exe_glob || !names_directory(o) ? "" :
			  "; executables in directories are not looked at without --exe=GLOB");
	else
		error_set(&why, -ENOENT, "nothing to run: no test is selected, of %zu found",
			  nfound);
	say_error(&why);
}

/* One file cannot hold both: each would write over the other. */
static int check_outputs(const struct options *o, struct proctor_error *err)
{
	const char *events = o->events_path;

	if (events && strcmp(events, "-") == 0)
		events = "/dev/stdout";
	if (!events || !o->junit_path || !output_same(events, o->junit_path))
		return 0;
	return error_set(err, -EINVAL, "--events and --junit name the same file, %s", o->junit_path);
}

static int run_plan(struct proctor_plan *plan, const struct options *o,
		    const struct plan_outcome *outcome)
{
	struct audience audience = { 0 };
	struct proctor_error err;
	int status = EXIT_BROKEN, ret;

	if (proctor_plan_ntests(plan) == 0) {
		if (outcome->nfound == 0 && outcome->nrefused > 0)
			return EXIT_USAGE;
		if (!outcome->unknown_group)
			say_nothing(o, outcome->nfound);
	}
	ret = audience_open(&audience, o, &err);
	if (ret < 0) {
		say_error(&err);
		return ret == -EBUSY ? EXIT_USAGE : EXIT_BROKEN;
	}
	ret = proctor_run(plan, &o->run, audience_event, &audience, NULL, &status, &err);
	block_sigpipe();
	audience_close(&audience);
	if (ret < 0) {
		say_error(&err);
		audience.broken = true;
	} else if (audience.nproblems > 0 && !o->run.coverage.allow_partial) {
		say_partial(audience.nproblems);
	}
	return exit_status(status, audience.broken, outcome);
}

int command_run(int argc, char **argv)
{
	struct plan_outcome outcome;
	struct proctor_error err;
	struct proctor_plan *plan;
	struct options o;
	int status = EXIT_BROKEN;

	if (options_parse(&o, COMMAND_RUN, argc, argv, &err) < 0)
		return say_usage("run", &err);
	if (o.help) {
		help_command(COMMAND_RUN);
		status = EXIT_PASSED;
		goto fini;
	}
	if (options_need_path(&o, &err) < 0 || check_outputs(&o, &err) < 0) {
		status = say_usage("run", &err);
		goto fini;
	}
	o.run.own_process = true;
	plan = proctor_plan_new();
	if (!plan) {
		error_sys(&err, ENOMEM, "cannot make a plan");
		say_error(&err);
		goto fini;
	}
	if (o.list || o.list_suites)
		status = list_plan(plan, &o);
	else if (plan_arguments(plan, &o, &outcome) == 0)
		status = run_plan(plan, &o, &outcome);
	proctor_plan_free(plan);
fini:
	options_fini(&o);
	return status;
}
