/* SPDX-License-Identifier: MIT */
/*
 * The coverage directory, and what a run leaves in it for reports to be made from, also later:
 *
 *	.proctor-coverage	the mark (coverage/mark.h), locked by the run or report that works here
 *	raw/		what processes leave while tests run; empty after the merge
 *	merged/		one profile for each binary, and the rest that only LLVM can merge
 *	state.json	which profiles and binaries there are, what is missing, TML's functions
 *	coverage.profdata, coverage.json, coverage.lcov, index.html	the reports
 */
#ifndef COVERAGE_STORE_H
#define COVERAGE_STORE_H

#include "base/error.h"
#include "coverage/functions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sentences for the reports. */
struct sentences {
	char **list;
	size_t n, cap;
	bool lost;			/* one at least: no memory */
};

void sentences_add(struct sentences *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sentences_fini(struct sentences *s);

struct store_profile {
	char *path;			/* within the directory */
	uint64_t version;		/* of the raw format, with variant bits */
	char **unmapped;		/* binaries without a coverage map that it is of */
	size_t nunmapped;
};

struct store {
	char *dir;			/* absolute */
	int lock_fd;
	struct store_profile *profiles;
	size_t nprofiles, cap_profiles;
	char **binaries;		/* with a coverage map */
	size_t nbinaries, cap_binaries;
	struct sentences problems, notes;
	bool has_functions;		/* TML's were collected */
	struct functions functions;
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

/* -ENOMEM. */
int store_add_profile(struct store *s, const char *path, uint64_t version);
int store_add_binary(struct store *s, const char *path);
/* The newest profile is of this binary, which has no coverage map. */
int store_add_unmapped(struct store *s, const char *path);

int store_save(const struct store *s, struct proctor_error *err);
/* -ENODATA: no run left anything here; -EBADMSG: the sentence says what is wrong with the file. */
int store_load(struct store *s, struct proctor_error *err);

#endif
