/* SPDX-License-Identifier: MIT */
/*
 * The coverage directory, and what a run leaves in it for reports to be made from, also later:
 *
 *	.proctor-coverage	the mark: its content says so. Locked by the run or report that works here
 *	raw/		what processes leave while tests run; empty after the merge
 *	merged/		one profile for each binary, and the rest that only LLVM can merge
 *	state.json	which profiles and binaries there are, what is missing, functions without lines
 *	coverage.profdata, coverage.json, coverage.lcov, index.html	the reports
 */
#ifndef COVERAGE_STORE_H
#define COVERAGE_STORE_H

#include "base/texts.h"
#include "base/vector.h"
#include "coverage/tml_functions.h"
#include "coverage/unmapped.h"

#include <jansson.h>

#define STATE_NAME "state.json"

struct store {
	char *dir;			/* absolute */
	int dir_fd;			/* names in it are looked up from here */
	int lock_fd;			/* the mark */
	struct texts profiles;		/* raw ones of what has a coverage map or is not known: names
					 * within the directory */
	struct texts binaries;		/* with a coverage map */
	struct texts problems, notes;	/* sentences for the reports */
	bool has_functions;		/* TML's were collected */
	struct functions functions;
	struct unmapped_list unmapped;
};

/*
 * Locks the directory `dir` (which may be relative) after making it, if `make`, where it is not there.
 * -EBUSY: another run works in it. -EEXIST: it holds what is not a run's and would be removed.
 * -ENODATA: it is not to be made, and no run has left anything. On failure nothing is open.
 */
int store_open(struct store *s, const char *dir, bool make, struct proctor_error *err);
void store_close(struct store *s);

/* The path of `name` in the directory; allocated. NULL: no memory. */
char *store_path(const struct store *s, const char *name);

/* Removes what a former run left: raw/ and merged/ are there and empty then, reports are gone. */
int store_clean(struct store *s, struct proctor_error *err);
/* Removes what is in raw/. */
int store_clean_raw(struct store *s, struct proctor_error *err);

/*
 * What the reports say beside LLVM's counts, as state.json and coverage.json have it: "partial",
 * "problems", "notes", "tml_functions": [{"name", "processes", "hits" or null}, ...] and
 * "unmapped": [{"paths", "functions": [{"name", "ran", "hits" or null}, ...]}, ...]. Bytes that
 * are no UTF-8 stand there as \xNN. NULL: no memory.
 */
json_t *store_facts(const struct store *s);

/* Writes state.json. */
int store_save(const struct store *s, struct proctor_error *err);
/* Reads it. -EBADMSG: the sentence says what is wrong with the file. */
int store_load(struct store *s, struct proctor_error *err);

#endif
