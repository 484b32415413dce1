/* SPDX-License-Identifier: MIT */
/*
 * The names of functions in a raw profile (raw.h), found by the hashes that its data records have.
 * The section holds blocks: two numbers (LEB128), the sizes of the names and of what they are
 * compressed to (zlib; 0: they are not), then the names, with a byte 1 between them.
 */
#ifndef COVERAGE_RAW_NAMES_H
#define COVERAGE_RAW_NAMES_H

#include "base/error.h"
#include "base/vector.h"

#include <stdint.h>

struct raw_name {
	uint64_t hash;			/* LLVM's: md5_low64() */
	const char *text;		/* NUL-terminated, in the blocks' memory */
};

struct raw_names {			/* all zero: none */
	struct raw_name *list;		/* by hash */
	size_t n, cap;
	VECTOR(char *) blocks;
};

/* Any bytes are read safely. -EBADMSG: the sentence says what is wrong; -ENOMEM. */
int raw_names_read(struct raw_names *names, const void *bytes, size_t nbytes,
		   struct proctor_error *err);
void raw_names_fini(struct raw_names *names);

/* NULL: no function of that hash has a name. */
const char *raw_names_find(const struct raw_names *names, uint64_t hash);

#endif
