/* SPDX-License-Identifier: MIT */
/* What stands at the end of the report for people: lists of tests, and how many of which kind there
 * were. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "base/vector.h"
#include "report/sheet.h"
#include "report/slowest.h"

/* A list of tests: text, a line each. */
struct tally {
	struct bytes lines;
	size_t n;
};

struct leak {			/* what a test did not free, as TML's runtime counts it */
	char *id, *file;
	int64_t nleaks, nbytes;
};

struct summary {
	struct tally failures, flaky, leaky, confirmed;
	VECTOR(struct leak) leaks;
	struct slowest slowest;
};

/* `nslowest`: so many of the slowest tests are listed. -ENOMEM. */
int summary_init(struct summary *all, unsigned nslowest);
/* Notes a result for the lists. False: no memory, and one of them will lack it. */
bool summary_keep(struct summary *all, const struct proctor_test *test,
		  const struct proctor_result *r);
/* Notes what was found out about a failure, unless it is that it fails. */
void summary_keep_confirmation(struct summary *all, const struct proctor_test *test,
			       const struct proctor_confirmation *c);
/* All but the last line; `why` the run ended early, or NULL. Sorts the lists. */
void summary_print(struct summary *all, struct sheet *s, const struct proctor_counts *c,
		   const char *why, uint64_t duration_us);
/* "Tests: 3 passed, 1 failed, 0 skipped" */
void summary_last_line(struct sheet *s, const struct proctor_counts *c);
void summary_fini(struct summary *all);

#endif
