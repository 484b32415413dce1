/* SPDX-License-Identifier: MIT */
/*
 * LLVM's llvm-profdata and llvm-cov: which are installed, which of them reads what, and running
 * one without ever waiting for it longer than told.
 *
 * A raw profile is read by the LLVM that wrote it and its nearest relatives only; an indexed one
 * (what `llvm-profdata merge` writes) is read by every newer LLVM.
 */
#ifndef COVERAGE_TOOLS_H
#define COVERAGE_TOOLS_H

#include "base/texts.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct tool {
	char *path;
	unsigned major;			/* of its LLVM */
	dev_t dev;			/* of the file that this name leads to */
	ino_t ino;
};

struct tool_list {			/* newest first */
	struct tool *list;
	size_t n, cap;
};

struct tools {
	struct tool_list profdata, cov;
	struct proctor_error passed_over;	/* why the first one was; code 0: none was */
	uint64_t timeout_us;		/* for each call */
	int cancel_fd;			/* readable: give up at once (-EINTR); -1: none */
};

/*
 * Looks for llvm-profdata, llvm-profdata-N, llvm-cov and llvm-cov-N in the directories of `path`
 * (a PATH) and asks each for its version; one that answers nothing sensible in time is passed over.
 * Each major version is kept once, the first found. `cov` is the newest whose major version has an
 * llvm-profdata too. Finding none is no error here.
 */
int tools_find(struct tools *t, const char *path, uint64_t timeout_us, int cancel_fd,
	       struct proctor_error *err);
void tools_fini(struct tools *t);

/*
 * The llvm-profdata that reads raw profiles of this version (variant bits are ignored). -ENOENT:
 * none is installed; the sentence says the version, the LLVM it belongs to and Debian's package.
 */
int tools_for_raw(const struct tools *t, uint64_t raw_version, const struct tool **tool,
		  struct proctor_error *err);
/* The newest llvm-profdata, and an llvm-cov for what it writes. -ENOENT: the sentence says what to
 * install. */
int tools_newest(const struct tools *t, const struct tool **profdata, const struct tool **cov,
		 struct proctor_error *err);

/*
 * Merges any number of raw or indexed profiles into the file `output` (an indexed profile), which
 * is there complete or not at all: `llvm-profdata merge -sparse`.
 */
int tools_merge(const struct tools *t, const struct tool *profdata, const struct texts *inputs,
		const char *output, struct proctor_error *err);

/*
 * `llvm-cov export` in `format` ("text" or "lcov") for any number of binaries, into a file without
 * a name, `*exported`, which the caller closes. Each line in which it warned of something is added
 * to `warnings` (NULL: to nothing).
 */
int tools_export(const struct tools *t, const struct tool *cov, const char *profile,
		 const struct texts *binaries, const char *format, FILE **exported,
		 struct texts *warnings, struct proctor_error *err);

/*
 * All calls: the process dies with the calling thread, and its stderr is collected (8 KiB of it).
 * The sentence of a failure names the tool, what it was to do, how it ended (exit status, signal,
 * time limit) and the last line it wrote to stderr. -ETIMEDOUT: the limit; -EINTR: cancelled;
 * -EIO: it failed.
 */

#endif
