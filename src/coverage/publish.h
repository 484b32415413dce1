/* SPDX-License-Identifier: MIT */
/* From what a run left in the coverage directory to its reports. */
#ifndef COVERAGE_PUBLISH_H
#define COVERAGE_PUBLISH_H

#include "coverage/report.h"

enum coverage_outcome {
	COVERAGE_COMPLETE,
	COVERAGE_BELOW,			/* fewer lines than the minimum */
	COVERAGE_PARTIAL,		/* something is missing, and that was not allowed */
	COVERAGE_FAILED,		/* there is no report, or not all of them: `err` says why */
};

struct publication {			/* all zero: nothing */
	struct proctor_coverage_summary summary;	/* lends from the rest and from the store */
	FILE *json_export, *lcov_export;	/* llvm-cov's; NULL: nothing was counted that it can show */
	json_t *doc;
	char *json_path, *lcov_path, *html_path;
};

/*
 * Merges the store's profiles with LLVM's tools and makes all reports. COVERAGE_FAILED: `err` says
 * why; the summary then has what there is (no files, perhaps).
 */
enum coverage_outcome publish(struct publication *p, struct store *store,
			      const struct proctor_coverage *options, int cancel_fd,
			      struct proctor_error *err);
void publication_fini(struct publication *p);

#endif
