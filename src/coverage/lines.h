/* SPDX-License-Identifier: MIT */
/*
 * From the segments that llvm-cov exports for a source file to the count of each line, as llvm-cov
 * itself counts (LineCoverageStats in LLVM's CoverageMapping.cpp).
 */
#ifndef COVERAGE_LINES_H
#define COVERAGE_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment {			/* from here on, up to the next one */
	uint64_t line, column;		/* from 1 */
	uint64_t count;
	bool has_count;			/* false: nothing to be counted (a comment, code not compiled) */
	bool is_entry;			/* begins a region */
	bool is_gap;			/* between two statements */
};

struct lines {
	struct segment *segments;	/* in order of their places */
	size_t n;
	/* Of the line asked for last. */
	size_t next;			/* the first segment behind it */
};

/* Takes the member "segments" of a file; what is not of the known form is left out. False: no
 * memory. */
bool lines_init(struct lines *l, const json_t *segments);
void lines_fini(struct lines *l);

/* One line after the other, from 1: true if it has code, with its count. The line's own segments are
 * segments[*first] to segments[l->next - 1]. */
bool lines_next(struct lines *l, uint64_t line, uint64_t *count, size_t *first);

#endif
