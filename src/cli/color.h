/* SPDX-License-Identifier: MIT */
/* Is standard output a terminal that commands can be sent to, and are colours wanted? */
#ifndef CLI_COLOR_H
#define CLI_COLOR_H

#include "cli/options.h"

bool color_terminal(int fd);
/* As the command line says; if it says nothing, as NO_COLOR (https://no-color.org) or
 * CLICOLOR_FORCE say. */
bool color_use(enum color_choice choice, int fd);

#endif
