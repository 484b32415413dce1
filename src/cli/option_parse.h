/* SPDX-License-Identifier: MIT */
/* From the words of the command line to `struct options`. */
#ifndef CLI_OPTION_PARSE_H
#define CLI_OPTION_PARSE_H

#include "cli/options.h"

/*
 * Reads the arguments of a command: argv[0] is its name. An argument that has a slash, ends in .so
 * or .json, or names a file becomes a path, every other one a filter. -EINVAL: wrong usage; the
 * sentence says what.
 */
int options_parse(struct options *o, enum command command, int argc, char **argv,
		  struct proctor_error *err);
/* -EINVAL if no path was given: there is nothing to look for tests in. */
int options_need_path(const struct options *o, struct proctor_error *err);
void options_fini(struct options *o);

#endif
