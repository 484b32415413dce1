/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/output.h"
#include "cli/command_words.h"
#include "cli/option_parse.h"
#include "cli/reporters.h"

/* Of several reasons for an exit status the first of these counts: a signal, proctor's own failure,
 * a failed test, an argument that could not be used. */
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

/* Events and the JUnit report cannot go into one file: each would write over the other. */
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
	struct reporters reporters;
	struct proctor_error err;
	int status = EXIT_BROKEN, ret;

	if (proctor_plan_ntests(plan) == 0) {
		if ((outcome->nfound == 0 || o->selection.nsequence > 0) && outcome->nrefused > 0)
			return EXIT_USAGE;
		if (!outcome->unknown_group)
			say_nothing(o, outcome->nfound);
	}
	ret = reporters_open(&reporters, o, &err);
	if (ret < 0) {
		say_error(&err);
		return ret == -EBUSY ? EXIT_USAGE : EXIT_BROKEN;
	}
	ret = proctor_run_reporters(plan, &o->run, reporters.list, reporters.nlist, NULL, &status,
				    &err);
	reporters_close(&reporters);
	if (ret < 0) {
		say_error(&err);
		reporters.broken = true;
	} else if (reporters.nproblems > 0 && !o->run.coverage.allow_partial) {
		say_partial(reporters.nproblems);
	}
	return exit_status(status, reporters.broken, outcome);
}

int command_run(int argc, char **argv)
{
	struct bytes command = { 0 };
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
	if (command_words(&command, program_invocation_name, &o))
		o.run.command = bytes_string(&command);
	plan = proctor_plan_new();
	if (!plan) {
		error_sys(&err, ENOMEM, "cannot make a plan");
		say_error(&err);
		goto fini;
	}
	if (o.list_kinds)
		status = list_kinds(plan, &o);
	else if (o.list || o.list_suites)
		status = list_plan(plan, &o);
	else if (plan_arguments(plan, &o, &outcome) == 0)
		status = run_plan(plan, &o, &outcome);
	else if (outcome.signo > 0)
		status = EXIT_SIGNALLED + outcome.signo;
	proctor_plan_free(plan);
fini:
	bytes_fini(&command);
	options_fini(&o);
	return status;
}
