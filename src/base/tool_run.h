/* SPDX-License-Identifier: MIT */
/* Runs another program, a tool, for what it prints or makes: until it ends, or its time is up. */
#ifndef BASE_TOOL_RUN_H
#define BASE_TOOL_RUN_H

#include "base/bytes.h"

#define TOOL_SAID_BYTES 8192	/* of its stderr, and of its stdout where that is wanted */

struct tool_run {
	const char *path;
	char *const *argv;
	const char *what;		/* it is to do, for the sentence: "merge 12 profiles" */
	struct bytes input;		/* what it reads at its stdin; the caller's */
	int stdout_fd;			/* where it writes to (tool_file()); -1: collected in `said` too */
	uint64_t timeout_us;
	int cancel_fd;			/* readable: give up; -1: none */
	char said[TOOL_SAID_BYTES + 1];	/* filled: text, the first of it */
};

/* Makes a file in memory, which no test can reach. The descriptor stands at its beginning; or a
 * negative errno. */
int tool_file(const struct bytes *content);

/*
 * Any thread; its signal mask is as before on return. The tool is killed when its time is up, and
 * if the thread ends. -ETIMEDOUT, -EINTR (cancelled), -EIO (it failed): the sentence names the
 * tool, what it was to do, how it ended and the last line it said.
 */
int tool_run(struct tool_run *run, struct proctor_error *err);

#endif
