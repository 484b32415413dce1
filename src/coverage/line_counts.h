/* SPDX-License-Identifier: MIT */
/*
 * From the segments that llvm-cov exports for a source file to the count of each line, as llvm-cov
 * itself counts (LineCoverageStats in LLVM's CoverageMapping.cpp).
 */
#ifndef COVERAGE_LINE_COUNTS_H
#define COVERAGE_LINE_COUNTS_H

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

struct line_counts {
	struct segment *list;		/* in order of their places; free() it */
	size_t n, cap;
	size_t next;			/* the first segment behind the line asked for last */
};

/* Takes the member "segments" of a file; what is not of the known form is left out. False: no
 * memory for all of them. */
bool line_counts_init(struct line_counts *l, const json_t *segments);

/* One line after the other, from 1: true if it has code, with its count. The line's own segments are
 * list[*first] to list[l->next - 1]. */
bool line_counts_next(struct line_counts *l, uint64_t line, uint64_t *count, size_t *first);

#endif
