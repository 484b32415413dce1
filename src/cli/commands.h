/* SPDX-License-Identifier: MIT */
/* The commands (`proctor run` and so on), each in a file command_NAME.c, and what they share. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"
#include "lib/exit_code.h"

/* Each gets its name as argv[0] and returns the exit status. */
int command_run(int argc, char **argv);
int command_list(int argc, char **argv);
int command_coverage(int argc, char **argv);
int command_doctor(int argc, char **argv);

/* To be called first of all. After it descriptors 0, 1 and 2 are open, and a write beyond the limit
 * of file sizes is an error and not the end of proctor. */
int process_prepare(struct proctor_error *err);

/* Writes "proctor: " and the sentence to stderr. Here, and in all other functions say_ and print_,
 * bytes that would be commands to a terminal are written as \xNN. */
void say(const char *sentence);
void say_error(const struct proctor_error *err);
/* Says that the coverage is not complete, and which option accepts that. */
void say_partial(size_t nproblems);
/* Reports wrong usage; returns EXIT_USAGE. */
int say_usage(const char *command, const struct proctor_error *err);

/* What was found where the arguments said. */
struct plan_outcome {
	size_t nrefused;	/* arguments that could not be added; each was reported */
	size_t nfound;		/* tests before the selection */
	bool unknown_group;	/* no suite is of the group that was asked for; that was said */
	bool all_broken;	/* no test is of a suite that can be run */
	int signo;		/* that came while programs were asked for their tests: all ends; 0: none did */
};

/* Adds what the arguments name to `plan`, and looks into the files; no program is started. -ENOMEM: that was said. */
int plan_add_arguments(struct proctor_plan *plan, const struct options *o,
		       struct plan_outcome *outcome);
/* Fills `plan` with the tests that the arguments name, and selects among them. Says on stderr what
 * is wrong with a suite. A negative errno: proctor cannot go on, and has said so, but for a signal. */
int plan_arguments(struct proctor_plan *plan, const struct options *o,
		   struct plan_outcome *outcome);
/* If no test is of `group`, says so, and which groups there are. False: there are some. */
bool say_unknown_group(const struct proctor_plan *plan, const char *group);
/* Writes a line to stdout. */
void print_line(const char *text);
/* Was there no memory for something that was to be printed? */
bool print_lost(void);
/* Prints each suite's name once. */
int print_suites(const struct proctor_plan *plan);
/* Fills `plan` as plan_arguments() does and prints its tests, or its suites; the exit status. */
int list_plan(struct proctor_plan *plan, const struct options *o);
/* Prints of which framework each suite is that the arguments name, or, where they name none, which frameworks there
 * are; the exit status. */
int list_kinds(struct proctor_plan *plan, const struct options *o);

void help_print(void);
/* The help of one command. */
void help_command(enum command command);

#endif
