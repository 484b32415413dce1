/* SPDX-License-Identifier: MIT */
/*
 * The merge of raw profiles (raw.h). Profiles of the same binary differ in their counters only:
 * these are added up, saturating as LLVM's are, in one sum for each binary, which is written as one
 * raw profile. Two profiles are of the same binary if version, names and the constant part of the
 * data records are equal, which a number of 64 bits tells.
 *
 * What does not fit (other versions, value profiles, MC/DC bitmaps, byte counters) is not looked
 * into further: it is put on a list of files that are to take LLVM's own way.
 *
 * Memory: one profile for each binary, and the counters of one file. One thread.
 */
#ifndef COVERAGE_MERGE_H
#define COVERAGE_MERGE_H

#include "base/bytes.h"
#include "base/hash_table.h"
#include "base/texts.h"
#include "base/vector.h"
#include "coverage/raw.h"

/* All profiles of one binary. */
struct merge_sum {
	uint64_t identity;		/* of the binary */
	struct raw_header header;	/* of `profile` */
	unsigned char *profile;		/* a whole raw profile; its counters are the sum */
	uint64_t nprofiles;		/* added up in it */
};

/* One profile in a file. */
struct merge_part {
	uint64_t at;			/* from the beginning of the file, in bytes */
	uint64_t identity;
	struct raw_header header;
	struct merge_sum *sum;		/* that it is added to */
};

struct merge {				/* all zero: nothing was added */
	VECTOR(struct merge_sum *) sums;
	/* Files for LLVM's own tool, and of each what does not fit, as half a sentence. */
	struct texts others, reasons;
	/* merge.c's. */
	struct hash_table by_identity;	/* the sums */
	VECTOR(struct merge_part) parts;	/* of the last file */
	struct bytes counters;		/* of all its parts, one behind the other */
};

void merge_fini(struct merge *m);

/* What a file turned out to be. */
struct merge_found {
	size_t nprofiles;		/* the profiles in it, one after the other */
	const struct merge_part *parts;	/* each of them; the merge's, until the next call */
	bool other;			/* it is the last of m->others instead */
};

/*
 * Adds the profiles of one file, which may hold several (libraries of one process that share a
 * name append to it). All or nothing: -EBADMSG (damaged, truncated, empty: the sentence names the
 * file, the place and the cause), -EIO and what open(2) says leave every sum as it was.
 */
int merge_add_file(struct merge *m, const char *path, struct merge_found *found,
		   struct proctor_error *err);

/* Adds `n` counts to sums, which stop where LLVM's do. Neither need be aligned. */
void counts_add(void *sums, const void *counts, uint64_t n);

/*
 * Of a profile in memory, with header `h`, in which nothing is counted yet (objects.h makes them from a
 * binary's file): 0, profiles like it can be summed here. Tells the number of the binary in any case.
 */
int merge_check(const struct raw_header *h, const unsigned char *profile, uint64_t *identity,
		struct proctor_error *err);
/* Adds counters that were copied out of a process. The profile, from malloc(), is taken over. */
int merge_add_counters(struct merge *m, const struct raw_header *h, unsigned char *profile,
		       const uint64_t *counters, struct merge_sum **sum, struct proctor_error *err);

/* Writes the sum as a raw profile: complete or, on failure, not there. The error names the path. */
int merge_write(const struct merge_sum *sum, const char *path, struct proctor_error *err);

#endif
