/* SPDX-License-Identifier: MIT */
/* The report as `tml test` prints it: a line for each group, the failures, a line with the result. */
#ifndef REPORT_TML_STYLE_H
#define REPORT_TML_STYLE_H

#include "report/terminal.h"

/* As terminal_open(); there is no live line, and no list of the slowest. */
int tml_style_open(struct reporter **rp, int fd, const struct terminal_options *options,
		   struct proctor_error *err);

#endif
