/* SPDX-License-Identifier: MIT */
/* The subcommands. Each gets its name as argv[0] and returns the exit status. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"

enum exit_status {
	EXIT_PASSED = 0,
	EXIT_FAILED = 1,	/* a test failed, crashed, timed out or could not be run */
	EXIT_USAGE = 2,		/* wrong usage or input */
	EXIT_BROKEN = 3,	/* proctor itself could not go on, or not do all it was asked */
	EXIT_NOTHING = 4,	/* nothing to run */
	EXIT_SIGNALLED = 128,	/* and the signal's number: stopped by it */
};

int command_run(int argc, char **argv);
int command_list(int argc, char **argv);
int command_coverage(int argc, char **argv);
int command_doctor(int argc, char **argv);

/* First of all: descriptors 0, 1 and 2 are open, and a limit of file sizes kills nobody. */
int process_prepare(struct proctor_error *err);

/* "proctor: " and the sentence, on stderr. What would be a command to a terminal is shown as \xNN, here
 * and in the rest of what say_ and print_ write. */
void say(const char *sentence);
void say_error(const struct proctor_error *err);
/* Says that the coverage is not complete, and how that is accepted. */
void say_partial(size_t nproblems);
/* Reports wrong usage; returns EXIT_USAGE. */
int say_usage(const char *command, const struct proctor_error *err);

/* What the arguments came to. */
struct plan_outcome {
	size_t nrefused;	/* arguments that could not be added; each was reported */
	size_t nfound;		/* tests before the selection */
	bool unknown_group;	/* no suite is of the group asked for; said already */
	bool all_broken;	/* there are tests, and all stand for suites that cannot be run */
};

/* Fills `plan` with what the arguments name and selects. What is wrong with a suite is said on
 * stderr. Returns a negative errno if there is no going on (reported too). */
int plan_arguments(struct proctor_plan *plan, const struct options *o,
		   struct plan_outcome *outcome);
/* Says so where no test is of `group`, and which groups there are. False: some are. */
bool say_unknown_group(const struct proctor_plan *plan, const char *group);
/* A line on stdout. */
void print_line(const char *text);
/* There was no memory for something that was to be said or printed. */
bool print_lost(void);
/* Prints each suite's name once. */
int print_suites(const struct proctor_plan *plan);
/* Fills `plan` as plan_arguments() does and prints its tests, or its suites; the exit status. */
int list_plan(struct proctor_plan *plan, const struct options *o);

void help_print(void);
/* The help of one command. */
void help_command(enum command command);

#endif
