/* SPDX-License-Identifier: MIT */
/* The summary of a coverage report for people: a line per source file, with a bar. */
#ifndef REPORT_COVERAGE_SUMMARY_H
#define REPORT_COVERAGE_SUMMARY_H

#include "base/bytes.h"
#include "proctor/proctor.h"

/*
 * Appends the summary: a heading, a line per file (path shortened from the left where `columns`
 * are too few, covered and all lines, percent, bar), the total with functions and regions too, TML's
 * functions, the minimum and whether it is met, what is missing, and where the reports are.
 * `columns` 0: not a terminal, no limit. Colours only where `color`.
 */
void coverage_append(struct bytes *to, const struct proctor_coverage_summary *summary, bool color,
		     unsigned columns);

#endif
