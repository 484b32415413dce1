/* SPDX-License-Identifier: MIT */
/* What was typed: the arguments of a command, read. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/error.h"
#include "report/terminal.h"

enum command {
	COMMAND_RUN = 1 << 0,
	COMMAND_LIST = 1 << 1,
	COMMAND_DOCTOR = 1 << 2,
	COMMAND_COVERAGE = 1 << 3,
};

enum color_choice {
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

struct options {		/* strings are argv's */
	struct proctor_options run;
	struct proctor_selection selection;	/* its lists are ours: options_fini() */
	const char **filters, **skips;
	const char **includes, **excludes;	/* of run.coverage; ours too */
	const char *word;		/* the last argument that was taken for a filter; or NULL */
	const char **paths;
	size_t npaths;
	const char *exe_glob;
	const char *framework;		/* NULL: what each file shows */
	const char *events_path, *junit_path;
	const char *of_coverage;	/* an option that needs --coverage; NULL: none was given */
	enum terminal_volume volume;
	enum terminal_output output;
	unsigned nslowest;
	enum color_choice color;
	bool list, list_suites, json, help;
};

/*
 * Reads the arguments of a command: argv[0] is its name. An argument that is no file, has no slash
 * and does not end in .so or .json becomes a filter, every other one a path. -EINVAL: wrong usage, in one sentence.
 */
int options_parse(struct options *o, enum command command, int argc, char **argv,
		  struct proctor_error *err);
/* -EINVAL where nothing was named to look for tests in. */
int options_need_path(const struct options *o, struct proctor_error *err);
void options_fini(struct options *o);

#endif
