/* SPDX-License-Identifier: MIT */
/* The command with which a shell carries out the same plan again, as far as it is the same whatever is selected. */
#ifndef CLI_COMMAND_WORDS_H
#define CLI_COMMAND_WORDS_H

#include "base/bytes.h"
#include "cli/options.h"

/* `program` as it was called, the options that say what the tests are and how their processes are started, and all
 * files. False: there is no such command, as a manifest came from standard input, or there is no memory. */
bool command_words(struct bytes *to, const char *program, const struct options *o);

#endif
