/* SPDX-License-Identifier: MIT */
/* The report for people: on a terminal with colours and a live line, elsewhere plain lines. */
#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

#include "report/reporter.h"

enum terminal_volume {
	TERMINAL_NORMAL,	/* failures as they happen, lists, summary */
	TERMINAL_VERBOSE,	/* and a line for each test */
	TERMINAL_QUIET,		/* a line for each failure, and the last line */
};

/* Of which tests it shows what they wrote. */
enum terminal_output {
	TERMINAL_OUTPUT_FAILED,
	TERMINAL_OUTPUT_ALL,
	TERMINAL_OUTPUT_NONE,
};

struct terminal_options {
	enum terminal_volume volume;
	enum terminal_output output;
	unsigned nslowest;	/* so many of the slowest tests are listed at the end */
	bool color;
	bool status;		/* the live line; `fd` is a terminal */
	unsigned ncolumns;	/* of the live line; 0: as many as the terminal has */
};

/* `fd`, the standard output or the standard error, stays the caller's. */
int terminal_open(struct reporter **rp, int fd, const struct terminal_options *options,
		  struct proctor_error *err);

#endif
