/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <unistd.h>

#include "cli/color.h"
#include "cli/option_parse.h"

struct receivers {
	struct reporter *terminal;
	size_t nproblems;
};

static int coverage_event(const struct proctor_event *event, void *data)
{
	struct receivers *a = data;
	struct proctor_error err;

	a->nproblems = event->coverage->nproblems;
	return a->terminal->ops->event(a->terminal, event, &err);
}

/* The one argument there may be is the directory, as --coverage-dir is. */
static int coverage_take_directory(struct options *o, struct proctor_error *err)
{
	size_t n = o->npaths + o->selection.nfilters;
	const char *dir = o->npaths ? o->paths[0] : o->selection.nfilters ? o->filters[0] : NULL;

	if (n > 1 || (dir && o->run.coverage.dir))
		return error_set(err, -EINVAL, "more than one directory was named");
	if (dir)
		o->run.coverage.dir = dir;
	return 0;
}

static int coverage_report(const struct options *o)
{
	struct terminal_options options = { .color = color_use(o->color, STDOUT_FILENO) };
	struct receivers a = { .nproblems = 0 };
	struct proctor_error err, write_err;
	int status = EXIT_BROKEN, ret;

	if (terminal_open(&a.terminal, STDOUT_FILENO, &options, &err) < 0) {
		say_error(&err);
		return EXIT_BROKEN;
	}
	ret = proctor_coverage_report(&o->run.coverage, coverage_event, &a, &status, &err);
	if (ret < 0)
		say_error(&err);
	else if (a.nproblems > 0 && !o->run.coverage.allow_partial)
		say_partial(a.nproblems);
	if (a.terminal->ops->close(a.terminal, &write_err) < 0) {
		say_error(&write_err);
		return EXIT_BROKEN;
	}
	return ret == -ENODATA ? EXIT_USAGE : status;
}

int command_coverage(int argc, char **argv)
{
	struct proctor_error err;
	struct options o;
	int status;

	if (options_parse(&o, COMMAND_COVERAGE, argc, argv, &err) < 0)
		return say_usage("coverage", &err);
	if (o.help) {
		help_command(COMMAND_COVERAGE);
		status = EXIT_PASSED;
	} else if (coverage_take_directory(&o, &err) < 0) {
		status = say_usage("coverage", &err);
	} else {
		status = coverage_report(&o);
	}
	options_fini(&o);
	return status;
}
