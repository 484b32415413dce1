/* SPDX-License-Identifier: MIT */
/* The options and arguments of a command, as they were typed. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/error.h"
#include "base/texts.h"
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

struct options {		/* all strings are argv's */
	struct proctor_options run;
	struct proctor_selection selection;
	const char **filters, **skips, **sequence;	/* the lists of `selection`, to be freed */
	bool confirm;			/* asked for, also with --sequence */
	const char **includes, **excludes;	/* those of `run.coverage` */
	const char *word;		/* the last argument taken for a filter; NULL: none */
	const char **manifests;
	size_t nmanifests;
	const char **paths;
	size_t npaths;
	const char *exe_glob;
	const char *framework;		/* NULL: what each file shows */
	struct texts arguments, wrap;	/* words of programs, and before every test process */
	const char *events_path, *junit_path;
	const char *of_coverage;	/* one that was given and needs --coverage; or NULL */
	enum terminal_volume volume;
	enum terminal_output output;
	unsigned nslowest;
	enum color_choice color;
	bool tml_style;		/* the report is as `tml test` prints it */
	bool no_cache;		/* programs are asked for their tests */
	bool list, list_suites, list_kinds, list_long, json, help;
};

#endif
