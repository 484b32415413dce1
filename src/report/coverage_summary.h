/* SPDX-License-Identifier: MIT */
/* The summary of a coverage report for people: a line per source file, with a bar. */
#ifndef REPORT_COVERAGE_SUMMARY_H
#define REPORT_COVERAGE_SUMMARY_H

#include "base/bytes.h"
#include "proctor/proctor.h"

/*
 * Appends the summary: a heading with the total of lines, functions and regions; a line for each
 * file (its path, cut at the left if there are too few `columns`, covered and all lines, percent, a
 * bar); functions without a map; TML's functions; a minimum that is not met; what is missing; where
 * the reports are. `columns` 0: no limit, as where it is not for a terminal.
 */
void coverage_append(struct bytes *to, const struct proctor_coverage_summary *summary, bool color,
		     unsigned columns);

#endif
