/* SPDX-License-Identifier: MIT */
/* Is standard output a terminal that commands can be sent to, and are colours wanted? */
#ifndef CLI_COLOR_H
#define CLI_COLOR_H

#include "cli/options.h"

bool color_terminal(int fd);
/* https://no-color.org and its counterpart CLICOLOR_FORCE; the command line is stronger. */
bool color_use(enum color_choice choice, int fd);

#endif
